import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** A browser that nobody sees. */
export interface Browser {
  /** What it said on its error stream. */
  said(): string;
  close(): Promise<void>;
}

/** The program, or undefined when the machine has none. */
export function findChromium(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders
    .flatMap((folder) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name)))
    .find((path) => existsSync(path));
}

/** Opens a page in a browser with a profile of its own. */
export async function openPage(url: string): Promise<Browser> {
  const program = findChromium();
  if (program === undefined) throw new Error('no Chromium on PATH');
  const profile = await mkdtemp(join(tmpdir(), 'millrace-chromium-'));
  const quiet = [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--no-first-run',
  ];
  const offline = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
  const args = [...quiet, ...offline, `--user-data-dir=${profile}`, '--remote-debugging-port=0', url];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said = (said + chunk).slice(-8192)));
  const ended = once(child, 'close');
  return {
    said: () => said,
    async close() {
      // Its processes are a group.
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
      await ended;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from './wait.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** A `millrace serve` in a process of its own. */
export interface ServeProcess {
  readonly url: string;
  readonly address: string;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** What it said on its error stream. */
  said(): string;
  kill(signal: NodeJS.Signals): void;
}

/** Nobody outlives the one that looks after them. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts it on any port that is free, and waits until it is ready. */
export async function spawnServe(
  store: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ServeProcess> {
  const child = spawn(process.execPath, [MAIN, 'serve', '--json', '--store', store], {
    env: { PATH: process.env['PATH'] ?? '', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err = (err + chunk).slice(-8192)));
  const ended = once(child, 'close').then(([code, signal]) => {
    running.delete(child);
    return { code: code as number | null, signal: signal as NodeJS.Signals | null };
  });
  const url = await until('a server that works', () => {
    if (child.exitCode !== null) throw new Error(`serve ended (${child.exitCode}): ${err}`);
    return /"url":"([^"]+)"/.exec(out)?.[1];
  });
  await until('a server that is ready', async () => (await fetch(`${url}/ready`)).ok);
  const { host: address } = new URL(url);
  return { url, address, ended, said: () => err, kill: (signal) => void child.kill(signal) };
}

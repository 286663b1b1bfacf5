import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** A balancer in front of servers. */
export interface Balancer {
  readonly url: string;
  stop(): Promise<void>;
}

const GUIDE = new URL('../../../../docs/guides/deploy-nginx.md', import.meta.url);
const ADDRESSES = ['10.0.0.1:7400', '10.0.0.2:7400'];

/** The program `nginx`, or undefined when the machine has none. */
export function findNginx(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  return folders.map((folder) => join(folder, 'nginx')).find((path) => existsSync(path));
}

/** Starts nginx with the configuration of the guide, in front of these two servers. */
export async function startNginx(servers: readonly [string, string]): Promise<Balancer> {
  const program = findNginx();
  if (program === undefined) throw new Error('no nginx on PATH');
  const folder = await mkdtemp(join(tmpdir(), 'millrace-nginx-'));
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  await writeFile(file, configurationOf(servers, port, folder));
  const own = process.getuid?.() === 0 ? 'user root; ' : '';
  const args = ['-c', file, '-p', folder, '-e', 'stderr', '-g', `${own}daemon off; pid ${folder}/pid;`];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said = (said + chunk).slice(-4096)));
  const ended = once(child, 'close');
  const url = `http://127.0.0.1:${port}`;
  await Promise.race([
    untilItListens(url),
    ended.then(() => Promise.reject(new Error(`nginx did not start: ${said}`))),
  ]);
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The guide's, with addresses, port and folders of this test. */
function configurationOf(servers: readonly string[], port: number, folder: string): string {
  const [, text = ''] = /^```nginx\n([\s\S]*?)^```/m.exec(readFileSync(GUIDE, 'utf8')) ?? [];
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  );
  const placed = ADDRESSES.reduce((all, address, at) => all.replace(address, servers[at] ?? ''), text);
  return placed
    .replace('listen 80;', `listen 127.0.0.1:${port};`)
    .replace('http {', `http {\naccess_log off; ${temporary.join(' ')}`);
}

async function untilItListens(url: string): Promise<void> {
  for (;;) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- until it answers, whatever it says
      await (await fetch(url)).arrayBuffer();
      return;
    } catch {
      // oxlint-disable-next-line no-await-in-loop
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo; // A TCP server's address is never text.
  probe.close();
  await once(probe, 'close');
  return port;
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { serverAccount } from './postgres-binaries.ts';

/** A pooler in front of a server. */
export interface Pooler {
  readonly port: number;
  stop(): Promise<void>;
}

/** The program `pgbouncer`, or undefined when the machine has none. */
export function findPgbouncer(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  return folders.map((folder) => join(folder, 'pgbouncer')).find((path) => existsSync(path));
}

/** Starts a pooler that lends each client a server connection: for one transaction at a time, unless told otherwise. */
export async function startPooler(
  serverUrl: string,
  mode: 'transaction' | 'session' = 'transaction',
): Promise<Pooler> {
  const program = findPgbouncer();
  if (program === undefined) throw new Error('no pgbouncer on PATH');
  const server = new URL(serverUrl);
  const account = serverAccount();
  const folder = await mkdtemp(join(tmpdir(), 'millrace-pooler-'));
  const port = await freePort();
  const file = join(folder, 'pgbouncer.ini');
  await writeFile(
    file,
    `[databases]
* = host=${server.hostname} port=${server.port} user=${server.username}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = 4
max_client_conn = 100
ignore_startup_parameters = extra_float_digits
`,
  );
  if (account !== undefined) for (const path of [folder, file]) await chown(path, account.uid, account.gid);
  const child = spawn(program, [file], { ...account, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  await new Promise<void>((resolve, reject) => {
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      said = (said + chunk).slice(-4096);
      if (said.includes('process up')) resolve();
    });
    child.once('close', () => reject(new Error(`pgbouncer did not start: ${said}`)));
    child.once('error', reject);
  });
  return {
    port,
    stop: async () => {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo; // A TCP server's address is never text.
  probe.close();
  await once(probe, 'close');
  return port;
}

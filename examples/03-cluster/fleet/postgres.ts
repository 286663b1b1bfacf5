import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  chownSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** A PostgreSQL server for the time of this example, from the machine's own programs. */
export interface PrivatePostgres {
  readonly url: string;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
}

/** Where packages put the programs that are not on PATH. */
const PACKAGES = '/usr/lib/postgresql';

/**
 * Waits for the end of its input: it comes when the example ends, however it ends. The server and its data go then.
 */
const GUARDED = `
"$1/postgres" -D "$2/data" -p "$3" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$2" >"$2/log" 2>&1 &
server=$!
read -r word
kill -INT "$server"; wait "$server"; rm -rf "$2"
`;

/** Undefined where the machine has no PostgreSQL. */
export async function startPostgres(): Promise<PrivatePostgres | undefined> {
  const programs = findPrograms();
  if (programs === undefined) return undefined;
  const account = serverAccount();
  const folder = mkdtempSync(join(tmpdir(), 'millrace-cluster-'));
  if (account !== undefined) chownSync(folder, account.uid, account.gid);
  const options = { ...account, cwd: folder };
  const initial = ['-D', join(folder, 'data'), '--username=postgres', '--auth=trust', '--encoding=UTF8'];
  execFileSync(join(programs, 'initdb'), [...initial, '--no-sync'], { ...options, stdio: 'ignore' });
  const port = await freePort();
  // A group of its own: Ctrl-C at the terminal is for the example, which stops it in order.
  const args = ['-c', GUARDED, 'guard', programs, folder, String(port)];
  const guard = spawn('/bin/sh', args, { ...options, stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  const stop = async (): Promise<void> => {
    if (guard.exitCode !== null) return;
    const gone = once(guard, 'exit');
    guard.stdin.end();
    await gone;
  };
  try {
    await untilReady(join(folder, 'log'));
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, stop };
}

function findPrograms(): string | undefined {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const packaged = existsSync(PACKAGES)
    ? readdirSync(PACKAGES)
        .toSorted((a, b) => Number(b) - Number(a))
        .map((version) => join(PACKAGES, version, 'bin'))
    : [];
  return [...onPath, ...packaged].find((folder) =>
    ['initdb', 'postgres'].every((program) => isExecutable(join(folder, program))),
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The server refuses to run as root, so root lends it another account. */
function serverAccount(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const account = ['postgres', 'nobody']
    .map((name) => accounts.find(([found]) => found === name))
    .find(Boolean);
  return account && { uid: Number(account[2]), gid: Number(account[3]) };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo; // A TCP server's address is never text.
  probe.close();
  await once(probe, 'close');
  return port;
}

const READY_MS = 20_000;

async function untilReady(log: string): Promise<void> {
  for (const end = performance.now() + READY_MS; performance.now() < end;) {
    const said = existsSync(log) ? readFileSync(log, 'utf8') : '';
    if (said.includes('ready to accept connections')) return;
    if (said.includes('FATAL')) throw new Error(`PostgreSQL did not start: ${said}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  throw new Error(`PostgreSQL did not start within ${READY_MS} ms`);
}

import { spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPostgresBinaries, serverAccount } from './postgres-binaries.ts';

/*
 * A PostgreSQL server of our own in a temporary folder.
 * Owns: the data folder, the server process, a guard process. Leaves databases and schemas to its user.
 * I1  The server is gone and its folder removed soon after its owner ends, however the owner ends.
 * I2  Address and data survive `stop` and `start`; only `remove` ends them.
 */

export interface PostgresClusterOptions {
  /**
   * Whether commits reach the disk. Off is faster and still survives the death of the server, not of the
   * machine.
   */
  readonly fsync?: boolean;
  /** Further server settings: `{ deadlock_timeout: '100ms' }`. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** It begins as a copy of this one and follows it, under this name. */
  readonly follows?: { readonly primary: PostgresCluster; readonly name: string };
}

export interface PostgresCluster {
  /** Of the database `postgres`, over TCP. */
  readonly url: string;
  readonly port: number;
  /** A client that takes this as its host goes through the unix socket. */
  readonly socketFolder: string;
  /** Starts the server after a `stop`. Resolves when it accepts connections. */
  start(): Promise<void>;
  /**
   * `fast` disconnects clients and writes a checkpoint; `immediate` is a crash, recovered from at the next
   * start; `kill` is one of which the server's other processes are not told.
   */
  stop(mode?: keyof typeof STOP_SIGNAL): Promise<void>;
  /** Stops the server and removes its data. */
  remove(): Promise<void>;
}

const STOP_SIGNAL = { fast: 'SIGINT', immediate: 'SIGQUIT', kill: 'SIGKILL' } as const;

/** A socket's path must fit in 107 bytes, which some machines' temporary folders use up. */
const FOLDER_LENGTH_MAX = 70;

/**
 * Waits for the owner's end of its input to close. A word on it means that the owner has cleaned up; silence
 * means that the owner died, and that the guard has to.
 */
const GUARD = `
read -r word && exit 0
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid"
while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
rm -rf "$1"
`;

/**
 * Creates a cluster and starts it. Throws when the machine has no PostgreSQL: ask `findPostgresBinaries`
 * first.
 */
export async function startPostgresCluster(options: PostgresClusterOptions = {}): Promise<PostgresCluster> {
  const binaries = findPostgresBinaries();
  if (binaries === undefined) throw new Error('no PostgreSQL server programs on PATH or installed');
  const account = serverAccount();
  const parent = tmpdir().length > FOLDER_LENGTH_MAX ? '/tmp' : tmpdir();
  const folder = await mkdtemp(join(parent, 'millrace-postgres-'));
  const socketFolder = join(folder, 'socket');
  await mkdir(socketFolder);
  if (account !== undefined) {
    for (const path of [folder, socketFolder]) await chown(path, account.uid, account.gid);
  }
  // A process group of its own: Ctrl-C at the terminal reaches the owner, and the server is stopped in order.
  const spawning: SpawnOptions = { ...account, cwd: folder, env: cleanEnvironment(), detached: true };
  const guard = spawn('/bin/sh', ['-c', GUARD, 'guard', folder], {
    ...spawning,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();

  let server: ChildProcess | undefined;
  const port = await freePort();
  const settings = serverSettings(options, socketFolder, port);

  const cluster: PostgresCluster = {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    port,
    socketFolder,
    async start() {
      if (server !== undefined) return;
      const child = spawn(join(binaries, 'postgres'), ['-D', join(folder, 'data'), ...settings], {
        ...spawning,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      server = child;
      child.once('exit', () => {
        if (server === child) server = undefined;
      });
      await untilReady(child);
    },
    async stop(mode = 'fast') {
      if (server === undefined) return;
      const exit = once(server, 'exit');
      server.kill(STOP_SIGNAL[mode]);
      await exit;
    },
    async remove() {
      await cluster.stop('immediate');
      // Processes of a server that was killed leave when they notice.
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
      guard.stdin?.end('done\n');
    },
  };

  try {
    await createData(binaries, folder, spawning, options.follows);
    await cluster.start();
  } catch (error) {
    await cluster.remove();
    throw error;
  }
  return cluster;
}

function serverSettings(options: PostgresClusterOptions, socketFolder: string, port: number): string[] {
  const durable = options.fsync ?? false;
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: socketFolder,
    max_connections: 200,
    fsync: durable ? 'on' : 'off',
    full_page_writes: durable ? 'on' : 'off',
    ...options.settings,
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function createData(
  binaries: string,
  folder: string,
  spawning: SpawnOptions,
  follows: PostgresClusterOptions['follows'],
): Promise<void> {
  const data = join(folder, 'data');
  if (follows === undefined) {
    const options = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'];
    return runProgram(join(binaries, 'initdb'), [...options, data], spawning);
  }
  const { primary, name } = follows;
  const from = `host=127.0.0.1 port=${primary.port} user=postgres application_name=${name}`;
  const options = ['--write-recovery-conf', '--checkpoint=fast', '--no-sync', `--dbname=${from}`];
  return runProgram(join(binaries, 'pg_basebackup'), [...options, `--pgdata=${data}`], spawning);
}

async function runProgram(
  program: string,
  options: readonly string[],
  spawning: SpawnOptions,
): Promise<void> {
  const child = spawn(program, options, { ...spawning, stdio: ['ignore', 'ignore', 'pipe'] });
  const said = collect(child);
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`${program} failed: ${said()}`);
}

/** The server's own log says when it is ready; asking it would mean to poll. */
async function untilReady(child: ChildProcess): Promise<void> {
  const said = collect(child);
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on('data', () => {
      if (/ready to accept (?:read-only )?connections/.test(said())) resolve();
    });
    child.once('error', reject);
    child.once('close', () => reject(new Error(`PostgreSQL did not start: ${said()}`)));
  });
}

/** Reads what a child says, so that it never blocks on a full pipe, and keeps the end of it. */
function collect(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-8192);
  });
  return () => text;
}

/** The user's own PG… variables would redirect the server or its clients. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PG')));
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo; // A TCP server's address is never text.
  probe.close();
  await once(probe, 'close');
  return port;
}

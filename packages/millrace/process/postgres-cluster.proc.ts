import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { Client } from 'pg';
import type { ClientConfig } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPostgresBinaries } from '../testbed/postgres-binaries.ts';
import { startPostgresCluster } from '../testbed/postgres-cluster.ts';
import type { PostgresCluster } from '../testbed/postgres-cluster.ts';

describe.skipIf(findPostgresBinaries() === undefined)('a PostgreSQL cluster for tests', () => {
  let cluster: PostgresCluster;

  beforeAll(async () => {
    cluster = await startPostgresCluster({ fsync: true, settings: { deadlock_timeout: '123ms' } });
  });

  afterAll(() => cluster.remove());

  test('has the settings asked for', async () => {
    expect(await ask(cluster.url, 'show fsync')).toBe('on');
    expect(await ask(cluster.url, 'show deadlock_timeout')).toBe('123ms');
    expect(await ask(cluster.url, 'show max_connections')).toBe('200');
  });

  test('is reached through its unix socket', async () => {
    const { socketFolder, port } = cluster;
    const through = { host: socketFolder, port, user: 'postgres' };
    expect(await ask(through, 'select inet_server_addr() is null')).toBe(true);
  });

  test('keeps what was committed when it crashes and starts again', async () => {
    await ask(cluster.url, 'create table kept as select 7 as value');
    await cluster.stop('immediate');
    await expect(ask(cluster.url, 'select 1')).rejects.toThrow('ECONNREFUSED');
    await cluster.start();
    expect(await ask(cluster.url, 'select value from kept')).toBe(7);
  });

  test('leaves no server and no folder behind when its owner is killed', async () => {
    const owner = spawn(process.execPath, ['--input-type=module', '-e', OWNER], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = (await once(owner.stdout, 'data')) as [Buffer];
    const { url, socketFolder } = JSON.parse(said.toString()) as PostgresCluster;
    expect(await ask(url, 'select 1 as one')).toBe(1);

    owner.kill('SIGKILL');
    await untilGone(dirname(socketFolder));
    await expect(ask(url, 'select 1')).rejects.toThrow('ECONNREFUSED');
  });
});

const OWNER = `
import { startPostgresCluster } from '../testbed/postgres-cluster.ts';
console.log(JSON.stringify(await startPostgresCluster()));
`;

async function ask(where: string | ClientConfig, sql: string): Promise<unknown> {
  const client = new Client(where);
  // A server that stops tells its clients, and the one that asks has already heard.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return Object.values(rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

async function untilGone(folder: string): Promise<void> {
  const watcher = watch(dirname(folder));
  while (existsSync(folder)) await once(watcher, 'change');
  watcher.close();
}

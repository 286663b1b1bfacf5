import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { startPostgresCluster, type PostgresCluster } from './postgres-cluster.ts';

/** A primary and a standby that has everything that the primary has acknowledged. */
export interface PostgresPair {
  readonly primary: PostgresCluster;
  readonly standby: PostgresCluster;
  /** The address of a database of the primary, with both servers in it. */
  both(url: string): string;
  /** The same database at the server that takes writes now. */
  writable(url: string): string;
  /** Makes a primary of the standby. The other one should be dead. */
  promote(): Promise<void>;
  remove(): Promise<void>;
}

const STANDBY = 'standby';

export async function startPostgresPair(): Promise<PostgresPair> {
  const primary = await startPostgresCluster();
  let standby: PostgresCluster | undefined;
  try {
    standby = await startPostgresCluster({ follows: { primary, name: STANDBY } });
    await makeSynchronous(primary.url);
  } catch (error) {
    await Promise.all([primary.remove(), standby?.remove()]);
    throw error;
  }
  const [first, second] = [primary, standby];
  let promoted = false;
  return {
    primary: first,
    standby: second,
    both: (url) => `${at(url, `${hostOf(first)},${hostOf(second)}`)}?target_session_attrs=read-write`,
    writable: (url) => at(url, hostOf(promoted ? second : first)),
    async promote() {
      await ask(second.url, 'SELECT pg_promote(true, 60)');
      promoted = true;
    },
    remove: async () => void (await Promise.all([first.remove(), second.remove()])),
  };
}

function at(url: string, hosts: string): string {
  return url.replace(/@[^/]*\//, `@${hosts}/`);
}

function hostOf({ port }: PostgresCluster): string {
  return `127.0.0.1:${port}`;
}

/** From now on the primary acknowledges nothing that the standby has not applied. */
async function makeSynchronous(url: string): Promise<void> {
  await ask(url, `ALTER SYSTEM SET synchronous_standby_names = '${STANDBY}'`);
  await ask(url, `ALTER SYSTEM SET synchronous_commit = 'remote_apply'`);
  await ask(url, 'SELECT pg_reload_conf()');
  const state = `SELECT count(*)::int AS count FROM pg_stat_replication WHERE sync_state = 'sync'`;
  while ((await ask<{ count: number }>(url, state))[0]?.count !== 1) await pause(20);
}

async function ask<Row extends object>(url: string, text: string): Promise<Row[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

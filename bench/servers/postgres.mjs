import { Client } from 'pg';
import { startPostgresCluster } from '../../packages/millrace/testbed/postgres-cluster.ts';
import { parentOf } from '../measure/proc.mjs';

/*
 * The database server of a session: private, on loopback, durable, everything at its defaults but the number
 * of connections. Each repetition gets a database of its own.
 */

/**
 * Starts the server. `statements` loads pg_stat_statements, for diagnosis: it is not part of the defaults.
 */
export async function startPostgres({ statements = false } = {}) {
  const cluster = await startPostgresCluster({
    fsync: true,
    settings: statements ? { shared_preload_libraries: 'pg_stat_statements' } : {},
  });
  const admin = new Client(cluster.url);
  await admin.connect();
  const { rows } = await admin.query('select pg_backend_pid() as pid, version() as version');

  let databases = 0;
  return {
    pid: parentOf(rows[0].pid),
    version: rows[0].version,
    /** Makes an empty database and flushes what earlier ones left to write; returns its address. */
    async createDatabase() {
      const name = `bench_${++databases}`;
      await admin.query(`create database ${name}`);
      const url = new URL(`/${name}`, cluster.url).href;
      if (statements) await createExtension(url);
      await admin.query('checkpoint');
      return url;
    },
    async dropDatabase(url) {
      await admin.query(`drop database if exists ${new URL(url).pathname.slice(1)} with (force)`);
    },
    async stop() {
      await admin.end();
      await cluster.remove();
    },
  };
}

async function createExtension(url) {
  const client = new Client(url);
  await client.connect();
  await client.query('create extension pg_stat_statements');
  await client.end();
}

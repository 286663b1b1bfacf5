import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask } from '../../../testbed/postgres-subject.ts';
import { createDatabase, type TestDatabase } from '../../../testbed/postgres-database.ts';
import { postgresUrl } from '../../../testbed/postgres-url.ts';
import { boot, bytes, startOf } from '../contract/samples.ts';
import type { Store } from '../port/store.ts';
import { openPostgres } from './open-postgres.ts';

describe.skipIf(postgresUrl === undefined)('a start inside the transaction of the caller', () => {
  let database: TestDatabase;
  let store: Store;
  let client: Client;

  beforeAll(async () => {
    database = await createDatabase(postgresUrl ?? '');
    store = await openPostgres({ url: database.url, hintsUrl: false });
    await store.migrate();
    await ask(database.url, 'CREATE TABLE orders (name text)');
    client = new Client(database.url);
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await store.close();
    await database.drop();
  });

  test('exists when that transaction commits, and not before', async () => {
    const start = startOf({
      key: 'kept',
      owner: await boot(store),
      message: { dedup: 'm', body: bytes('x') },
    });
    await client.query('BEGIN');
    await client.query(`INSERT INTO orders VALUES ('kept')`);
    expect(await store.startRuns([start], client)).toMatchObject([{ outcome: 'started', owned: false }]);
    expect(await store.readRuns([{ runId: start.runId }])).toEqual([undefined]);
    await client.query('COMMIT');
    expect(await store.readRuns([{ runId: start.runId }])).toMatchObject([{ status: 'queued', inboxSeq: 1 }]);
  });

  test('has never existed when that transaction is rolled back, and its key is free', async () => {
    const start = startOf({ key: 'dropped' });
    await client.query('BEGIN');
    await store.startRuns([start], client);
    await client.query('ROLLBACK');
    expect(await store.readRuns([{ runId: start.runId }])).toEqual([undefined]);
    expect(await store.readHistory(start.runId)).toEqual([]);
    expect(await store.startRuns([startOf({ key: 'dropped' })])).toMatchObject([{ outcome: 'started' }]);
  });

  test('leaves the settings of that connection as they were', async () => {
    await client.query('BEGIN');
    await store.startRuns([startOf()], client);
    const { rows } = await client.query('SHOW enable_seqscan');
    await client.query('COMMIT');
    expect(rows).toEqual([{ enable_seqscan: 'on' }]);
  });

  test('is refused for what is no client', async () => {
    await expect(store.startRuns([startOf()], 'BEGIN')).rejects.toMatchObject({ failure: 'definite' });
  });
});

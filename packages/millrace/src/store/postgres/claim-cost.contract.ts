import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ask } from '../../../testbed/postgres-subject.ts';
import { createDatabase, type TestDatabase } from '../../../testbed/postgres-database.ts';
import { postgresUrl } from '../../../testbed/postgres-url.ts';
import { boot, ORDER, startOf } from '../contract/samples.ts';
import type { Store } from '../port/store.ts';
import { ask as askOn, type Statement } from './database/connect.ts';
import { beatStatement } from './engines/incarnations.ts';
import { openPostgres } from './open-postgres.ts';
import { claimStatement, wakeStatement } from './runs/ownership.ts';

const CROWD = 5000;
/** Rows and index entries; an act that read over the crowd would read all of it. */
const FEW = 500;

/** What a claim reads does not grow with what is kept for others (I10), whatever statistics say. */
describe.skipIf(postgresUrl === undefined)('the cost of a claim', () => {
  let database: TestDatabase;
  let store: Store;
  let client: Client;

  beforeEach(async () => {
    database = await createDatabase(postgresUrl ?? '');
    store = await openPostgres({ url: database.url, hintsUrl: false });
    await store.migrate();
    client = new Client(database.url);
    await client.connect();
  });
  afterEach(async () => {
    await client.end();
    await store.close();
    await database.drop();
  });

  /** Rows like those that messages wake, assigned to an engine. */
  const crowd = (engineId: string, count: number) =>
    ask(
      database.url,
      `INSERT INTO millrace.runs (run_id, rank, commit_id, created_at, ready_at, epoch, version, events, inbox_seq, deaths,
         status, priority, namespace, workflow, workflow_version, queue, last_owner, assigned_to, assigned_until)
       SELECT gen_random_uuid(), i, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 'default', 'order', '1', 'default', e.id, e.id,
         millrace.clock_v1() + 600000
       FROM generate_series(1, ${count}) i, (SELECT '${engineId}'::uuid AS id) e`,
    );

  /** What one statement reads of the table `runs`. The client does nothing else: its counts would be added. */
  async function reads(statement: Statement): Promise<{ rows: number; read: number }> {
    await client.query('BEGIN');
    const answers = await askOn(client, statement);
    const { rows } = await client.query<{ read: string }>(`
      SELECT sum(pg_stat_get_xact_tuples_returned(c.oid)) AS read FROM pg_class c
      WHERE c.oid = 'millrace.runs'::regclass
        OR c.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'millrace.runs'::regclass)`);
    await client.query('ROLLBACK');
    return { rows: answers.length, read: Number(rows[0]?.read) };
  }

  test.each([
    ['were never gathered', ''],
    ['are those of the crowd', 'ANALYZE millrace.runs'],
  ])('does not grow with what is assigned to others; statistics %s', async (_, gather) => {
    const [owner, engineId] = [await boot(store), await boot(store)];
    await crowd(owner, CROWD);
    await store.startRuns(Array.from({ length: 30 }, () => startOf()));
    if (gather !== '') await ask(database.url, gather);
    const request = { workflows: [ORDER], limit: 10, suspects: false };
    const other = await reads(claimStatement({ ...request, engineId }, undefined));
    expect(other).toEqual({ rows: 10, read: expect.any(Number) });
    expect(other.read).toBeLessThan(FEW);
    const own = await reads(claimStatement({ ...request, engineId: owner }, undefined));
    expect(own.rows).toBe(10);
    expect(own.read).toBeLessThan(FEW);
  });

  test('of runs whose window has passed is bounded', async () => {
    const [owner, engineId] = [randomUUID(), await boot(store)];
    await crowd(owner, CROWD);
    await ask(database.url, 'UPDATE millrace.runs SET assigned_until = 1');
    const request = { workflows: [ORDER], limit: 10, suspects: false };
    const { rows, read } = await reads(claimStatement({ ...request, engineId }, undefined));
    expect(rows).toBe(10);
    expect(read).toBeLessThan(2 * FEW);
  });

  test('a look for due runs does not read over those that are not due', async () => {
    const [owner, engineId] = [await boot(store), await boot(store)];
    await crowd(owner, CROWD);
    await ask(
      database.url,
      `UPDATE millrace.runs SET status = 2, assigned_to = NULL, assigned_until = NULL,
         wake_at = millrace.clock_v1() + 600000`,
    );
    const request = {
      limit: 500,
      adopter: { engineId, limit: 10 },
      workflows: [ORDER],
      windowMs: 200,
      headStartMs: 50,
    };
    const { rows, read } = await reads(wakeStatement(request, undefined));
    expect(rows).toBe(2); // When to ask again, and the same of locks.
    expect(read).toBeLessThan(FEW);
  });

  test.each([
    ['were never gathered', ''],
    ['are those of the crowd', 'ANALYZE millrace.runs'],
  ])('a beat does not read over runs of others; statistics %s', async (_, gather) => {
    const [owner, engineId] = [await boot(store), await boot(store)];
    await crowd(owner, 4 * CROWD);
    // A quarter each: kept for another, queued for a workflow that the caller has not, asleep, owned by another.
    await ask(
      database.url,
      `UPDATE millrace.runs SET assigned_to = NULL, assigned_until = NULL, workflow = 'foreign',
         status = CASE rank % 4 WHEN 1 THEN 0 WHEN 2 THEN 2 ELSE 1 END,
         wake_at = CASE rank % 4 WHEN 2 THEN millrace.clock_v1() + 600000 END,
         owner = CASE rank % 4 WHEN 3 THEN '${owner}'::uuid END
       WHERE rank % 4 > 0`,
    );
    if (gather !== '') await ask(database.url, gather);
    const { rows, read } = await reads(
      beatStatement({ engineId, load: new Uint8Array(), scope: { workflows: [ORDER] } }, undefined),
    );
    expect(rows, 'one for each engine').toBe(2);
    expect(read).toBeLessThan(FEW);
  });
});

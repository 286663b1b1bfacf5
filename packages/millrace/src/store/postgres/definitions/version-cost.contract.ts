import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ask } from '../../../../testbed/postgres-subject.ts';
import { createDatabase, type TestDatabase } from '../../../../testbed/postgres-database.ts';
import { postgresUrl } from '../../../../testbed/postgres-url.ts';
import { OPEN_STATUSES } from '../../../core/status.ts';
import type { Store } from '../../port/store.ts';
import { ask as askOn, type Statement } from '../database/connect.ts';
import { openPostgres } from '../open-postgres.ts';
import { listStatement } from '../reads/runs.ts';
import { countStatement } from './versions.ts';

const CROWD = 20_000;
const [OPEN, CLOSED] = ['millrace.runs', 'millrace.runs_closed'];

/** What is read of runs by version does not grow with those that closed long ago. */
describe.skipIf(postgresUrl === undefined)('the cost of versions', () => {
  let database: TestDatabase;
  let store: Store;
  let client: Client;

  beforeAll(async () => {
    database = await createDatabase(postgresUrl ?? '');
    store = await openPostgres({ url: database.url, hintsUrl: false });
    await store.migrate();
    // Ten workflows, `flow0` to `flow9`, in three versions, a part of each with demands.
    const columns = `run_id, commit_id, created_at, started_at, epoch, version, events, inbox_seq, status, priority,
      namespace, workflow, workflow_version, queue`;
    const values = `gen_random_uuid(), 1, i, i, 1, 1, 1, 0, %s, 1, 'default', %s,
      (i / 10 % 3)::text || CASE WHEN i % 100 < 10 THEN '+gpu' ELSE '' END, 'default'`;
    const name = `'flow' || i % 10`;
    await ask(
      database.url,
      `INSERT INTO ${OPEN} (${columns}, rank, deaths)
       SELECT ${values.replace('%s', '0').replace('%s', name)}, i, 0
       FROM generate_series(1, ${CROWD}) i`,
    );
    await ask(
      database.url,
      `INSERT INTO ${CLOSED} (${columns}, closed_at)
       SELECT ${values.replace('%s', '10 + i % 2').replace('%s', name)}, i + 50 FROM generate_series(1, ${CROWD}) i`,
    );
    await ask(database.url, `ANALYZE ${OPEN}`);
    await ask(database.url, `VACUUM ANALYZE ${CLOSED}`);
  });
  beforeEach(async () => {
    client = new Client(database.url);
    await client.connect();
  });
  afterEach(() => client.end());
  afterAll(async () => {
    await store.close();
    await database.drop();
  });

  /** What one statement reads of a table. The client does nothing else: its counts would be added. */
  async function reads(table: string, statement: Statement): Promise<{ rows: number; read: number }> {
    await client.query('BEGIN');
    const answers = await askOn(client, statement);
    const { rows } = await client.query<{ read: string }>(
      `SELECT sum(pg_stat_get_xact_tuples_returned(c.oid)) AS read FROM pg_class c
       WHERE c.oid = $1::regclass OR c.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = $1::regclass)`,
      [table],
    );
    await client.query('ROLLBACK');
    return { rows: answers.length, read: Number(rows[0]?.read) };
  }

  async function planOf({ text, values }: Statement): Promise<string> {
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  }

  test('counts of closed runs read what has closed since, and little more', async () => {
    const statement = countStatement({ namespace: 'default', since: CROWD - 100 });
    expect(await planOf(statement)).toMatch(/Index Scan (?:on|using) runs_closed_times/);
    const { rows, read } = await reads(CLOSED, statement);
    expect(rows).toBeGreaterThan(0);
    expect(read).toBeLessThan(CROWD / 3);
  });

  test('a page of the open runs of a version reads on by run id from where the last one ended', async () => {
    const of = { namespace: 'default', workflow: 'flow3', workflowVersion: '2', status: OPEN_STATUSES };
    const statement = listStatement({ ...of, limit: 50 });
    if (statement === undefined) throw new Error('no status is asked for');
    expect(await planOf(statement)).toContain('Index Scan Backward using runs_pkey');
    const { rows, read } = await reads(OPEN, statement);
    expect(rows).toBe(51);
    // One of thirty is of this version; each counts in the index and in the table.
    expect(read).toBeLessThan(CROWD / 3);
  });
});

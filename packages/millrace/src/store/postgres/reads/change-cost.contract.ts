import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask } from '../../../../testbed/postgres-subject.ts';
import { createDatabase, type TestDatabase } from '../../../../testbed/postgres-database.ts';
import { postgresUrl } from '../../../../testbed/postgres-url.ts';
import { firstIdAt } from '../../../core/ids.ts';
import type { Store } from '../../port/store.ts';
import { ask as askOn } from '../database/connect.ts';
import { openPostgres } from '../open-postgres.ts';
import { changesStatement } from './changes.ts';

const CROWD = 20_000;
/** Of these the last hundred are looked for. */
const SINCE = CROWD - 100;

/** Whoever follows changes reads what is new, however many runs there are. */
describe.skipIf(postgresUrl === undefined)('the cost of changes', () => {
  let database: TestDatabase;
  let store: Store;

  beforeAll(async () => {
    database = await createDatabase(postgresUrl ?? '');
    store = await openPostgres({ url: database.url, hintsUrl: false });
    await store.migrate();
    const columns = `run_id, commit_id, created_at, started_at, epoch, version, events, inbox_seq, status, priority,
      namespace, workflow, workflow_version, queue`;
    // Ids whose time is i, of open and of closed runs.
    const time = `lpad(to_hex(i >> 16), 8, '0') || lpad(to_hex(i & 65535), 4, '0')`;
    const id = (kind: number) => `(${time} || '70008000' || lpad('${kind}', 12, '0'))::uuid`;
    const values = (kind: number, status: number) =>
      `${id(kind)}, 1, i, i, 1, 1, 1, 0, ${status}, 1, 'default', 'flow', '1', 'default'`;
    await ask(
      database.url,
      `INSERT INTO millrace.runs (${columns}, rank, deaths)
       SELECT ${values(1, 2)}, i, 0
       FROM generate_series(1, ${CROWD}) i`,
    );
    await ask(
      database.url,
      `INSERT INTO millrace.runs_closed (${columns}, closed_at)
       SELECT ${values(2, 10)}, i FROM generate_series(1, ${CROWD}) i`,
    );
    await ask(database.url, 'VACUUM ANALYZE millrace.runs, millrace.runs_closed');
  });
  afterAll(async () => {
    await store.close();
    await database.drop();
  });

  test('a look at what is new reads what is new', async () => {
    const place = { at: SINCE, runId: firstIdAt(0) };
    const after = { begun: firstIdAt(SINCE), ended: place, reopened: place };
    const request = { namespace: 'default', after, until: undefined, limit: 500 };
    const { begun, ended } = await store.readChanges(request);
    expect([begun.length, ended.length]).toEqual([202, 101]);
    const client = new Client(database.url);
    await client.connect();
    try {
      const { text, values } = changesStatement(request, undefined);
      const rows = await askOn<[string]>(client, { text: `EXPLAIN ${text}`, ...(values && { values }) });
      const plan = rows.map(([line]) => line).join('\n');
      expect(plan).toMatch(/Index Scan (?:on|using) runs_closed_times/);
      expect(plan).not.toMatch(/Seq Scan on (?:runs|runs_closed)\b/);
    } finally {
      await client.end();
    }
  });
});

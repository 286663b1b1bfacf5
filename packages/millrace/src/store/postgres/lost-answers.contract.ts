import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask } from '../../../testbed/postgres-subject.ts';
import { createDatabase, type TestDatabase } from '../../../testbed/postgres-database.ts';
import { postgresUrl } from '../../../testbed/postgres-url.ts';
import { startTcpProxy, type TcpProxy } from '../../../testbed/proxy/tcp-proxy.ts';
import { definitionOf, FLOW } from '../contract/definitions/samples.ts';
import { boot, bytes, closing, CONTINUE, planOf, startOf, startOwned } from '../contract/samples.ts';
import type { Plan, Store } from '../port/store.ts';
import { openPostgres } from './open-postgres.ts';

/**
 * Connections that end at the worst moment: what may have been written is told as ambiguous, and settled by
 * asking.
 */
describe.skipIf(postgresUrl === undefined)('lost answers', () => {
  let database: TestDatabase;
  let line: TcpProxy;
  let store: Store;

  beforeAll(async () => {
    database = await createDatabase(postgresUrl ?? '');
    const { hostname: host, port } = new URL(database.url);
    line = await startTcpProxy({ host, port: Number(port) });
    store = await openPostgres({ url: line.through(database.url), hintsUrl: false });
    await store.migrate();
    await ask(database.url, 'CREATE TABLE notes (text text)');
  });
  afterAll(async () => {
    await store.close();
    await line.close();
    await database.drop();
  });

  /** Cuts the line at the next such statement, once the server has done it, or before it has seen it. */
  const loseAnswer = (statement: RegExp) => void line.cutAt({ statement, when: 'after-commit' });
  const loseQuestion = (statement: RegExp) => void line.cutAt({ statement, when: 'before-commit' });

  test('a plan whose answer is lost is ambiguous, and sent again it is already there', async () => {
    const run = await startOwned(store, await boot(store));
    const plan = planOf(run, CONTINUE);
    loseAnswer(/commit_v1/);
    await expect(store.commit([plan])).rejects.toMatchObject({ failure: 'ambiguous' });
    expect(await store.commit([plan])).toEqual([{ outcome: 'already' }]);
  });

  test('a plan that never arrived is ambiguous, and sent again it is ok', async () => {
    const run = await startOwned(store, await boot(store));
    const plan = planOf(run, CONTINUE);
    loseQuestion(/commit_v1/);
    await expect(store.commit([plan])).rejects.toMatchObject({ failure: 'ambiguous' });
    expect(await store.commit([plan])).toMatchObject([{ outcome: 'ok' }]);
  });

  test('a plan whose server process is killed in the middle is ambiguous, and sent again it is ok', async () => {
    const run = await startOwned(store, await boot(store));
    const plan = planOf(run, closing(run));
    const blocker = new Client(database.url);
    await blocker.connect();
    await blocker.query('BEGIN');
    await blocker.query('SELECT 1 FROM millrace.runs WHERE run_id = $1 FOR UPDATE', [run.runId]);
    const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%commit_v1%'`;
    const killed = async () => {
      while ((await ask(database.url, kill)).length === 0);
    };
    const [outcome] = await Promise.allSettled([store.commit([plan]), killed()]);
    expect(outcome).toMatchObject({ status: 'rejected', reason: { failure: 'ambiguous' } });
    await blocker.query('ROLLBACK');
    await blocker.end();
    expect(await store.commit([plan])).toMatchObject([{ outcome: 'ok' }]);
    expect(await store.commit([plan])).toEqual([{ outcome: 'already' }]);
  });

  test('a start whose answer is lost can be sent again and executed', async () => {
    const start = startOf({ owner: await boot(store), key: 'lost', fingerprint: 'f' });
    loseAnswer(/start_v1/);
    await expect(store.startRuns([start])).rejects.toMatchObject({ failure: 'ambiguous' });
    expect(await store.startRuns([start])).toMatchObject([{ outcome: 'started', owned: true }]);
  });

  test('a definition and a change of its route whose answers are lost can be sent again', async () => {
    const request = definitionOf('a', { firstRoute: bytes('1') });
    loseAnswer(/put_definition_v1/);
    await expect(store.putDefinition(request)).rejects.toMatchObject({ failure: 'ambiguous' });
    expect(await store.putDefinition(request)).toEqual({ outcome: 'same', routed: true });
    const [first] = (await store.listDefinitions('default')).routes;
    const change = { ...FLOW, value: bytes('2'), expectRevision: first?.revision ?? 0 };
    loseAnswer(/put_route_v1/);
    await expect(store.putRoute(change)).rejects.toMatchObject({ failure: 'ambiguous' });
    expect(await store.putRoute(change)).toBe('ok');
    expect((await store.readSettings()).revision, 'each was made once').toBe(2);
  });

  test('a read whose answer is lost has written nothing', async () => {
    loseAnswer(/FROM millrace.inbox/);
    await expect(store.readInbox(startOf().runId)).rejects.toMatchObject({ failure: 'congestion' });
  });

  async function transactWith(text: string, plan: Plan) {
    return store.transact(
      // The port leaves the type of a transaction to each backend: here it is a client.
      async (tx: Client) => {
        await tx.query('INSERT INTO notes VALUES ($1)', [text]);
        return text;
      },
      () => plan,
    );
  }
  const notes = (text: string) => ask(database.url, 'SELECT 1 FROM notes WHERE text = $1', [text]);

  test.each(['continue', 'close'] as const)(
    'a transaction whose COMMIT was not answered counts (%s)',
    async (kind) => {
      const run = await startOwned(store, await boot(store));
      loseAnswer(/COMMIT/);
      const done = await transactWith(kind, planOf(run, kind === 'close' ? closing(run) : CONTINUE));
      expect(done).toMatchObject({ value: kind, result: { outcome: 'ok' } });
      expect(await notes(kind)).toHaveLength(1);
    },
  );

  test('a transaction whose COMMIT never arrived is rolled back for certain', async () => {
    const run = await startOwned(store, await boot(store));
    const plan = planOf(run, CONTINUE);
    loseQuestion(/COMMIT/);
    await expect(transactWith('never', plan)).rejects.toMatchObject({ failure: 'definite', retryable: true });
    expect(await notes('never')).toHaveLength(0);
    expect(await transactWith('never', plan)).toMatchObject({ result: { outcome: 'ok' } });
  });

  test('a server that is away is congestion', async () => {
    const nowhere = openPostgres({ url: 'postgres://postgres@127.0.0.1:1/none', hintsUrl: false });
    await expect(nowhere).rejects.toMatchObject({ failure: 'congestion' });
  });
});

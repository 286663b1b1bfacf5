import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPgbouncer, startPooler } from '../../../testbed/pgbouncer.ts';
import { createDatabase, type TestDatabase } from '../../../testbed/postgres-database.ts';
import { ask } from '../../../testbed/postgres-subject.ts';
import { postgresUrl } from '../../../testbed/postgres-url.ts';
import { boot } from '../contract/samples.ts';
import type { Store } from '../port/store.ts';
import { openPostgres } from './open-postgres.ts';

const eventually = { interval: 20, timeout: 10_000 } as const;

describe.skipIf(postgresUrl === undefined)('the lock that a process keeps', () => {
  let database: TestDatabase;
  /** The clock of all statements: whoever has not beaten for more than a second is looked at. */
  let at = Date.UTC(2030, 0, 1);
  const now = (): number => at;
  let observer: Store;

  beforeAll(async () => {
    database = await createDatabase(postgresUrl ?? '');
    observer = await openPostgres({ url: database.url, hintsUrl: false, now });
    await observer.migrate();
  });
  afterAll(async () => {
    await observer.close();
    await database.drop();
  });

  /** A process with an engine; it listens. */
  async function openProcess(url = database.url): Promise<{ store: Store; engineId: string }> {
    const store = await openPostgres({ url, now });
    const engineId = await boot(store);
    store.hints?.receive(() => undefined);
    return { store, engineId };
  }
  async function sessionOf(engineId: string): Promise<string | undefined> {
    const { engines } = await observer.listEngines();
    return engines.find((engine) => engine.engineId === engineId)?.session;
  }
  async function untilSession(engineId: string, session: string): Promise<void> {
    await expect.poll(() => sessionOf(engineId), eventually).toBe(session);
  }

  test('is seen while it is connected, and missed when it is gone', async () => {
    const { store, engineId } = await openProcess();
    await untilSession(engineId, 'held');
    at += 5_000;
    expect(await sessionOf(engineId), 'silent, and there').toBe('held');
    await store.close();
    await untilSession(engineId, 'gone');
    const { engines } = await observer.beat(await boot(observer), new Uint8Array());
    expect(engines.find((engine) => engine.engineId === engineId)?.session, 'a beat tells it too').toBe(
      'gone',
    );
  });

  test('is not missed when it ended with the server', async () => {
    const { store, engineId } = await openProcess();
    await untilSession(engineId, 'held');
    // As if the server had been started again since, or were a standby that was promoted.
    await ask(database.url, `UPDATE millrace.engines SET session = session - interval '1 second'`);
    at += 5_000;
    expect(await sessionOf(engineId)).toBe('unknown');
    await store.close();
    expect(await sessionOf(engineId)).toBe('unknown');
  });

  test('is not missed while beats go on', async () => {
    const { store, engineId } = await openProcess();
    await untilSession(engineId, 'held');
    await store.close();
    at += 240;
    expect(await sessionOf(engineId)).toBe('held');
    at += 11;
    await untilSession(engineId, 'gone');
  });

  test('is taken again when its connection was lost', async () => {
    const { store, engineId } = await openProcess();
    await untilSession(engineId, 'held');
    at += 5_000;
    const gone = untilSession(engineId, 'gone');
    await ask(
      database.url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'millrace hints' AND datname = current_database()`,
    );
    await gone;
    await untilSession(engineId, 'held');
    expect((await observer.listEngines()).engines.find((row) => row.engineId === engineId)?.retired).toBe(
      false,
    );
    await store.close();
  });

  test('is one for each incarnation of a process, and goes with it', async () => {
    const { store, engineId } = await openProcess();
    await untilSession(engineId, 'held');
    const next = await boot(store);
    await untilSession(next, 'held');
    at += 5_000;
    const locks = async (): Promise<number> => {
      const held = await ask(database.url, 'SELECT 1 FROM pg_locks WHERE classid = 77013 AND granted');
      return held.length;
    };
    expect(await locks()).toBe(2);
    await store.retire(engineId, undefined, { limit: 9, deathLimit: 3, harmless: true });
    await expect.poll(locks, eventually).toBe(1);
    expect(await sessionOf(next)).toBe('held');
    await store.close();
  });

  // In session mode hints get through, so it is the lock alone that is given up.
  test.skipIf(findPgbouncer() === undefined)('is never taken behind a pooler', async () => {
    const pooler = await startPooler(postgresUrl ?? '', 'session');
    const route = new URL(database.url);
    route.port = String(pooler.port);
    const store = await openPostgres({ url: route.href, now });
    const engineId = await boot(store);
    const direct = await openPostgres({ url: database.url, now });
    const [heard, listens] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    direct.hints?.receive(({ kind }) => {
      if (kind === 'inbox') heard.resolve();
      if (kind === 'ready') listens.resolve();
    });
    await listens.promise;
    await new Promise<void>((resolve) => {
      store.hints?.receive(({ kind }) => kind === 'ready' && resolve());
    });
    // What it says now comes after what it did when it began to listen.
    store.hints?.send({ kind: 'inbox', engineId });
    await heard.promise;
    at += 5_000;
    expect(await sessionOf(engineId)).toBe('unknown');
    await store.close();
    await direct.close();
    await pooler.stop();
  });
});

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  advance,
  boot,
  CONTINUE,
  type Owned,
  planOf,
  rowOf,
  startOf,
  startOwned,
} from '../../contract/samples.ts';
import type { StartResult, Store } from '../../port/store.ts';
import { openSqlite } from '../open-sqlite.ts';
import type { SqliteTransaction } from './transact.ts';

let store: Store;
let run: Owned;

beforeEach(async () => {
  store = await openSqlite({ path: ':memory:' });
  await store.migrate();
  run = await startOwned(store, await boot(store));
});
afterEach(() => store.close());

function transact<T>(body: (tx: SqliteTransaction) => T | Promise<T>) {
  return store.transact<T>(body, () => planOf(run, CONTINUE));
}

/** The transaction did nothing, and the store works on. */
async function expectUntouched(): Promise<void> {
  expect((await rowOf(store, run.runId)).version).toBe(0);
  await advance(store, run);
}

describe('a transaction on SQLite', () => {
  test('refuses a function that returns a promise, and undoes what it wrote', async () => {
    const attempt = transact(async (tx) => {
      tx.exec('CREATE TABLE orders (id INTEGER)');
      await Promise.resolve();
    });
    await expect(attempt).rejects.toMatchObject({
      failure: 'definite',
      code: 'ASYNC_TRANSACTION',
    });
    await expect(transact((tx) => tx.all('SELECT * FROM orders'))).rejects.toThrow(/no such table/);
    await expectUntouched();
  });

  test.each([
    'BEGIN',
    'commit',
    '  ROLLBACK',
    'SAVEPOINT a',
    'END',
    '-- a\nCOMMIT',
    '/* a */ COMMIT',
    '; COMMIT',
    'PRAGMA synchronous = OFF',
    `ATTACH 'x' AS y`,
    'VACUUM',
    'SELECT 1; COMMIT',
    'SELECT 1; PRAGMA synchronous = OFF',
    'SELECT 1; SAVEPOINT a',
  ])('refuses %j', async (sql) => {
    await expect(transact((tx) => tx.exec(sql))).rejects.toThrow(/not allowed|not authorized/);
    await expectUntouched();
  });

  test('allows a trigger, whose body has a BEGIN and an END', async () => {
    const { result } = await transact((tx) => {
      tx.exec('CREATE TABLE a (x); CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM a; END');
    });
    expect(result.outcome).toBe('ok');
  });

  test('notices that a statement ended the transaction', async () => {
    await transact((tx) => tx.exec('CREATE TABLE a (x UNIQUE); INSERT INTO a VALUES (1)'));
    run = { ...run, version: 1, events: 2 };
    const attempt = transact((tx) => {
      try {
        tx.run('INSERT OR ROLLBACK INTO a VALUES (1)');
      } catch {
        // The author carries on as if nothing had happened.
      }
    });
    await expect(attempt).rejects.toMatchObject({ failure: 'definite' });
    expect((await rowOf(store, run.runId)).version).toBe(1);
  });

  test('lets an error of the author’s SQL pass unchanged', async () => {
    const attempt = transact((tx) => tx.get('SELECT * FROM nowhere'));
    await expect(attempt).rejects.toMatchObject({ code: 'ERR_SQLITE_ERROR' });
    await expectUntouched();
  });

  test('gives out an object that is of no use afterwards', async () => {
    let kept: SqliteTransaction | undefined;
    await transact((tx) => void (kept = tx));
    expect(() => kept?.exec('DELETE FROM runs')).toThrow(/over/);
  });

  test('reads and writes with values', async () => {
    const { value } = await transact((tx) => {
      tx.exec('CREATE TABLE a (x INTEGER, y TEXT)');
      expect(tx.run('INSERT INTO a VALUES (?, ?)', 1, 'one').changes).toBe(1);
      return [tx.get('SELECT y FROM a WHERE x = ?', 1), tx.all('SELECT x FROM a')];
    });
    expect(value).toEqual([{ y: 'one' }, [{ x: 1 }]]);
  });

  test('takes starts along, unowned', async () => {
    const request = startOf({ owner: run.engineId });
    let started: Promise<StartResult[]> | undefined;
    await transact((tx) => void (started = store.startRuns([request], tx)));
    expect(await started).toMatchObject([{ outcome: 'started', owned: false }]);
    expect((await rowOf(store, request.runId)).status).toBe('queued');
  });

  test('takes its starts back with it', async () => {
    const request = startOf();
    const attempt = transact((tx) => {
      void store.startRuns([request], tx);
      throw new Error('no');
    });
    await expect(attempt).rejects.toThrow('no');
    expect(await store.readRuns([{ runId: request.runId }])).toEqual([undefined]);
  });

  test('fails with a start that failed, although nobody looked at it', async () => {
    const broken = { ...startOf(), commitId: 0.5 };
    let failed: Promise<unknown> | undefined;
    const attempt = transact((tx) => void (failed = store.startRuns([broken], tx).catch(() => undefined)));
    await expect(attempt).rejects.toThrow('cannot store REAL value');
    await failed;
    await expectUntouched();
  });

  test('is the only one that a start can join', async () => {
    await expect(store.startRuns([startOf()], {})).rejects.toMatchObject({ failure: 'definite' });
  });
});

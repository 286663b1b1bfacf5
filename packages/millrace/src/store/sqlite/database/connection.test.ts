import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startQueued } from '../../contract/samples.ts';
import { openSqlite, type SqliteOptions } from '../open-sqlite.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-'));
  path = join(folder, 'store.db');
});
afterEach(() => rm(folder, { recursive: true }));

async function open(more: Partial<SqliteOptions> = {}) {
  const store = await openSqlite({ path, ...more });
  await store.migrate();
  return store;
}

/** Another process that is in the middle of a write. */
function holdLock(): DatabaseSync {
  const other = new DatabaseSync(path);
  other.exec('BEGIN IMMEDIATE');
  return other;
}

describe('a SQLite connection', () => {
  test('waits for another writer on its timer and goes on when that has finished', async () => {
    const pauses: number[] = [];
    const others: DatabaseSync[] = [];
    const store = await open({
      random: () => 0.5,
      sleep: async (delayMs) => {
        pauses.push(delayMs);
        if (pauses.length === 3) others[0]?.close();
      },
    });
    others.push(holdLock());
    await startQueued(store);
    expect(pauses).toEqual([0.75, 1.5, 3]);
    await store.close();
  });

  test('gives up as congested after its time, and nothing was written', async () => {
    let slept = 0;
    const store = await open({ busyTimeoutMs: 100, sleep: async (delayMs) => void (slept += delayMs) });
    const other = holdLock();
    await expect(startQueued(store)).rejects.toMatchObject({ failure: 'congestion', retryable: true });
    expect(slept).toBeGreaterThanOrEqual(100);
    other.exec('ROLLBACK');
    other.close();
    expect((await store.listRuns({ namespace: 'default', limit: 1 })).runs).toEqual([]);
    await store.close();
  });

  test('reads while another process writes', async () => {
    const store = await open({ sleep: () => Promise.reject(new Error('it waited')) });
    const runId = await startQueued(store);
    const other = holdLock();
    expect((await store.readRuns([{ runId }]))[0]?.status).toBe('queued');
    other.close();
    await store.close();
  });

  test('says that a file cannot be written', async () => {
    await (await open()).close();
    const store = await openSqlite({ path: `file:${path}?mode=ro` });
    await expect(startQueued(store)).rejects.toMatchObject({
      failure: 'definite',
      message: expect.stringMatching(/cannot be written/),
    });
    await store.close();
  });

  test('says that a folder does not exist', async () => {
    await expect(openSqlite({ path: join(folder, 'missing', 'x.db') })).rejects.toMatchObject({
      name: 'StoreError',
      failure: 'definite',
      message: expect.stringMatching(/cannot be opened/),
    });
  });

  test('says that a file is not a database', async () => {
    await writeFile(path, 'this is a shopping list, not a database. '.repeat(200));
    await expect(openSqlite({ path })).rejects.toMatchObject({
      failure: 'definite',
      message: expect.stringMatching(/not a sound SQLite database/),
    });
  });

  test('refuses calls after it was closed', async () => {
    const store = await open();
    await store.close();
    await store.close();
    await expect(startQueued(store)).rejects.toMatchObject({
      failure: 'definite',
      message: expect.stringMatching(/closed/),
    });
  });

  test('keeps runs over a close', async () => {
    const first = await open();
    const runId = await startQueued(first);
    await first.close();
    const second = await open();
    expect((await second.readRuns([{ runId }]))[0]?.status).toBe('queued');
    await second.close();
  });

  test('names its durability', async () => {
    const store = await open();
    expect(store.durability.profile).toBe('sqlite-full');
    await store.close();
    const memory = await openSqlite({ path: ':memory:' });
    expect([memory.durability.profile, memory.hints]).toEqual(['sqlite-memory', undefined]);
    await memory.close();
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { boot, startQueued } from '../../contract/samples.ts';
import type { Hint, Store } from '../../port/store.ts';
import { openSqlite } from '../open-sqlite.ts';

let folder: string;
let store: Store;
let other: Store;
let due: { act: () => void; delayMs: number }[];

/** Lets the next look happen; returns the pause before it. */
function look(): number | undefined {
  const next = due.shift();
  next?.act();
  return next?.delayMs;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-'));
  const path = join(folder, 'store.db');
  due = [];
  const schedule = (act: () => void, delayMs: number) => {
    const timer = { act, delayMs };
    due.push(timer);
    return () => void (due = due.filter((one) => one !== timer));
  };
  store = await openSqlite({ path, schedule, minPollMs: 5, maxPollMs: 20 });
  other = await openSqlite({ path });
  await store.migrate();
});
afterEach(async () => {
  await store.close();
  await other.close();
  await rm(folder, { recursive: true });
});

describe('hints on SQLite', () => {
  test('come when another process has committed, of every kind', async () => {
    const engineId = await boot(store);
    const hints: Hint[] = [];
    store.hints?.receive((hint) => hints.push(hint));
    look();
    expect(hints).toEqual([]);
    await startQueued(other);
    look();
    expect(hints).toEqual([{ kind: 'ready' }, { kind: 'inbox', engineId }, { kind: 'closed' }]);
  });

  test('do not come for own commits', async () => {
    const hints: Hint[] = [];
    store.hints?.receive((hint) => hints.push(hint));
    await startQueued(store);
    store.hints?.send({ kind: 'ready' });
    look();
    expect(hints).toEqual([]);
  });

  test('are looked for less often while nothing happens', async () => {
    store.hints?.receive(() => undefined);
    expect([look(), look(), look(), look()]).toEqual([5, 10, 20, 20]);
    await startQueued(other);
    look();
    expect(look()).toBe(5);
  });

  test('end when the receiver is taken away or the store is closed', async () => {
    const undo = store.hints?.receive(() => undefined);
    expect(due).toHaveLength(1);
    undo?.();
    expect(due).toEqual([]);
    store.hints?.receive(() => undefined);
    await store.close();
    look();
    expect(due).toEqual([]);
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { advance, boot, messageTo, startOwned, startQueued, suspension } from '../../contract/samples.ts';
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
  /** What is heard of another process's commit. */
  async function hear(commit: () => Promise<unknown>): Promise<Hint[]> {
    const hints: Hint[] = [];
    const undo = store.hints?.receive((hint) => hints.push(hint));
    look();
    expect(hints).toEqual([]);
    await commit();
    look();
    undo?.();
    return hints;
  }
  const CLOSED = { kind: 'closed' } as const;
  const READY = [{ kind: 'ready' }, CLOSED];

  test('come when another process has queued a run', async () => {
    await boot(store);
    expect(await hear(() => startQueued(other))).toEqual(READY);
  });

  test('of a beat tell that a run may have ended, and ask nobody to look for work', async () => {
    await boot(store);
    const engineId = await boot(other);
    const asleep = await startOwned(other, engineId);
    await advance(other, asleep, suspension(asleep, Date.now() + 60_000));
    // The first look does not know what was there before.
    await hear(() => other.beat(engineId, new Uint8Array()));
    await startOwned(other, engineId);
    expect(await hear(() => other.beat(engineId, new Uint8Array()))).toEqual([CLOSED]);
  });

  test('tell an engine of messages while it owns runs', async () => {
    const engineId = await boot(store);
    const { runId } = await startOwned(store, engineId);
    const heard = await hear(() => other.deliver([messageTo(runId)]));
    expect(heard).toEqual([{ kind: 'inbox', engineId }, CLOSED]);
  });

  test('tell of a run that is kept for an engine of this process, and not of those of others', async () => {
    const [engineId, foreign] = [await boot(store), await boot(other)];
    const wake = async (lastOwner: string) => {
      const run = await startOwned(other, lastOwner);
      await advance(other, run, suspension(run));
      await other.deliver([{ ...messageTo(run.runId), windowMs: 60_000 }]);
    };
    expect(await hear(() => wake(foreign))).toEqual([CLOSED]);
    expect(await hear(() => wake(engineId))).toEqual(READY);
  });

  test('tell of suspects, and of a run that wakes before all others', async () => {
    const engineId = await boot(other);
    const sleep = async (ms: number) => {
      const run = await startOwned(other, engineId);
      await advance(other, run, suspension(run, Date.now() + ms));
    };
    expect(await hear(() => sleep(60_000))).toEqual(READY);
    expect(await hear(() => sleep(70_000))).toEqual([CLOSED]);
    expect(await hear(() => sleep(50_000))).toEqual(READY);
    await startOwned(other, engineId);
    const how = { limit: 10, deathLimit: 3, harmless: false };
    expect(await hear(() => other.retire(engineId, undefined, how))).toEqual(READY);
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

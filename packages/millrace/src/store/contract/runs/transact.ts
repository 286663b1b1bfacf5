import { expect } from 'vitest';
import {
  advance,
  boot,
  bytes,
  closing,
  commitOne,
  CONTINUE,
  planOf,
  rowOf,
  startOwned,
  texts,
} from '../samples.ts';
import type { Notes, Promises } from '../subject.ts';

export const transactPromises: Promises = {
  "the author's writes and the plan commit together": async ({ store, notes }) => {
    const run = await startOwned(store, await boot(store));
    const { value, result } = await store.transact(noting(notes, 'paid', 42), (answer) =>
      planOf(run, CONTINUE, { history: bytes(`answer ${answer}`) }),
    );
    expect([value, result.outcome]).toEqual([42, 'ok']);
    expect(await notes.read()).toEqual(['paid']);
    expect(texts(await store.readHistory(run.runId))).toEqual(['started', 'answer 42']);
  },
  'an error of the author passes through and nothing is written': async ({ store, notes }) => {
    const run = await startOwned(store, await boot(store));
    const failure = new Error('card refused');
    const attempt = store.transact(
      (tx: never) =>
        then(notes.write(tx, 'paid'), () => {
          throw failure;
        }),
      () => planOf(run, CONTINUE),
    );
    await expect(attempt).rejects.toBe(failure);
    expect(await notes.read()).toEqual([]);
    expect((await rowOf(store, run.runId)).version).toBe(0);
  },
  "a plan that conflicts takes the author's writes back": async ({ store, notes }) => {
    const run = await startOwned(store, await boot(store));
    const { result } = await store.transact(noting(notes, 'paid', 1), () =>
      planOf({ ...run, epoch: 9 }, CONTINUE),
    );
    expect(result).toEqual({ outcome: 'conflict' });
    expect(await notes.read()).toEqual([]);
  },
  "a plan with unread messages takes the author's writes back": async ({ store, notes }) => {
    const run = await startOwned(store, await boot(store));
    await store.deliver([{ target: { runId: run.runId }, dedup: 'd', body: bytes('x') }]);
    const { result } = await store.transact(noting(notes, 'paid', 1), () => planOf(run, closing(run)));
    expect(result).toEqual({ outcome: 'unread', inboxSeq: 1 });
    expect(await notes.read()).toEqual([]);
  },
  "a transaction that is sent twice writes the author's rows once": async ({ store, notes }) => {
    const run = await startOwned(store, await boot(store));
    const plan = planOf(run, CONTINUE);
    await store.transact(noting(notes, 'paid', 1), () => plan);
    const again = await store.transact(noting(notes, 'paid', 1), () => plan);
    expect(again.result).toEqual({ outcome: 'already' });
    expect(await notes.read()).toEqual(['paid']);
  },
  'a retired engine cannot bring writes in by a transaction (I9)': async ({ store, notes }) => {
    const engineId = await boot(store);
    const run = await startOwned(store, engineId);
    await store.retire(engineId, undefined, { limit: 0, deathLimit: 3, harmless: true });
    const { result } = await store.transact(noting(notes, 'paid', 1), () => planOf(run, CONTINUE));
    expect(result).toEqual({ outcome: 'conflict' });
    expect(await notes.read()).toEqual([]);
  },
  'a plan that cannot be made takes everything back': async ({ store, notes }) => {
    const run = await startOwned(store, await boot(store));
    const failure = new Error('no plan');
    const attempt = store.transact(noting(notes, 'paid', 1), () => {
      throw failure;
    });
    await expect(attempt).rejects.toBe(failure);
    expect(await notes.read()).toEqual([]);
    await advance(store, run);
  },
  'the store works on after a transaction that failed': async ({ store, notes }) => {
    const run = await startOwned(store, await boot(store));
    await store
      .transact(
        () => {
          throw new Error('x');
        },
        () => planOf(run, CONTINUE),
      )
      .catch(() => undefined);
    expect(await commitOne(store, planOf(run, CONTINUE))).toMatchObject({ outcome: 'ok' });
    expect(await notes.read()).toEqual([]);
  },
};

/** A body for either kind of backend: it returns a promise only where writing a note does. */
function noting<T>(notes: Notes, note: string, value: T): (tx: never) => T | Promise<T> {
  return (tx) => then(notes.write(tx, note), () => value);
}

function then<T>(written: void | Promise<void>, answer: () => T): T | Promise<T> {
  return written instanceof Promise ? written.then(() => answer()) : answer();
}

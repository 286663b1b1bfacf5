import { expect } from 'vitest';
import type { Store } from '../../port/store.ts';
import {
  advance,
  boot,
  bytes,
  CONTINUE,
  messageTo,
  newId,
  type Owned,
  startOwned,
  startQueued,
  suspension,
  texts,
} from '../samples.ts';
import type { Promises } from '../subject.ts';

export const historyPromises: Promises = {
  'history is read in order': async ({ store }) => {
    const run = await chunked(store);
    expect(texts(await store.readHistory(run.runId))).toEqual(['started', 'one', 'three', 'two']);
    expect((await store.readHistory(run.runId)).map(({ seq, count }) => [seq, count])).toEqual([
      [0, 1],
      [1, 1],
      [2, 3],
      [5, 2],
    ]);
  },
  'history is read from the chunk that contains a position': async ({ store }) => {
    const { runId } = await chunked(store);
    const firstAt = async (fromSeq: number) => (await store.readHistory(runId, fromSeq))[0]?.seq;
    expect([
      await firstAt(0),
      await firstAt(1),
      await firstAt(2),
      await firstAt(3),
      await firstAt(4),
    ]).toEqual([0, 1, 2, 2, 2]);
    expect([await firstAt(5), await firstAt(6)]).toEqual([5, 5]);
  },
  'history beyond its end is empty': async ({ store }) => {
    const { runId } = await chunked(store);
    expect(await store.readHistory(runId, 7)).toEqual([]);
    expect(await store.readHistory(newId())).toEqual([]);
  },
  'history is read in pages': async ({ store }) => {
    const { runId } = await chunked(store);
    expect(texts(await store.readHistory(runId, 0, 2))).toEqual(['started', 'one']);
    expect(texts(await store.readHistory(runId, 2, 1))).toEqual(['three']);
  },
  'an inbox is read in order and can be empty': async ({ store }) => {
    const runId = await startQueued(store);
    expect(await store.readInbox(runId)).toEqual([]);
    await store.deliver([messageTo(runId, 'b'), messageTo(runId, 'a')]);
    expect((await store.readInbox(runId)).map((row) => row.dedup)).toEqual(['b', 'a']);
  },
  'a load brings history, inbox and position of owned runs': async ({ store }) => {
    const run = await chunked(store);
    await store.deliver([messageTo(run.runId)]);
    const [loaded] = await store.loadRuns([{ runId: run.runId, epoch: run.epoch, fromSeq: 0 }]);
    expect(loaded).toMatchObject({
      runId: run.runId,
      version: 3,
      inboxSeq: 1,
      inbox: [{ seq: 1, dedup: 'm1' }],
    });
    expect(texts(loaded?.chunks ?? [])).toEqual(['started', 'one', 'three', 'two']);
  },
  'a load can begin in the middle': async ({ store }) => {
    const run = await chunked(store);
    const [loaded] = await store.loadRuns([{ runId: run.runId, epoch: run.epoch, fromSeq: 3 }]);
    expect(texts(loaded?.chunks ?? [])).toEqual(['three', 'two']);
  },
  'a load by a former owner brings nothing': async ({ store }) => {
    const run = await chunked(store);
    expect(await store.loadRuns([{ runId: run.runId, epoch: run.epoch - 1, fromSeq: 0 }])).toEqual([]);
  },
  'a load of a run that nobody owns brings nothing': async ({ store }) => {
    const run = await chunked(store);
    await advance(store, run, suspension(run));
    expect(await store.loadRuns([{ runId: run.runId, epoch: run.epoch, fromSeq: 0 }])).toEqual([]);
  },
  'a load of several runs leaves out those that are gone': async ({ store }) => {
    const [first, second] = [await chunked(store), await chunked(store)];
    const loaded = await store.loadRuns([
      { runId: second.runId, epoch: second.epoch, fromSeq: 0 },
      { runId: newId(), epoch: 1, fromSeq: 0 },
      { runId: first.runId, epoch: first.epoch, fromSeq: 0 },
    ]);
    expect(loaded.map((run) => run.runId)).toEqual([second.runId, first.runId]);
    expect(await store.loadRuns([])).toEqual([]);
  },
};

/** A run with chunks of one, one, three and two events. */
async function chunked(store: Store): Promise<Owned> {
  let run = await startOwned(store, await boot(store));
  run = await advance(store, run, CONTINUE, { history: bytes('one') });
  run = await advance(store, run, CONTINUE, { count: 3, history: bytes('three') });
  return advance(store, run, CONTINUE, { count: 2, history: bytes('two') });
}

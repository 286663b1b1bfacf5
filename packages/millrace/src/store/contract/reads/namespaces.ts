import { expect } from 'vitest';
import {
  advance,
  boot,
  bytes,
  closedRun,
  closing,
  messageTo,
  newId,
  rowOf,
  startOwned,
  startQueued,
} from '../samples.ts';
import type { Promises } from '../subject.ts';

const OURS = 'ours';
const THEIRS = 'theirs';

export const namespacePromises: Promises = {
  'a run is read by its id within its namespace, and within no other': async ({ store }) => {
    const runId = await startQueued(store, { namespace: OURS });
    const rows = await store.readRuns([
      { runId, namespace: OURS },
      { runId, namespace: THEIRS },
      { runId },
      { runId: newId(), namespace: THEIRS },
    ]);
    expect(rows.map((row) => row?.runId)).toEqual([runId, undefined, runId, undefined]);
  },
  'so is one that has closed, with its last chunk': async ({ store }) => {
    const run = await startOwned(store, await boot(store), { namespace: OURS });
    await advance(store, run, closing(run));
    const refs = [OURS, THEIRS].map((namespace) => ({ runId: run.runId, namespace }));
    const [own, foreign] = await store.readRuns(refs);
    expect([own?.status, own?.lastChunk?.seq, foreign]).toEqual(['completed', 1, undefined]);
  },
  'a message to a run of another namespace is not found, and changes nothing': async ({ store }) => {
    const runId = await startQueued(store, { namespace: OURS });
    const foreign = { ...messageTo(runId), target: { runId, namespace: THEIRS } };
    expect(await store.deliver([foreign])).toEqual([{ outcome: 'not-found' }]);
    expect(await store.readInbox(runId)).toEqual([]);
    expect((await rowOf(store, runId)).inboxSeq).toBe(0);
    expect(await store.deliver([{ ...foreign, target: { runId, namespace: OURS } }])).toMatchObject([
      { outcome: 'delivered', runId, seq: 1 },
    ]);
  },
  'nor does it tell that the run has closed': async ({ store }) => {
    const { runId } = await closedRun(store, { namespace: OURS });
    const to = (namespace: string) => ({ ...messageTo(runId), target: { runId, namespace } });
    expect(await store.deliver([to(THEIRS), to(OURS)])).toMatchObject([
      { outcome: 'not-found' },
      { outcome: 'run-closed', runId },
    ]);
  },
  'messages with and without a namespace, by id and by key, go in one call': async ({ store }) => {
    const [first, second] = [
      await startQueued(store, { namespace: OURS, key: 'k' }),
      await startQueued(store, { namespace: THEIRS, key: 'k' }),
    ];
    const results = await store.deliver([
      messageTo(first, 'a'),
      { target: { namespace: THEIRS, key: 'k' }, dedup: 'b', body: bytes('b') },
      { target: { namespace: THEIRS, runId: first }, dedup: 'c', body: bytes('c') },
      { target: { namespace: OURS, runId: first }, dedup: 'd', body: bytes('d') },
    ]);
    expect(results).toMatchObject([
      { outcome: 'delivered', runId: first, seq: 1 },
      { outcome: 'delivered', runId: second, seq: 1 },
      { outcome: 'not-found' },
      { outcome: 'delivered', runId: first, seq: 2 },
    ]);
  },
};

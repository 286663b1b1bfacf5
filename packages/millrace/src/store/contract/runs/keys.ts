import { expect } from 'vitest';
import {
  advance,
  boot,
  bytes,
  claimOne,
  closedRun,
  closing,
  commitOne,
  planOf,
  rowOf,
  startOf,
  startOne,
  startOwned,
  startQueued,
} from '../samples.ts';
import type { Promises } from '../subject.ts';

const KEYED = { key: 'k', fingerprint: 'f', dedupMs: 1000 } as const;

export const keyPromises: Promises = {
  'a second start with the key of an open run finds that run (I8)': async ({ store }) => {
    const runId = await startQueued(store, KEYED);
    const second = startOf(KEYED);
    expect(await store.startRuns([second])).toEqual([{ outcome: 'existing', runId, status: 'queued' }]);
    expect(await store.readRuns([{ runId: second.runId }])).toEqual([undefined]);
  },
  'another input under the key of an open run is refused': async ({ store }) => {
    const runId = await startQueued(store, KEYED);
    const second = await startOne(store, { ...KEYED, fingerprint: 'g' });
    expect(second).toEqual({ outcome: 'key-in-use', runId, status: 'queued' });
  },
  'a start that brings a message joins the run of its key, whatever its own input': async ({ store }) => {
    const runId = await startQueued(store, KEYED);
    const message = { dedup: 'signal:1', body: new Uint8Array([1]) };
    const second = await startOne(store, { ...KEYED, fingerprint: 'g', message });
    expect(second).toMatchObject({ outcome: 'existing', runId, delivery: { outcome: 'delivered', seq: 1 } });
  },
  'no reuse policy starts a second run beside an open one': async ({ store }) => {
    const runId = await startQueued(store, KEYED);
    for (const reuse of ['return', 'allow', 'allow-failed', 'refuse'] as const) {
      expect(await startOne(store, { ...KEYED, reuse })).toMatchObject({ outcome: 'existing', runId });
    }
  },
  'one key in two namespaces is two keys': async ({ store }) => {
    await startQueued(store, KEYED);
    expect(await startOne(store, { ...KEYED, namespace: 'tenant' })).toMatchObject({ outcome: 'started' });
  },
  'keys are compared exactly': async ({ store }) => {
    await startQueued(store, { key: 'key' });
    for (const key of ['Key', 'key ', 'kéy', 'ke\u0301y', '']) {
      expect(await startOne(store, { key })).toMatchObject({ outcome: 'started' });
    }
  },
  'two starts with one key in one batch are one run': async ({ store }) => {
    const [first, second] = await store.startRuns([startOf(KEYED), startOf(KEYED)]);
    expect(first).toMatchObject({ outcome: 'started' });
    expect(second).toMatchObject({ outcome: 'existing', runId: first?.runId });
  },
  'a key leads to its run': async ({ store }) => {
    const runId = await startQueued(store, KEYED);
    const rows = await store.readRuns([
      { namespace: 'default', key: 'k' },
      { namespace: 'other', key: 'k' },
    ]);
    expect(rows.map((row) => row?.runId)).toEqual([runId, undefined]);
  },
  'policy return: a closed run answers while its window lasts': async ({ store, clock }) => {
    const { runId } = await closedRun(store, KEYED);
    clock.advance(999);
    expect(await startOne(store, KEYED)).toEqual({ outcome: 'existing', runId, status: 'completed' });
  },
  'policy return: another input is refused while the window lasts': async ({ store }) => {
    const { runId } = await closedRun(store, KEYED);
    expect(await startOne(store, { ...KEYED, fingerprint: 'g' })).toMatchObject({
      outcome: 'key-in-use',
      runId,
    });
  },
  'policy return: a failed run answers too': async ({ store }) => {
    await closedRun(store, KEYED, 'failed');
    expect(await startOne(store, KEYED)).toMatchObject({ outcome: 'existing', status: 'failed' });
  },
  'after the window a key is free': async ({ store, clock }) => {
    const { runId } = await closedRun(store, KEYED);
    clock.advance(1000);
    const next = await startOne(store, { ...KEYED, fingerprint: 'g' });
    expect(next).toMatchObject({ outcome: 'started' });
    expect(next.runId).not.toBe(runId);
  },
  'the window is that of the run that holds the key, not of the start that asks': async ({
    store,
    clock,
  }) => {
    await closedRun(store, KEYED);
    clock.advance(500);
    expect(await startOne(store, { ...KEYED, dedupMs: 0 })).toMatchObject({ outcome: 'existing' });
  },
  'a window of nothing ends with the run': async ({ store }) => {
    await closedRun(store, { ...KEYED, dedupMs: 0 });
    expect(await startOne(store, KEYED)).toMatchObject({ outcome: 'started' });
  },
  'policy allow: a closed run gives its key away': async ({ store }) => {
    await closedRun(store, KEYED);
    const next = await startOne(store, { ...KEYED, reuse: 'allow' });
    expect(next).toMatchObject({ outcome: 'started' });
    const [row] = await store.readRuns([{ namespace: 'default', key: 'k' }]);
    expect(row?.runId).toBe(next.runId);
  },
  'policy allow-failed: a completed run keeps its key': async ({ store }) => {
    const { runId } = await closedRun(store, KEYED);
    expect(await startOne(store, { ...KEYED, reuse: 'allow-failed' })).toMatchObject({
      outcome: 'existing',
      runId,
    });
  },
  'policy allow-failed: failed, cancelled and timed-out runs give their key away': async ({ store }) => {
    for (const status of ['failed', 'cancelled', 'timed-out'] as const) {
      await closedRun(store, { ...KEYED, key: status, queue: status }, status);
      const next = await startOne(store, { ...KEYED, key: status, reuse: 'allow-failed' });
      expect(next).toMatchObject({ outcome: 'started' });
    }
  },
  'policy refuse: a closed run keeps its key while the window lasts': async ({ store, clock }) => {
    const { runId } = await closedRun(store, KEYED);
    const refused = await startOne(store, { ...KEYED, reuse: 'refuse' });
    expect(refused).toEqual({ outcome: 'key-in-use', runId, status: 'completed' });
    clock.advance(1000);
    expect(await startOne(store, { ...KEYED, reuse: 'refuse' })).toMatchObject({ outcome: 'started' });
  },
  'a closed run under the key answers an enclosed message with run-closed': async ({ store }) => {
    const { runId } = await closedRun(store, KEYED);
    const result = await startOne(store, { ...KEYED, message: { dedup: 'd', body: bytes('x') } });
    expect(result).toMatchObject({
      outcome: 'existing',
      delivery: { outcome: 'run-closed', runId, status: 'completed' },
    });
  },
  'a continued run hands its key to its successor in the same commit': async ({ store }) => {
    const run = await startOwned(store, await boot(store), KEYED);
    const successor = startOf({ ...KEYED, fingerprint: 'g' });
    const result = await commitOne(
      store,
      planOf(run, closing(run, 'continued', successor.runId), { starts: [successor] }),
    );
    expect(result).toMatchObject({ outcome: 'ok', starts: [{ outcome: 'started', runId: successor.runId }] });
    const [row] = await store.readRuns([{ namespace: 'default', key: 'k' }]);
    expect(row?.runId).toBe(successor.runId);
    expect(await rowOf(store, run.runId)).toMatchObject({ status: 'continued', successor: successor.runId });
  },
  'a start with the key of a continued run finds the successor': async ({ store }) => {
    const run = await startOwned(store, await boot(store), KEYED);
    const successor = startOf(KEYED);
    await advance(store, run, closing(run, 'continued', successor.runId), { starts: [successor] });
    expect(await startOne(store, KEYED)).toMatchObject({ outcome: 'existing', runId: successor.runId });
  },
  'a successor takes the key whatever its reuse policy says': async ({ store }) => {
    const run = await startOwned(store, await boot(store), KEYED);
    const successor = startOf({ ...KEYED, reuse: 'refuse' });
    await advance(store, run, closing(run, 'continued', successor.runId), { starts: [successor] });
    expect((await rowOf(store, successor.runId)).status).toBe('queued');
  },
  'a child does not get the key of its closing parent': async ({ store }) => {
    const run = await startOwned(store, await boot(store), KEYED);
    const result = await commitOne(store, planOf(run, closing(run), { starts: [startOf(KEYED)] }));
    expect(result).toMatchObject({ outcome: 'ok', starts: [{ outcome: 'existing', runId: run.runId }] });
  },
  'a refused plan leaves the key where it was': async ({ store }) => {
    const run = await startOwned(store, await boot(store), KEYED);
    const successor = startOf(KEYED);
    const stale = planOf({ ...run, version: 9 }, closing(run, 'continued', successor.runId), {
      starts: [successor],
    });
    expect(await commitOne(store, stale)).toEqual({ outcome: 'conflict' });
    const [row] = await store.readRuns([{ namespace: 'default', key: 'k' }]);
    expect(row?.runId).toBe(run.runId);
  },
  'a run that was reopened holds its key again': async ({ store, clock }) => {
    const run = await closedRun(store, KEYED, 'failed');
    clock.advance(5000);
    await store.reopen({
      runId: run.runId,
      version: run.version,
      from: 'failed',
      seq: run.events,
      count: 0,
      history: undefined,
      commitId: 1,
    });
    expect(await startOne(store, { ...KEYED, reuse: 'allow' })).toMatchObject({
      outcome: 'existing',
      runId: run.runId,
    });
  },
  'a run whose key went to another run cannot be reopened (I8)': async ({ store }) => {
    const run = await closedRun(store, KEYED, 'failed');
    await startQueued(store, { ...KEYED, reuse: 'allow' });
    const answer = await store.reopen({
      runId: run.runId,
      version: run.version,
      from: 'failed',
      seq: run.events,
      count: 0,
      history: undefined,
      commitId: 1,
    });
    expect(answer).toBe('conflict');
  },
  'a claimed run keeps its key': async ({ store }) => {
    const runId = await startQueued(store, KEYED);
    expect((await claimOne(store, await boot(store))).key).toBe('k');
    expect(await startOne(store, KEYED)).toMatchObject({ outcome: 'existing', runId, status: 'running' });
  },
};

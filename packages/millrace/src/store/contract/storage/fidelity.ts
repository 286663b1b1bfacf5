import { expect } from 'vitest';
import type { Message, StartRequest, Store } from '../../port/store.ts';
import {
  advance,
  blocking,
  boot,
  bytes,
  claimOne,
  closing,
  CONTINUE,
  messageTo,
  newId,
  planOf,
  rowOf,
  startOf,
  startOwned,
  startQueued,
} from '../samples.ts';
import type { Promises } from '../subject.ts';

/** What PostgreSQL text refuses (NUL) or UTF-8 cannot hold (lone surrogates). */
const UNFIT = ['a\0b', '\ud800', 'x\udfffy', '\udc00\ud800'];
const AWKWARD = [
  '',
  ' ',
  'a\nb\tc',
  `'; DROP TABLE runs; --`,
  '"\\%_',
  'é',
  'e\u0301',
  '日本語',
  '👩‍👩‍👧',
  '\u{10ffff}',
  '\ufeff',
  '\u202e',
];
const REFUSED = { name: 'StoreError', failure: 'definite', retryable: false };

function textFields(value: string): Partial<StartRequest>[] {
  return [
    { namespace: value },
    { workflow: value },
    { workflowVersion: value },
    { queue: value },
    { tags: ['fine', value] },
    { key: value },
    { fingerprint: value },
    { parentRunId: value },
    { message: { dedup: value, body: bytes('x') } },
  ];
}

export const fidelityPromises: Promises = {
  'text that cannot be kept exactly is refused in every field of a start': async ({ store }) => {
    for (const value of UNFIT) {
      for (const field of textFields(value)) {
        await expect(store.startRuns([startOf(field)])).rejects.toMatchObject(REFUSED);
      }
    }
    expect((await store.listRuns({ namespace: 'default', limit: 10 })).runs).toEqual([]);
  },
  'a start that is refused for its text stores nothing of its batch': async ({ store }) => {
    const fine = startOf();
    await expect(store.startRuns([fine, startOf({ key: 'a\0b' })])).rejects.toMatchObject(REFUSED);
    expect(await store.readRuns([{ runId: fine.runId }])).toEqual([undefined]);
  },
  'text that cannot be kept exactly is refused in messages': async ({ store }) => {
    const runId = await startQueued(store);
    for (const value of UNFIT) {
      const messages: Message[] = [
        messageTo(runId, value),
        { target: { namespace: 'default', key: value }, dedup: 'd', body: bytes('x') },
        { target: { namespace: value, key: 'k' }, dedup: 'd', body: bytes('x') },
      ];
      for (const message of messages) {
        await expect(store.deliver([messageTo(runId, 'fine'), message])).rejects.toMatchObject(REFUSED);
      }
    }
    expect(await store.readInbox(runId)).toEqual([]);
  },
  'text that cannot be kept exactly is refused in plans': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    const target = await startQueued(store);
    for (const value of UNFIT) {
      const plans = [
        planOf(run, blocking(value)),
        planOf(run, closing(run, 'continued', value)),
        planOf(run, CONTINUE, { starts: [startOf({ queue: value })] }),
        planOf(run, CONTINUE, { messages: [messageTo(target, value)] }),
      ];
      for (const plan of plans) await expect(store.commit([plan])).rejects.toMatchObject(REFUSED);
    }
    expect(await rowOf(store, run.runId)).toMatchObject({ version: 0, status: 'running' });
  },
  'text that cannot be kept exactly is refused in announcements': async ({ store }) => {
    for (const value of UNFIT) {
      const engine = { engineId: newId(), name: value, host: 'h', bootId: 'b', pid: 1, profile: bytes('') };
      await expect(store.register(engine)).rejects.toMatchObject(REFUSED);
      await expect(store.register({ ...engine, name: 'n', host: value })).rejects.toMatchObject(REFUSED);
    }
  },
  'text that cannot be kept exactly is refused in queries': async ({ store }) => {
    for (const value of UNFIT) {
      await expect(store.readRuns([{ namespace: 'default', key: value }])).rejects.toMatchObject(REFUSED);
      await expect(store.listRuns({ namespace: 'default', tag: value, limit: 1 })).rejects.toMatchObject(
        REFUSED,
      );
      const engineId = await boot(store);
      const workflows = [{ workflow: value, version: '1' }];
      await expect(store.claimRuns({ engineId, workflows, limit: 1, suspects: false })).rejects.toMatchObject(
        REFUSED,
      );
    }
  },
  'awkward text comes back exactly': async ({ store }) => {
    for (const value of AWKWARD) {
      const request = startOf({
        namespace: value,
        workflow: value,
        workflowVersion: value,
        queue: value,
        tags: [value],
        key: value,
      });
      await store.startRuns([request]);
      const expected = {
        namespace: value,
        workflow: value,
        workflowVersion: value,
        queue: value,
        tags: [value],
        key: value,
      };
      expect(await rowOf(store, request.runId)).toMatchObject(expected);
      const [byKey] = await store.readRuns([{ namespace: value, key: value }]);
      expect(byKey?.runId).toBe(request.runId);
      const { runs } = await store.listRuns({ namespace: value, tag: value, limit: 5 });
      expect(runs.map((run) => run.runId)).toEqual([request.runId]);
      const workflows = [{ workflow: value, version: value }];
      expect(
        await claimOne(store, await boot(store), { workflows, namespace: value, queues: [value] }),
      ).toMatchObject(expected);
    }
  },
  'awkward dedup keys are told apart': async ({ store }) => {
    const runId = await startQueued(store);
    const results = await store.deliver(AWKWARD.map((dedup) => messageTo(runId, dedup)));
    expect(results.every((result) => result.outcome === 'delivered')).toBe(true);
    expect((await store.readInbox(runId)).map((row) => row.dedup)).toEqual(AWKWARD);
  },
  'every byte comes back, NUL and broken UTF-8 included': async ({ store }) => {
    const payload = Uint8Array.from({ length: 512 }, (_, index) => index % 256);
    const run = await startOwned(store, await boot(store), { history: payload });
    await store.deliver([{ target: { runId: run.runId }, dedup: 'd', body: payload }]);
    await advance(
      store,
      run,
      { kind: 'suspend', inboxSeq: 1, wakeAt: undefined, waits: payload },
      { history: payload },
    );
    for (const chunk of await store.readHistory(run.runId)) expect(same(chunk.data, payload)).toBe(true);
    expect(same((await store.readInbox(run.runId))[0]?.body, payload)).toBe(true);
    expect(same((await rowOf(store, run.runId)).waits, payload)).toBe(true);
  },
  'a payload that is a view of a larger buffer is stored without its surroundings': async ({ store }) => {
    const view = Uint8Array.from([1, 2, 3, 4, 5, 6]).subarray(2, 4);
    const runId = await startQueued(store, { history: view });
    const [chunk] = await store.readHistory(runId);
    expect([...(chunk?.data ?? [])]).toEqual([3, 4]);
  },
  'an empty payload is empty, not missing': async ({ store }) => {
    const empty = new Uint8Array(0);
    const run = await startOwned(store, await boot(store), { history: empty });
    await advance(store, run, { kind: 'suspend', inboxSeq: 0, wakeAt: undefined, waits: empty });
    expect((await store.readHistory(run.runId))[0]?.data).toHaveLength(0);
    expect((await rowOf(store, run.runId)).waits).toHaveLength(0);
  },
  'a chunk of 2 MiB comes back whole': async ({ store }) => {
    const large = Uint8Array.from({ length: 2 * 1024 * 1024 }, (_, index) => (index * 31) % 251);
    const run = await startOwned(store, await boot(store));
    await store.deliver([{ target: { runId: run.runId }, dedup: 'd', body: large }]);
    await advance(store, run, CONTINUE, { history: large });
    expect(same((await store.readHistory(run.runId, 1))[0]?.data, large)).toBe(true);
    expect(same((await store.readInbox(run.runId))[0]?.body, large)).toBe(true);
  },
  'a thousand tags come back in their order': async ({ store }) => {
    const tags = Array.from({ length: 1000 }, (_, index) => `tag-${(index * 7) % 1000}`);
    expect((await rowOf(store, await startQueued(store, { tags }))).tags).toEqual(tags);
  },
  'a load of an engine comes back byte for byte': async ({ store }) => {
    const engineId = await boot(store);
    await checkLoad(store, engineId, Uint8Array.from([0, 255, 128]));
    await checkLoad(store, engineId, new Uint8Array(0));
  },
};

async function checkLoad(store: Store, engineId: string, load: Uint8Array): Promise<void> {
  const { engines } = await store.beat(engineId, load);
  expect([...(engines[0]?.load ?? [])]).toEqual([...load]);
}

function same(stored: Uint8Array | undefined, expected: Uint8Array): boolean {
  return stored !== undefined && Buffer.compare(stored, expected) === 0;
}

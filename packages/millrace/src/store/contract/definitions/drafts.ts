import { expect } from 'vitest';
import type { StartRequest, Store } from '../../port/store.ts';
import {
  advance,
  blocking,
  boot,
  bytes,
  closing,
  type Owned,
  startOwned,
  startQueued,
  suspension,
} from '../samples.ts';
import type { Promises } from '../subject.ts';
import { definitionOf, draftOf, FLOW, readOne, revisionOf } from './samples.ts';

/** A run of the draft of the samples. */
const OF_DRAFT: Partial<StartRequest> = { workflow: FLOW.name, workflowVersion: FLOW.version };

export const draftPromises: Promises = {
  'a draft that no run is on is replaced, by a draft or a deployment (D1)': async ({ store, clock }) => {
    await store.putDefinition(draftOf('a', { by: 'ada' }));
    clock.advance(5);
    expect(await store.putDefinition(draftOf('b'))).toEqual({ outcome: 'stored', routed: false });
    const b = { body: bytes('b'), bytes: 1, draft: true, storedAt: clock.now(), storedBy: undefined };
    expect(await readOne(store)).toMatchObject(b);
    expect(await store.putDefinition(definitionOf('c'))).toMatchObject({ outcome: 'stored' });
    expect(await readOne(store)).toMatchObject({ body: bytes('c'), draft: false });
    expect(await revisionOf(store)).toBe(3);
    expect(await store.putDefinition(draftOf('d'))).toMatchObject({ outcome: 'exists', draft: false });
  },
  'a draft is deployed by storing its content without `draft`, also while runs are on it (D1)': async ({
    store,
    clock,
  }) => {
    await store.putDefinition(draftOf('a', { by: 'ada' }));
    await startQueued(store, OF_DRAFT);
    clock.advance(5);
    expect(await store.putDefinition(definitionOf('a', { by: 'bob' }))).toMatchObject({ outcome: 'stored' });
    const deployed = { draft: false, storedAt: clock.now(), storedBy: 'bob', body: bytes('a') };
    expect(await readOne(store)).toMatchObject(deployed);
    expect(await revisionOf(store)).toBe(2);
  },
  'a draft that an open run of any status is on is kept, until the last one closes (D1)': async ({
    store,
    second,
  }) => {
    await store.putDefinition(draftOf('a'));
    const engineId = await boot(store);
    const run = await startOwned(store, engineId, { ...OF_DRAFT, queue: 'b' });
    const other = await startOwned(store, engineId, { ...OF_DRAFT, queue: 'c' });
    await refuses(second);
    const closed = await advance(store, run, closing(run));
    await advance(store, other, suspension(other));
    await refuses(second);
    const blocked = await startOwned(store, engineId, { ...OF_DRAFT, queue: 'd' });
    await advance(store, blocked, blocking('NON_DETERMINISTIC'));
    await refuses(second);
    const { version, events: seq } = closed;
    const again = { runId: run.runId, version, from: 'completed', seq, count: 0, commitId: 1 } as const;
    expect(await store.reopen({ ...again, history: undefined }), 'and a retried one').toBe('ok');
    await refuses(second);
  },
  'a run that is closed does not keep its draft (D1)': async ({ store }) => {
    await store.putDefinition(draftOf('a'));
    const run: Owned = await startOwned(store, await boot(store), OF_DRAFT);
    await refuses(store);
    await advance(store, run, closing(run, 'failed'));
    expect(await store.putDefinition(draftOf('b'))).toMatchObject({ outcome: 'stored' });
  },
  'a run that demands something of its engine keeps the draft too (D1)': async ({ store }) => {
    await store.putDefinition(draftOf('a'));
    await startQueued(store, { ...OF_DRAFT, workflowVersion: '1+gpu+region=eu' });
    await refuses(store);
  },
  'runs of another version, name or namespace do not keep a draft (D1)': async ({ store }) => {
    await store.putDefinition(draftOf('a'));
    await keeps(store, { workflowVersion: '10' });
    await keeps(store, { workflowVersion: '10+gpu' });
    await keeps(store, { workflow: 'flow2' });
    await keeps(store, { workflow: '$task/flow' });
    await keeps(store, { namespace: 'tenant' });
  },
};

let made = 0;

/** Starts a run, and replaces the draft all the same. */
async function keeps(store: Store, more: Partial<StartRequest>): Promise<void> {
  made += 1;
  await startQueued(store, { ...OF_DRAFT, ...more });
  expect(await store.putDefinition(draftOf(`replaced ${made}`))).toMatchObject({ outcome: 'stored' });
}

async function refuses(store: Store): Promise<void> {
  const [before, revision] = [await readOne(store), await revisionOf(store)];
  for (const other of [draftOf('other'), definitionOf('other')]) {
    const refusal = { outcome: 'exists', hash: before?.hash, body: before?.body, draft: true, openRuns: 1 };
    expect(await store.putDefinition(other)).toEqual(refusal);
  }
  expect(await readOne(store)).toEqual(before);
  expect(await revisionOf(store)).toBe(revision);
}

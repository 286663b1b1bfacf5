import { expect } from 'vitest';
import { carriesAll } from '../../../core/cluster/demands.ts';
import { PRIORITIES } from '../../../core/status.ts';
import {
  advance,
  boot,
  bytes,
  claim,
  claimedIds,
  claimOne,
  closing,
  commitOne,
  CONTINUE,
  messageTo,
  newId,
  ORDER,
  planOf,
  rowOf,
  startOf,
  startOwned,
  startQueued,
  suspension,
  text,
} from '../samples.ts';
import type { Promises } from '../subject.ts';

export const claimPromises: Promises = {
  'a claimed run belongs to the engine that claimed it': async ({ store, clock }) => {
    const engineId = await boot(store);
    const runId = await startQueued(store);
    const before = await rowOf(store, runId);
    const run = await claimOne(store, engineId);
    expect(run).toMatchObject({ runId, version: 0, events: 1, suspect: false });
    expect(run.epoch).toBe(before.epoch + 1);
    expect(await rowOf(store, runId)).toMatchObject({
      status: 'running',
      ownerId: engineId,
      engineName: 'alpha',
      epoch: run.epoch,
      startedAt: clock.now(),
    });
  },
  'a claim tells all that the owner needs': async ({ store }) => {
    const request = startOf({
      namespace: 'tenant',
      queue: 'slow',
      priority: 'high',
      tags: ['x'],
      key: 'k',
      deadlineAt: 99,
      parentRunId: newId(),
      parentOrdinal: 4,
    });
    await store.startRuns([request]);
    expect(await claimOne(store, await boot(store))).toMatchObject({
      runId: request.runId,
      namespace: 'tenant',
      workflow: 'order',
      workflowVersion: '1',
      queue: 'slow',
      priority: 'high',
      tags: ['x'],
      key: 'k',
      deadlineAt: 99,
      parentRunId: request.parentRunId,
      parentOrdinal: 4,
      inboxSeq: 0,
    });
  },
  'a fresh run comes with its first chunk': async ({ store }) => {
    await startQueued(store, { history: bytes('first') });
    expect(text((await claimOne(store, await boot(store))).history)).toBe('first');
  },
  'a run that has had a turn comes without history': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await advance(store, run, suspension(run));
    await store.deliver([messageTo(run.runId)]);
    expect(await claimOne(store, await boot(store))).toMatchObject({
      version: 1,
      history: undefined,
      inboxSeq: 1,
    });
  },
  'a claimed run can be committed by its claimer': async ({ store }) => {
    await startQueued(store);
    await advance(store, await claimOne(store, await boot(store)));
  },
  'a run is claimed once': async ({ store, second }) => {
    await startQueued(store);
    expect(await claim(store, await boot(store))).toHaveLength(1);
    expect(await claim(second, await boot(second))).toEqual([]);
  },
  'an engine that is not registered claims nothing': async ({ store }) => {
    await startQueued(store);
    expect(await claim(store, newId())).toEqual([]);
  },
  'a retired engine claims nothing (I9)': async ({ store }) => {
    const engineId = await boot(store);
    await startQueued(store);
    await store.retire(engineId, undefined, { limit: 10, deathLimit: 3, harmless: true });
    expect(await claim(store, engineId)).toEqual([]);
  },
  'a run is claimed by an engine that carries all that it demands': async ({ store }) => {
    const sets = [[], ['gpu'], ['ssd'], ['gpu', 'ssd'], ['region=eu', 'ssd']];
    for (const traits of sets) {
      const engineId = await boot(store);
      const ids = new Map<string, readonly string[]>();
      for (const demands of sets) {
        ids.set(await startQueued(store, { workflowVersion: ['1', ...demands].join('+') }), demands);
      }
      const carried = [...ids].filter(([, demands]) => carriesAll(traits, demands)).map(([runId]) => runId);
      expect(await claimedIds(store, engineId, { traits }), `with ${traits.join(' ')}`).toEqual(carried);
      const all = { traits: ['gpu', 'ssd', 'region=eu'] };
      const others = [
        { workflow: 'order', version: '2' },
        { workflow: 'invoice', version: '1' },
      ];
      expect(await claim(store, engineId, { ...all, workflows: others })).toEqual([]);
      expect(await claim(store, engineId, all)).toHaveLength(sets.length - carried.length);
    }
  },
  'a run demands the same after a pause, and when it is opened again': async ({ store, clock }) => {
    const workflowVersion = '1+gpu';
    const [able, other] = [await boot(store), await boot(store, 'beta')];
    const carries = { traits: ['gpu'] };
    const runId = await startQueued(store, { workflowVersion });
    const claimed = await claimOne(store, able, carries);
    await advance(store, claimed, suspension(claimed, clock.now() + 10));
    clock.advance(10);
    const adopter = { engineId: other, limit: 10 };
    await store.wakeDue({ workflows: [ORDER], limit: 10, adopter, ...carries });
    expect(await claim(store, other)).toEqual([]);
    const again = await claimOne(store, other, carries);
    expect(again).toMatchObject({ runId, workflowVersion });
    const { version, events: seq } = await advance(store, again, closing(again, 'failed'));
    const reopened = { runId, version, from: 'failed', seq, count: 0, history: undefined } as const;
    expect(await store.reopen({ ...reopened, commitId: 7 })).toBe('ok');
    expect(await claim(store, other)).toEqual([]);
    expect(await claim(store, other, carries)).toMatchObject([{ runId, workflowVersion }]);
  },
  'runs that nobody carries do not hide those behind them': async ({ store }) => {
    const engineId = await boot(store);
    for (let made = 0; made < 5; made += 1) await startQueued(store, { workflowVersion: '1+gpu' });
    const behind = await startQueued(store);
    expect(await claimedIds(store, engineId, { limit: 1 })).toEqual([behind]);
  },
  'an engine without workflows claims nothing': async ({ store }) => {
    await startQueued(store);
    expect(await claim(store, await boot(store), { workflows: [] })).toEqual([]);
  },
  'a limit of nothing claims nothing': async ({ store }) => {
    await startQueued(store);
    expect(await claim(store, await boot(store), { limit: 0 })).toEqual([]);
  },
  'no more than the limit is claimed, and the first in rank': async ({ store, clock }) => {
    const runIds: string[] = [];
    for (let made = 0; made < 5; made += 1) {
      runIds.push(await startQueued(store));
      clock.advance(1);
    }
    expect(await claimedIds(store, await boot(store), { limit: 3 })).toEqual(runIds.slice(0, 3));
    expect(await claimedIds(store, await boot(store), { limit: 3 })).toEqual(runIds.slice(3));
  },
  'runs of equal rank are claimed in the order of their ids': async ({ store }) => {
    const requests = [startOf(), startOf(), startOf()];
    await store.startRuns(requests.toReversed());
    expect(await claimedIds(store, await boot(store))).toEqual(requests.map((request) => request.runId));
  },
  'higher priorities are claimed first': async ({ store }) => {
    const runIds = new Map<string, string>();
    for (const priority of PRIORITIES) runIds.set(priority, await startQueued(store, { priority }));
    const order = ['critical', 'high', 'normal', 'low'].map((priority) => runIds.get(priority));
    expect(await claimedIds(store, await boot(store))).toEqual(order);
  },
  'a low run overtakes normal runs that came a minute later': async ({ store, clock }) => {
    const low = await startQueued(store, { priority: 'low' });
    clock.advance(59_999);
    const before = await startQueued(store);
    clock.advance(2);
    const after = await startQueued(store);
    expect(await claimedIds(store, await boot(store))).toEqual([before, low, after]);
  },
  'a low run beside an endless stream of critical ones goes before those of an hour later': async ({
    store,
    clock,
  }) => {
    const engineId = await boot(store);
    const minute = 60_000;
    const low = await startQueued(store, { priority: 'low' });
    const first = clock.now();
    let claimed: string[] = [];
    let streamed = 0;
    // One comes a minute, and one is taken.
    while (!claimed.includes(low) && streamed < 100) {
      // oxlint-disable no-await-in-loop -- the stream is endless
      await startQueued(store, { priority: 'critical' });
      claimed = await claimedIds(store, engineId, { limit: 1 });
      streamed += 1;
      clock.advance(minute);
      // oxlint-enable no-await-in-loop
    }
    expect(claimed).toEqual([low]);
    expect(clock.now() - first).toBe(61 * minute);
  },
  'rank holds across queues, namespaces and workflows': async ({ store, clock }) => {
    const runIds: string[] = [];
    for (const more of [{ queue: 'z' }, { namespace: 'tenant' }, { workflow: 'ship' }, { queue: 'a' }, {}]) {
      runIds.push(await startQueued(store, more));
      clock.advance(1);
    }
    const workflows = [ORDER, { workflow: 'ship', version: '1' }];
    expect(await claimedIds(store, await boot(store), { workflows })).toEqual(runIds);
  },
  'only workflows and versions that the engine has are claimed': async ({ store }) => {
    await startQueued(store, { workflow: 'ship' });
    await startQueued(store, { workflowVersion: '2' });
    const runId = await startQueued(store);
    expect(await claimedIds(store, await boot(store))).toEqual([runId]);
  },
  'a crowd of runs that nobody can execute hides no run behind it': async ({ store, clock }) => {
    await store.startRuns(Array.from({ length: 300 }, () => startOf({ workflow: 'unknown' })));
    clock.advance(1);
    const runId = await startQueued(store);
    expect(await claimedIds(store, await boot(store), { limit: 1 })).toEqual([runId]);
  },
  'a claim can be narrowed to a namespace': async ({ store }) => {
    await startQueued(store);
    const runId = await startQueued(store, { namespace: 'tenant' });
    expect(await claimedIds(store, await boot(store), { namespace: 'tenant' })).toEqual([runId]);
  },
  'a claim can be narrowed to queues': async ({ store, clock }) => {
    await startQueued(store);
    const slow = await startQueued(store, { queue: 'slow' });
    clock.advance(1);
    const fast = await startQueued(store, { queue: 'fast' });
    expect(await claimedIds(store, await boot(store), { queues: ['fast', 'slow'] })).toEqual([slow, fast]);
    expect(await claim(store, await boot(store), { queues: [] })).toEqual([]);
  },
  'running, waiting and blocked runs are not claimed': async ({ store }) => {
    const engineId = await boot(store);
    const waiting = await startOwned(store, engineId);
    await advance(store, waiting, suspension(waiting));
    const blocked = await startOwned(store, engineId);
    await advance(store, blocked, { kind: 'block', code: 'X', waits: bytes('w') });
    await startOwned(store, engineId);
    expect(await claim(store, await boot(store))).toEqual([]);
  },
  'the owner before a claim can change nothing after it (I1)': async ({ store }) => {
    const former = await boot(store);
    const run = await startOwned(store, former);
    await store.release([run]);
    await claimOne(store, await boot(store));
    expect(await commitOne(store, planOf(run, CONTINUE))).toEqual({ outcome: 'conflict' });
  },
  'a first turn that comes later does not move the start of the run': async ({ store, clock }) => {
    const run = await startOwned(store, await boot(store));
    const startedAt = clock.now();
    await store.release([run]);
    clock.advance(1000);
    await claimOne(store, await boot(store));
    expect((await rowOf(store, run.runId)).startedAt).toBe(startedAt);
  },
  'a released run is queued again with a new epoch': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    expect(await store.release([run])).toBe(1);
    expect(await rowOf(store, run.runId)).toMatchObject({
      status: 'queued',
      ownerId: undefined,
      epoch: run.epoch + 1,
      version: run.version,
      deaths: 0,
      suspectGroup: undefined,
    });
  },
  'a released run goes before runs that became ready after it': async ({ store, clock }) => {
    const run = await startOwned(store, await boot(store));
    clock.advance(1);
    const later = await startQueued(store);
    clock.advance(1);
    await store.release([run]);
    expect(await claimedIds(store, await boot(store))).toEqual([run.runId, later]);
  },
  'a release by a stale owner changes nothing': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    expect(
      await store.release([
        { ...run, epoch: run.epoch - 1 },
        { ...run, version: 7 },
      ]),
    ).toBe(0);
    expect((await rowOf(store, run.runId)).status).toBe('running');
  },
  'a release of nothing is nothing': async ({ store }) => {
    expect(await store.release([])).toBe(0);
  },
  'a run that nobody owns cannot be released': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    const waiting = await advance(store, run, suspension(run));
    expect(await store.release([waiting])).toBe(0);
    expect((await rowOf(store, run.runId)).status).toBe('waiting');
  },
};

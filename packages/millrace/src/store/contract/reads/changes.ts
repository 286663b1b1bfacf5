import { expect } from 'vitest';
import { firstIdAt, runIdOf } from '../../../core/ids.ts';
import type { ChangeRequest, Changes, Store } from '../../port/store.ts';
import {
  advance,
  blocking,
  boot,
  closedRun,
  closing,
  newCommitId,
  newId,
  startOwned,
  startQueued,
} from '../samples.ts';
import type { Promises } from '../subject.ts';

const NOWHERE = { at: 0, runId: firstIdAt(0) };
const ALL = { begun: firstIdAt(0), ended: NOWHERE, reopened: NOWHERE };

export const changePromises: Promises = {
  'runs that began are told by id, whether they are open or have closed': async ({ store, clock }) => {
    const first = await startQueued(store, { queue: 'a', key: 'k', tags: ['red'], priority: 'high' });
    const second = (await closedRun(store, { queue: 'b' })).runId;
    const third = await startQueued(store, { queue: 'c' });
    const { begun, storeTime } = await changes(store);
    expect(begun.map(({ runId }) => runId)).toEqual([first, second, third]);
    expect(begun[0]).toEqual({
      ...{ runId: first, workflow: 'order', workflowVersion: '1', queue: 'a', priority: 'high', key: 'k' },
      ...{ tags: ['red'], parentRunId: undefined, createdAt: clock.now() },
    });
    expect(storeTime).toBe(clock.now());
    const rest = await changes(store, { after: { ...ALL, begun: first }, limit: 1 });
    expect(rest.begun.map(({ runId }) => runId)).toEqual([second]);
  },
  'runs that began are found by the time in their ids': async ({ store }) => {
    const [early, late] = [1_000, 2_000].map((at) => runIdOf(at, 0, () => 0.5));
    await startQueued(store, { runId: early as string });
    await startQueued(store, { runId: late as string, queue: 'b' });
    const since = await changes(store, { after: { ...ALL, begun: firstIdAt(1_001) } });
    expect(since.begun.map(({ runId }) => runId)).toEqual([late]);
    const until = await changes(store, { until: 2_000 });
    expect(until.begun.map(({ runId }) => runId)).toEqual([early]);
  },
  'runs that closed are told in the order of time': async ({ store, clock }) => {
    const first = await closedRun(store, { tags: ['x'] }, 'failed');
    const beganAt = clock.now();
    clock.advance(10);
    const second = (await closedRun(store, { queue: 'b' })).runId;
    const { ended } = await changes(store);
    expect(ended).toMatchObject([
      { runId: first.runId, status: 'failed', closedAt: beganAt, tags: ['x'], events: first.events },
      { runId: second, status: 'completed', closedAt: beganAt + 10 },
    ]);
    const place = { at: beganAt, runId: first.runId };
    expect((await changes(store, { after: { ...ALL, ended: place } })).ended).toHaveLength(1);
    expect((await changes(store, { until: beganAt + 10 })).ended).toHaveLength(1);
  },
  'changes of one instant come in pages that miss and repeat nothing': async ({ store }) => {
    const all = new Set<string>();
    for (let made = 0; made < 5; made += 1) all.add((await closedRun(store, { queue: `q${made}` })).runId);
    const seen: string[] = [];
    let ended = NOWHERE;
    for (;;) {
      const page = await changes(store, { after: { ...ALL, ended }, limit: 2 });
      seen.push(...page.ended.map(({ runId }) => runId));
      const last = page.ended.at(-1);
      if (last === undefined || page.ended.length < 2) break;
      ended = { at: last.closedAt, runId: last.runId };
    }
    expect(seen).toHaveLength(5);
    expect(new Set(seen)).toEqual(all);
  },
  'a run that is opened again is told until it is opened once more': async ({ store, clock }) => {
    const run = await closedRun(store, {}, 'failed');
    clock.advance(5);
    const request = { runId: run.runId, version: run.version, seq: run.events, commitId: newCommitId() };
    const how = { ...request, from: 'failed', count: 0, history: undefined } as const;
    expect(await store.reopen({ ...how, version: 999 })).toBe('conflict');
    expect((await changes(store)).reopened).toEqual([]);
    expect(await store.reopen(how)).toBe('ok');
    const { reopened, ended } = await changes(store);
    expect(reopened).toMatchObject([{ runId: run.runId, workflow: 'order', reopenedAt: clock.now() }]);
    expect(ended, 'it has not ended any more').toEqual([]);
    const behind = { at: clock.now(), runId: run.runId };
    expect((await changes(store, { after: { ...ALL, reopened: behind } })).reopened).toEqual([]);
  },
  'runs that stand still are listed, blocked ones with the reason': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await startQueued(store, { queue: 'b' });
    await advance(store, run, blocking('QUARANTINED'));
    const held = await store.listHeld({ namespace: 'default', limit: 10 });
    expect(held).toMatchObject([
      { runId: run.runId, status: 'blocked', blockCode: 'QUARANTINED', version: 1, workflow: 'order' },
    ]);
    expect(await store.listHeld({ namespace: 'tenant', limit: 10 })).toEqual([]);
  },
  'changes stay within their namespace, and leave attempts of calls out': async ({ store }) => {
    const engineId = await boot(store);
    for (const more of [{ namespace: 'tenant' }, { workflow: '$task/mail', queue: 'b' }]) {
      const run = await startOwned(store, engineId, more);
      await advance(store, run, closing(run));
      await startQueued(store, { ...more, queue: `more-${newId()}` });
    }
    expect(await changes(store)).toMatchObject({ begun: [], ended: [], reopened: [] });
    const own = await changes(store, { namespace: 'tenant' });
    expect([own.begun.length, own.ended.length]).toEqual([2, 1]);
  },
};

function changes(store: Store, more: Partial<ChangeRequest> = {}): Promise<Changes> {
  return store.readChanges({ namespace: 'default', after: ALL, until: undefined, limit: 100, ...more });
}

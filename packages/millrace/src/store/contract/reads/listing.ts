import { expect } from 'vitest';
import type { RunFilter, Store } from '../../port/store.ts';
import { advance, boot, closedRun, newId, startOwned, startQueued, suspension } from '../samples.ts';
import type { Promises } from '../subject.ts';

export const listingPromises: Promises = {
  'open runs of a namespace are counted, as far as asked': async ({ store, second }) => {
    await closedRun(store);
    for (const namespace of ['default', 'default', 'tenant', 'default'])
      await startQueued(store, { namespace });
    expect(await second.countOpen('default', 100)).toBe(3);
    expect(await second.countOpen('default', 2)).toBe(2);
    expect(await store.countOpen('nobody', 100)).toBe(0);
  },
  'runs are read in the order of the references, and missing ones are undefined': async ({ store }) => {
    const [first, second] = [await startQueued(store), await startQueued(store, { key: 'k' })];
    const rows = await store.readRuns([
      { namespace: 'default', key: 'k' },
      { runId: newId() },
      { runId: first },
      { namespace: 'default', key: 'other' },
    ]);
    expect(rows.map((row) => row?.runId)).toEqual([second, undefined, first, undefined]);
    expect(await store.readRuns([])).toEqual([]);
  },
  'a run is read with the first chunk of its history, where that is wanted': async ({ store }) => {
    const closed = await closedRun(store);
    const open = await startQueued(store);
    const refs = [{ runId: open }, { runId: newId() }, { runId: closed.runId }];
    const rows = await store.readRuns(refs, true);
    const firsts = await Promise.all(
      refs.map(async ({ runId }) => (await store.readHistory(runId, 0, 1))[0]),
    );
    expect(rows.map((row) => row?.firstChunk)).toEqual(firsts);
    expect([firsts[0]?.seq, firsts[2]?.seq]).toEqual([0, 0]);
    expect(rows.map((row) => row?.status)).toEqual(['queued', undefined, 'completed']);
    const without = await store.readRuns(refs);
    expect(without.map((row) => row?.firstChunk)).toEqual([undefined, undefined, undefined]);
  },
  'open and closed runs are listed together, newest first': async ({ store }) => {
    const first = await startQueued(store, { queue: 'a' });
    const second = await closedRun(store, { queue: 'b' });
    const third = await startQueued(store, { queue: 'c' });
    expect(await ids(store)).toEqual([third, second.runId, first]);
  },
  'a listing shows each run with its status': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await advance(store, run, suspension(run, 99));
    const { runs } = await store.listRuns({ namespace: 'default', limit: 10 });
    expect(runs).toMatchObject([
      { runId: run.runId, status: 'waiting', wakeAt: 99, engineName: 'alpha', version: 1 },
    ]);
  },
  'a listing stays within its namespace': async ({ store }) => {
    await startQueued(store);
    const runId = await startQueued(store, { namespace: 'tenant' });
    expect(await ids(store, { namespace: 'tenant' })).toEqual([runId]);
    expect(await ids(store, { namespace: 'nobody' })).toEqual([]);
  },
  'a listing comes in pages that miss and repeat nothing': async ({ store }) => {
    const all: string[] = [];
    for (let made = 0; made < 7; made += 1) {
      const queue = `q${made}`;
      all.push(
        made % 2 === 0 ? await startQueued(store, { queue }) : (await closedRun(store, { queue })).runId,
      );
    }
    const seen: string[][] = [];
    let before: string | undefined;
    do {
      const page = await store.listRuns({ namespace: 'default', limit: 3, before });
      seen.push(page.runs.map((run) => run.runId));
      before = page.next;
    } while (before !== undefined);
    expect(seen.map((page) => page.length)).toEqual([3, 3, 1]);
    expect(seen.flat()).toEqual(all.toReversed());
  },
  'a page looks at so many runs and no more, and none is missed by whoever goes on': async ({ store }) => {
    const wanted: string[] = [];
    for (let made = 0; made < 12; made += 1) {
      const tags = made % 6 === 0 ? ['rare'] : [];
      const made1 = await startQueued(store, { queue: `q${made}`, tags });
      const made2 = (await closedRun(store, { queue: `c${made}`, tags })).runId;
      if (made % 6 === 0) wanted.push(made1, made2);
    }
    const filter = { namespace: 'default', tag: 'rare', limit: 3, lookAt: 4 };
    const seen: string[][] = [];
    for (let before: string | undefined, more = true; more;) {
      const page = await store.listRuns({ ...filter, before });
      seen.push(page.runs.map((run) => run.runId));
      before = page.next;
      more = before !== undefined;
      expect(seen.length).toBeLessThan(20);
    }
    expect(seen.flat()).toEqual(wanted.toReversed());
    expect(seen.length, 'some are short').toBeGreaterThan(3);
    expect(await ids(store, { key: 'none', lookAt: 1 })).toEqual([]);
  },
  'the last page has no next one, also when it is full': async ({ store }) => {
    for (let made = 0; made < 4; made += 1) await startQueued(store);
    const first = await store.listRuns({ namespace: 'default', limit: 2 });
    expect(first.next).toBeDefined();
    expect(
      (await store.listRuns({ namespace: 'default', limit: 2, before: first.next })).next,
    ).toBeUndefined();
  },
  'an empty listing is an empty page': async ({ store }) => {
    expect(await store.listRuns({ namespace: 'default', limit: 5 })).toEqual({ runs: [], next: undefined });
  },
  'a listing can be narrowed to statuses, open and closed': async ({ store }) => {
    const queued = await startQueued(store, { queue: 'a' });
    const failed = (await closedRun(store, {}, 'failed')).runId;
    const completed = (await closedRun(store)).runId;
    const running = (await startOwned(store, await boot(store))).runId;
    expect(await ids(store, { status: ['queued'] })).toEqual([queued]);
    expect(await ids(store, { status: ['failed', 'queued'] })).toEqual([failed, queued]);
    expect(await ids(store, { status: ['completed', 'failed'] })).toEqual([completed, failed]);
    expect(await ids(store, { status: ['running'] })).toEqual([running]);
    expect(await ids(store, { status: [] })).toEqual([]);
  },
  'a listing can be narrowed to a workflow': async ({ store }) => {
    await startQueued(store);
    const open = await startQueued(store, { workflow: 'ship' });
    const closed = (await closedRun(store, { workflow: 'ship', queue: 'b' })).runId;
    expect(await ids(store, { workflow: 'ship' })).toEqual([closed, open]);
  },
  "a listing can be narrowed to an author's version, whatever its runs demand": async ({ store }) => {
    await startQueued(store, { workflowVersion: '10' });
    const open = [
      await startQueued(store, { workflowVersion: '2' }),
      await startQueued(store, { workflowVersion: '2+gpu' }),
    ];
    const closed = (await closedRun(store, { workflowVersion: '2+gpu+region=eu', queue: 'b' })).runId;
    const other = await startQueued(store, { workflow: 'ship', workflowVersion: '2' });
    const of = { workflow: 'order', workflowVersion: '2' };
    expect(await ids(store, of)).toEqual([closed, ...open.toReversed()]);
    expect(await ids(store, { ...of, status: ['queued'] })).toEqual(open.toReversed());
    const first = await store.listRuns({ namespace: 'default', ...of, limit: 2 });
    expect(await ids(store, { ...of, before: first.next })).toEqual([open[0]]);
    expect(await ids(store, { workflowVersion: '2' }), 'of any workflow').toEqual([
      other,
      closed,
      ...open.toReversed(),
    ]);
    expect(await ids(store, { ...of, workflowVersion: '2+gpu' })).toEqual([]);
    const task = await startQueued(store, { workflow: '$task/mail', workflowVersion: '2', queue: 'c' });
    expect(await ids(store, { workflow: '$task/mail', workflowVersion: '2' })).toEqual([task]);
    expect(await ids(store, { ...of, namespace: 'tenant' })).toEqual([]);
  },
  'runs are found by words in what they are known by, or by how their id begins': async ({ store }) => {
    const byWorkflow = await startQueued(store, { workflow: 'ship-Order' });
    const byKey = (await closedRun(store, { key: 'Käufer:ORDER_7%', queue: 'b' })).runId;
    const byTag = await startQueued(store, { workflow: 'mail', tags: ['eu', "border's"] });
    await startQueued(store, { workflow: 'mail', queue: 'order' });
    const [least = ''] = [byWorkflow, byKey, byTag].toSorted();
    expect(await ids(store, { workflow: undefined, q: 'oRDer' })).toEqual([byTag, byKey, byWorkflow]);
    expect(await ids(store, { q: 'order_7%' }), 'it is no pattern').toEqual([byKey]);
    expect(await ids(store, { q: "r's" })).toEqual([byTag]);
    expect(await ids(store, { q: least })).toEqual([least]);
    expect(await ids(store, { q: least.slice(1) }), 'not in the middle of an id').toEqual([]);
    expect(await ids(store, { q: 'order', status: ['completed'] })).toEqual([byKey]);
    expect(await ids(store, { q: 'nothing' })).toEqual([]);
    await expect(ids(store, { q: 'a\0' })).rejects.toMatchObject({ failure: 'definite' });
  },
  'a listing leaves out attempts of calls unless it is asked for them': async ({ store }) => {
    const parentRunId = newId();
    const run = await startQueued(store, { parentRunId });
    const open = await startQueued(store, { workflow: '$task/mail', queue: 'b', parentRunId });
    const closed = (await closedRun(store, { workflow: '$task/http', queue: 'c', parentRunId })).runId;
    expect(await ids(store)).toEqual([run]);
    expect(await ids(store, { parentRunId })).toEqual([run]);
    expect(await ids(store, { workflow: '$task/mail' })).toEqual([open]);
    expect(await ids(store, { tasks: true, parentRunId })).toEqual([closed, open, run]);
  },
  'a listing can be narrowed to a tag': async ({ store }) => {
    await startQueued(store, { tags: ['red', 'blue'] });
    await startQueued(store, { tags: ['redder'] });
    const [first, second] = [
      await startQueued(store, { tags: ['red'] }),
      await closedRun(store, { tags: ['x', 'red'], queue: 'b' }),
    ];
    expect((await ids(store, { tag: 'red' })).slice(0, 2)).toEqual([second.runId, first]);
    expect(await ids(store, { tag: 'red' })).toHaveLength(3);
    expect(await ids(store, { tag: 'green' })).toEqual([]);
  },
  'a tag may contain quotes and wildcards': async ({ store }) => {
    const runId = await startQueued(store, { tags: [`a"b'c\\d`, '%'] });
    await startQueued(store, { tags: ['anything'] });
    expect(await ids(store, { tag: `a"b'c\\d` })).toEqual([runId]);
    expect(await ids(store, { tag: '%' })).toEqual([runId]);
  },
  'a listing by key shows the earlier runs of the key too': async ({ store }) => {
    const first = await closedRun(store, { key: 'k', dedupMs: 0 });
    const second = await startQueued(store, { key: 'k' });
    await startQueued(store, { key: 'other' });
    expect(await ids(store, { key: 'k' })).toEqual([second, first.runId]);
  },
  'a listing can be narrowed to the children of a run': async ({ store }) => {
    const parentRunId = newId();
    const closed = (await closedRun(store, { parentRunId, queue: 'b' })).runId;
    const open = await startQueued(store, { parentRunId });
    await startQueued(store, { parentRunId: newId() });
    await startQueued(store);
    expect(await ids(store, { parentRunId })).toEqual([open, closed]);
  },
  'the runs ahead of a queued one are those of its queue with a better rank, whatever they run': async ({
    store,
  }) => {
    const [first, second] = [await startQueued(store), await startQueued(store, { workflow: 'ship' })];
    const last = await startQueued(store, { priority: 'low' });
    const urgent = await startQueued(store, { priority: 'critical' });
    await startQueued(store, { queue: 'b', priority: 'critical' });
    await startQueued(store, { namespace: 'tenant', priority: 'critical' });
    const counts = [urgent, first, second, last].map((runId) => store.countAhead(runId, 100));
    expect(await Promise.all(counts)).toEqual([0, 1, 2, 3]);
    expect(await store.countAhead(last, 2), 'no further than the limit').toBe(2);
  },
  'nothing is ahead of a run that is not queued': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await startQueued(store, { priority: 'critical' });
    expect(await store.countAhead(run.runId, 100)).toBe(0);
    expect(await store.countAhead(newId(), 100)).toBe(0);
  },
  'filters hold together': async ({ store }) => {
    const runId = await startQueued(store, { workflow: 'ship', tags: ['red'] });
    await startQueued(store, { workflow: 'ship', tags: ['blue'] });
    await startQueued(store, { tags: ['red'] });
    expect(await ids(store, { workflow: 'ship', tag: 'red', status: ['queued'] })).toEqual([runId]);
    expect(await ids(store, { workflow: 'ship', tag: 'red', before: runId })).toEqual([]);
  },
};

async function ids(store: Store, more: Partial<RunFilter> = {}): Promise<string[]> {
  return (await store.listRuns({ namespace: 'default', limit: 100, ...more })).runs.map((run) => run.runId);
}

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChangeEvent, HistoryChange } from '../../core/changes/change.ts';
import { signal } from '../../core/workflow/signal.ts';
import { workflow } from '../../core/workflow/workflow.ts';
import { Millrace } from '../../millrace.ts';
import type { WatchOptions } from './observer.ts';

const go = signal<number>('go');
const order = workflow('order', async (ctx, input: { wait?: boolean; fail?: boolean }) => {
  if (input.wait === true) await ctx.waitForSignal(go);
  if (input.fail === true) throw new Error('no stock');
  return 'secret output';
});
const other = workflow('other', () => 1);

describe('who watches', () => {
  let millrace: Millrace;
  beforeEach(async () => {
    millrace = await Millrace.open({ store: 'sqlite::memory:', workflows: [order, other] });
  });
  afterEach(() => millrace.close());

  /** Begins at once; `first` gives so many. */
  function watching(options: WatchOptions = {}) {
    const changes = millrace.watch(options);
    const early = changes.next();
    const seen: ChangeEvent[] = [];
    return {
      seen,
      async first(count: number): Promise<ChangeEvent[]> {
        for (let next = early; ; next = changes.next()) {
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          const { done, value } = await next;
          if (done === true) return seen;
          seen.push(value);
          if (seen.length === count) break;
        }
        await changes.return?.();
        return seen;
      },
    };
  }
  const types = (changes: readonly ChangeEvent[]) => changes.map(({ type }) => type).toSorted();

  it('is told what begins and ends from the moment on in which he asks', async () => {
    const watch = watching();
    const run = await millrace.start(order, {}, { key: 'k', tags: ['red'] });
    const [started, completed] = await watch.first(2);
    expect(started).toMatchObject({
      ...{ kind: 'run', type: 'started', runId: run.runId, workflow: 'order', key: 'k', tags: ['red'] },
      status: 'queued',
    });
    expect(completed).toMatchObject({ type: 'completed', runId: run.runId, status: 'completed' });
    expect(JSON.stringify(watch.seen)).not.toContain('secret');
  });

  it('is told of failures, and that somebody retried', async () => {
    const [ends, acts] = [watching({ types: ['run.failed'] }), watching({ types: ['run.retried'] })];
    const run = await millrace.start(order, { fail: true });
    const [failed] = await ends.first(1);
    const again = watching({ types: ['run.failed'], after: failed?.id });
    await run.retry();
    expect(await acts.first(1)).toMatchObject([{ type: 'retried', runId: run.runId, status: 'queued' }]);
    const ids = (await again.first(2)).map(({ id }) => id);
    expect(ids, 'it failed twice').toContain(failed?.id);
    expect(new Set(ids).size).toBe(2);
  });

  it('is told of nothing that he did not ask for', async () => {
    const watch = watching({ workflow: 'order', tag: 'red' });
    await (await millrace.start(other, undefined, { tags: ['red'] })).result();
    await (await millrace.start(order, {}, { tags: ['blue'] })).result();
    const run = await millrace.start(order, {}, { tags: ['blue', 'red'] });
    expect((await watch.first(2)).map((change) => 'runId' in change && change.runId)).toEqual([
      run.runId,
      run.runId,
    ]);
  });

  it('is told of queues that are paused, resumed and limited', async () => {
    const watch = watching({ types: ['queue'] });
    await millrace.start(order, {});
    // When a run is told of, the feed knows how queues stood.
    await watching({ types: ['run'] }).first(1);
    await millrace.setQueue('mail', { paused: true });
    await watching({ types: ['queue.paused'], after: '0' }).first(1);
    await millrace.setQueue('mail', { paused: false });
    const [paused, resumed] = await watch.first(2);
    expect(paused).toMatchObject({ kind: 'queue', type: 'paused', queue: 'mail', paused: true });
    expect(resumed).toMatchObject({ type: 'resumed', paused: false });
  });

  it('hears after a break of everything that happened since, under the same ids', async () => {
    const watch = watching();
    await millrace.start(order, {});
    const [started, completed] = await watch.first(2);
    const missed = await millrace.start(order, {});
    await missed.result();
    const again = await watching({ types: ['run'], after: started?.id }).first(4);
    expect(again.map(({ id }) => id)).toContain(completed?.id);
    const ofMissed = again.filter((change) => 'runId' in change && change.runId === missed.runId);
    expect(types(ofMissed)).toEqual(['completed', 'started']);
    expect(new Set(again.map(({ id }) => id)).size).toBe(4);
  });

  it('who asks from the beginning of time gets all there is, once', async () => {
    const runs = await Promise.all(
      Array.from({ length: 600 }, () => millrace.start(order, {}, { tags: ['many'] })),
    );
    await Promise.all(runs.map((run) => run.result()));
    const seen = await watching({ types: ['run'], tag: 'many', after: '0' }).first(1_200);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(1_200);
  });

  it('hears that it is over when Millrace is closed', async () => {
    const changes = millrace.watch();
    const next = changes.next();
    await millrace.start(other, undefined);
    await next;
    await changes.next();
    const last = changes.next();
    await millrace.close();
    expect(await last).toEqual({ done: true, value: undefined });
    await expect(millrace.watch().next()).rejects.toMatchObject({ code: 'ENGINE_CLOSED' });
  });

  it('is refused what is no filter and no place', async () => {
    const refused = { code: 'INVALID_ARGUMENT' };
    await expect(millrace.watch({ types: ['runs'] }).next()).rejects.toMatchObject(refused);
    await expect(millrace.watch({ after: 'yesterday' }).next()).rejects.toMatchObject(refused);
    await expect(millrace.watchRun('x', { after: 'y' }).next()).rejects.toMatchObject(refused);
  });

  it('follows one run through its history to its end', async () => {
    const run = await millrace.start(order, { wait: true });
    const seen: HistoryChange[] = [];
    for await (const change of millrace.watchRun(run.runId)) {
      seen.push(change);
      if (seen.length === 1) await run.signal(go, 17);
    }
    expect(seen.map(({ type }) => type)).toEqual(['started', 'signal-received', 'completed']);
    expect(seen.map(({ id }) => id)).toEqual(['0', '1', '2']);
    expect(seen.at(-1)).toMatchObject({ status: 'completed', runId: run.runId });
    expect(JSON.stringify(seen)).not.toContain('secret');
    const rest: number[] = [];
    for await (const { seq } of millrace.watchRun(run.runId, { after: '1' })) rest.push(seq);
    expect(rest).toEqual([2]);
  });

  it('finds no run of another namespace', async () => {
    const run = await millrace.start(other, undefined);
    const { store } = millrace;
    const stranger = await Millrace.open({ store, work: false, namespace: 'tenant' });
    await expect(stranger.watchRun(run.runId).next()).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    const theirs = stranger.watch({ after: '0' });
    const next = theirs.next();
    await run.result();
    await stranger.close();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});

import { describe, expect, it } from 'vitest';
import { gate, open, refusal, sharedStore, until } from '../../../testbed/engines/engines.ts';
import { signal, workflow, type KeyLimit, type Run } from '../../index.ts';

const go = signal<null>('go');
const waiting = workflow('waiting', (ctx, _: unknown) => ctx.waitForSignal(go));
const echo = workflow('echo', (_ctx, input: unknown) => input);

/** Counts how many of its steps run at once. */
function counted() {
  let now = 0;
  const seen = { most: 0, done: 0 };
  const work = workflow('counted', async (ctx, _: unknown) => {
    await ctx.step('work', async () => {
      now += 1;
      seen.most = Math.max(seen.most, now);
      await new Promise(setImmediate);
      now -= 1;
    });
    seen.done += 1;
  });
  return { work, seen };
}

const resultsOf = (runs: readonly Run[]): Promise<unknown[]> => Promise.all(runs.map((run) => run.result()));

describe('limits', () => {
  it('never lets more of a queue be worked on at once than it says, over two engines', async () => {
    const { work, seen } = counted();
    const store = sharedStore();
    const one = await open({ store, workflows: [work], name: 'one' });
    await open({ store, workflows: [work], name: 'two' });
    await one.setQueue('default', { maxConcurrent: 2 });
    const runs = await one.startMany(Array.from({ length: 40 }, () => ({ workflow: work, input: null })));
    await resultsOf(runs);
    expect(seen.done).toBe(40);
    expect(seen.most).toBeLessThanOrEqual(2);
  });

  it('of runs with a key one goes after the other, and others beside them', async () => {
    const { work, seen } = counted();
    const millrace = await open({ workflows: [work, echo] });
    const limits = [{ key: 'ada', max: 1 }];
    const item = { workflow: work, input: null, limits };
    const runs = await millrace.startMany(Array.from({ length: 20 }, () => item));
    expect(await (await millrace.start(echo, 7)).result()).toBe(7);
    await resultsOf(runs);
    expect(seen).toEqual({ most: 1, done: 20 });
  });

  it('are changed live: a raised one lets what waits begin at once', async () => {
    const millrace = await open({ workflows: [waiting], idlePoll: 60_000 });
    await millrace.setLimit({ workflow: 'waiting' }, { maxConcurrent: 1 });
    const first = await millrace.start(waiting, null);
    const second = await millrace.start(waiting, null);
    await until(first, 'waiting');
    expect((await second.describe()).status).toBe('queued');
    await millrace.setLimit({ workflow: 'waiting' }, { maxConcurrent: 2 });
    await until(second, 'waiting');
  });

  it('a run that ends lets the next begin at once, on another engine too', async () => {
    const store = sharedStore();
    const one = await open({ store, workflows: [waiting], concurrency: 1, idlePoll: 60_000 });
    await one.setLimit('all', { maxConcurrent: 1 });
    const first = await one.start(waiting, null);
    await until(first, 'waiting');
    const two = await open({ store, workflows: [waiting], idlePoll: 60_000 });
    const second = await two.start(waiting, null, { queue: 'other' });
    expect((await second.describe()).status).toBe('queued');
    await first.signal(go, null);
    await until(second, 'waiting');
  });

  it('a rate lets runs begin as their time comes, without being asked', async () => {
    const millrace = await open({ workflows: [echo], idlePoll: 60_000 });
    await millrace.setQueue('slow', { ratePerSecond: 20 });
    const item = { workflow: echo, input: 1, queue: 'slow' };
    await resultsOf(await millrace.startMany(Array.from({ length: 30 }, () => item)));
    const [queue] = await millrace.queues();
    expect(queue).toMatchObject({ queue: 'slow', depth: 0, limits: { ratePerSecond: 20 } });
  });

  it('leave no trace in the history of what they hold back', async () => {
    const order = workflow('order', async (ctx, _: null) => {
      await ctx.step('reserve', () => 'reserved');
      return ctx.step('charge', () => 'charged');
    });
    const millrace = await open({ workflows: [order] });
    const history = async (run: Run): Promise<unknown> =>
      (await run.history()).map(({ type, name, attempt, data }) => ({ type, name, attempt, data }));
    const played = async (limits?: readonly KeyLimit[]): Promise<Run[]> => {
      const item = { workflow: order, input: null, limits };
      const runs = await millrace.startMany([item, item, item]);
      await resultsOf(runs);
      return runs;
    };
    const [free] = await played();
    await millrace.setQueue('default', { maxConcurrent: 1, ratePerSecond: 1_000, maxDepth: 100 });
    await millrace.setLimit('all', { maxConcurrent: 1 });
    await millrace.setLimit({ workflow: 'order' }, { maxConcurrent: 2 });
    const limited = await played([{ key: 'ada', max: 1 }]);
    const plain = await history(free as Run);
    expect(await Promise.all(limited.map(history))).toEqual([plain, plain, plain]);
  });

  it('a full queue refuses a start before anything is stored, and says when to try again', async () => {
    const client = await open({ work: false });
    await client.setQueue('default', { maxDepth: 1 });
    const first = await client.start(echo, 1, { key: 'a' });
    const refused = client.start(echo, 2);
    await expect(refused).rejects.toEqual(refusal('QUEUE_FULL', /holds 1 queued runs/));
    const details = { queue: 'default', maxDepth: 1, retryAfterMs: expect.any(Number) as number };
    await expect(refused).rejects.toMatchObject({ details });
    await client.setQueue('default', { paused: true });
    const paused = client.start(echo, 2);
    await expect(paused).rejects.toMatchObject({ details: { retryAfterMs: 60_000 } });
    expect((await client.runs()).runs).toHaveLength(1);
    expect((await client.start(echo, 1, { key: 'a' })).runId).toBe(first.runId);
    await expect(client.startMany([{ workflow: echo, input: 3 }])).rejects.toEqual(refusal('QUEUE_FULL'));
  });

  it.each([
    ['no list', 'ada', /limits is "ada"/],
    ['half a limit', [{ key: 'ada' }], /limits\[0\] is/],
    ['a limit of nothing', [{ key: 'ada', max: 0 }], /limits\[0\]\.max is 0/],
    [
      'a key twice',
      [
        { key: 'a', max: 1 },
        { key: 'a', max: 2 },
      ],
      /"a" twice/,
    ],
    ['an empty key', [{ key: '', max: 1 }], /key is empty/],
    ['too many', Array.from({ length: 11 }, (_, at) => ({ key: `k${at}`, max: 1 })), /limits is/],
  ])('refuses %s', async (_, limits, message) => {
    const client = await open({ work: false });
    await expect(client.start(echo, 1, { limits: limits as never })).rejects.toEqual(
      refusal('INVALID_ARGUMENT', message),
    );
  });

  it('refuses changes that mean nothing', async () => {
    const client = await open({ work: false });
    const refused = (code: 'INVALID_ARGUMENT' | 'UNKNOWN_OPTION', message: RegExp) => refusal(code, message);
    await expect(client.setQueue('q', { maxConcurrent: 0 })).rejects.toEqual(
      refused('INVALID_ARGUMENT', /maxConcurrent is 0/),
    );
    await expect(client.setQueue('q', { ratePerSecond: -1 })).rejects.toEqual(
      refused('INVALID_ARGUMENT', /ratePerSecond is -1/),
    );
    await expect(client.setQueue('q', { paused: 'yes' as never })).rejects.toEqual(
      refused('INVALID_ARGUMENT', /paused is "yes"/),
    );
    await expect(client.setQueue('q', { max: 1 } as never)).rejects.toEqual(refused('UNKNOWN_OPTION', /max/));
    await expect(client.setLimit({ key: 'k' }, { maxDepth: 1 })).rejects.toEqual(
      refused('INVALID_ARGUMENT', /only queues/),
    );
  });
});

describe('why', () => {
  it('names the limit that holds a run back, and who holds it', async () => {
    const millrace = await open({ workflows: [waiting] });
    await millrace.setQueue('default', { maxConcurrent: 1 });
    const first = await millrace.start(waiting, null);
    await until(first, 'waiting');
    const second = await millrace.start(waiting, null);
    expect((await second.why()).reasons).toMatchObject([
      {
        code: 'LIMIT_REACHED',
        refs: { limit: 'queue', queue: 'default', max: 1, inUse: 1, holders: first.runId },
        remedy: { command: `millrace why ${first.runId}` },
      },
    ]);
  });

  it('names the pause and who did it', async () => {
    const millrace = await open({ workflows: [waiting], name: 'one' });
    await millrace.setQueue('default', { paused: true });
    const run = await millrace.start(waiting, null);
    expect((await run.why()).reasons).toMatchObject([
      {
        code: 'QUEUE_PAUSED',
        refs: { queue: 'default', pausedBy: 'one' },
        remedy: { command: 'millrace queues resume default' },
      },
    ]);
    expect(await millrace.queues()).toMatchObject([{ depth: 1, paused: true, pausedBy: 'one' }]);
    await millrace.setQueue('default', { paused: false });
    await until(run, 'waiting');
  });

  it('names the key that a run is parked on', async () => {
    const millrace = await open({ workflows: [waiting] });
    const limits = [{ key: 'ada', max: 1 }];
    const first = await millrace.start(waiting, null, { limits });
    await until(first, 'waiting');
    const second = await millrace.start(waiting, null, { limits });
    expect((await second.why()).reasons).toMatchObject([
      { code: 'LIMIT_REACHED', refs: { limit: 'key', key: 'ada', holders: first.runId } },
    ]);
  });
});

describe('dead letters', () => {
  it('are the failed runs of a queue, and go on when they are redriven', async () => {
    const mend = gate();
    let broken = true;
    const fragile = workflow('fragile', async (ctx, _: unknown) =>
      ctx.step('try', () => {
        if (broken) throw new Error('broken');
        mend.open();
      }),
    );
    const millrace = await open({ workflows: [fragile, echo] });
    const runs = [
      await millrace.start(fragile, 1, { queue: 'mail' }),
      await millrace.start(fragile, 2, { queue: 'mail' }),
      await millrace.start(fragile, 3, { queue: 'other' }),
    ];
    await Promise.all(runs.map((run) => until(run, 'failed')));
    // Newest first; within a millisecond by chance.
    const [older, newer] = [runs[0]?.runId ?? '', runs[1]?.runId ?? ''].toSorted();
    const first = await millrace.deadLetters('mail', { limit: 1 });
    expect(first).toMatchObject({ runs: [{ runId: newer }], next: newer });
    expect(await millrace.deadLetters('mail', { before: first.next })).toMatchObject({
      ...{ runs: [{ runId: older }], next: undefined },
    });
    broken = false;
    expect(await millrace.redrive('mail')).toEqual({ done: 2, failed: [] });
    await mend.passed;
    await Promise.all([until(runs[0] as Run, 'completed'), until(runs[1] as Run, 'completed')]);
    expect((await (runs[2] as Run).describe()).status).toBe('failed');
    await expect(millrace.deadLetters('mail', { limit: 0 })).rejects.toEqual(refusal('INVALID_ARGUMENT'));
  });
});

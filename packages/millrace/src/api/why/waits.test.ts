import { describe, expect, it } from 'vitest';
import { gate, open, sharedStore, until } from '../../../testbed/engines/engines.ts';
import { absentEngine, obey, reasonOf } from '../../../testbed/why/why.ts';
import { signal, workflow, type Context, type Run } from '../../index.ts';

/* Of each thing that a run may wait for: `why` names it, and doing what it says frees the run. */

const go = signal<unknown>('go on');
const waiting = workflow('waiting', (ctx, _: unknown) => ctx.waitForSignal(go));
const parent = workflow('parent', (ctx, _: null) => ctx.child(waiting, null));
const grandparent = workflow('grandparent', (ctx, _: null) => ctx.child(parent, null));
const calling = workflow('calling', (ctx, _: null) => ctx.call('work', null));
const holding = workflow('holding', async (ctx, names: readonly [first: string, second?: string]) => {
  await ctx.lock(names[0]);
  await ctx.waitForSignal(go);
  if (names[1] !== undefined) await ctx.lock(names[1]);
  return 'held';
});
const napping = workflow('napping', (ctx, ms: number) => ctx.sleep(ms).then(() => 'rested'));
const family = workflow('family', (ctx: Context, _: null) => ctx.child(waiting, null));

const workflows = [waiting, parent, grandparent, calling, holding, napping, family];

async function stand(options: Parameters<typeof open>[0] = {}) {
  const store = sharedStore();
  const millrace = await open({ store, name: 'one', workflows, ...options });
  return { store, millrace };
}

describe('a run is freed by what why says when it waits', () => {
  it('WAITING_SIGNAL: for a signal', async () => {
    const { store, millrace } = await stand();
    const run = await millrace.start(waiting, null);
    await obey(await reasonOf(run, 'WAITING_SIGNAL'), store);
    expect(await run.result()).toBeNull();
  });

  it('WAITING_EXTERNAL: for somebody outside', async () => {
    const scan = workflow('scan', (ctx, _: null) => ctx.external('scale').result);
    const { millrace } = await stand({ workflows: [scan] });
    const run = await millrace.start(scan, null);
    const { refs } = await reasonOf(run, 'WAITING_EXTERNAL');
    await millrace.complete(String(refs['token']), 17);
    expect(await run.result()).toBe(17);
  });

  it('SLEEPING: until its time, and no sooner', async () => {
    const { millrace } = await stand();
    const run = await millrace.start(napping, 400);
    const { refs } = await reasonOf(run, 'SLEEPING');
    expect(await run.result()).toBe('rested');
    const { closedAt } = await run.describe();
    expect(Date.parse(String(closedAt))).toBeGreaterThanOrEqual(Date.parse(String(refs['until'])));
  });

  it('DELAYED_START: until its start', async () => {
    const { millrace } = await stand();
    const run = await millrace.start(napping, 0, { delay: 400 });
    const { refs } = await reasonOf(run, 'DELAYED_START');
    expect(await run.result()).toBe('rested');
    const { startedAt } = await run.describe();
    expect(Date.parse(String(startedAt))).toBeGreaterThanOrEqual(Date.parse(String(refs['until'])));
  });

  it('RETRY_BACKOFF: for the next attempt, with the last error', async () => {
    let isBusy = true;
    const paying = workflow('paying', (ctx, _: null) =>
      ctx.step('pay', () => {
        if (isBusy) throw Object.assign(new Error('machine busy'), { code: 'HTTP_503' });
        return 'paid';
      }),
    );
    const { millrace } = await stand({ workflows: [paying], retry: { initial: 300, maxAttempts: 20 } });
    const run = await millrace.start(paying, null);
    const { message, refs } = await reasonOf(run, 'RETRY_BACKOFF');
    expect(message).toMatch(
      /step "pay" is tried again \(attempt \d+\) at .*; the last one failed: HTTP_503: machine busy$/,
    );
    expect(Date.parse(String(refs['until']))).toBeGreaterThan(Date.now() - 5_000);
    isBusy = false;
    expect(await run.result()).toBe('paid');
    const { timeBySteps } = await run.why();
    expect(timeBySteps).toMatchObject([{ name: 'pay', attempts: expect.any(Number) as number }]);
    expect(timeBySteps[0]?.backoffMs).toBeGreaterThan(100);
  });

  it('WAITING_CHILD: for a child, and its child, to the signal at the end', async () => {
    const { store, millrace } = await stand();
    const run = await millrace.start(grandparent, null);
    const [first] = (await reasonOf(run, 'WAITING_CHILD')).causes ?? [];
    expect(first).toMatchObject({ workflow: 'parent', told: false });
    const last = await reasonOf(run, 'WAITING_SIGNAL', 2);
    await obey(last, store);
    expect(await run.result()).toBeNull();
  });

  it('WAITING_TASK and NO_ENGINE_FOR_EXECUTOR: for an executor that nobody has any more', async () => {
    const { store, millrace } = await stand();
    const worker = await open({ store, name: 'worker', executors: { work: () => 'done' } });
    await worker.close();
    const run = await millrace.start(calling, null);
    expect((await reasonOf(run, 'WAITING_TASK')).causes?.[0]).toMatchObject({
      workflow: '$task/work',
      status: 'queued',
    });
    const reason = await reasonOf(run, 'NO_ENGINE_FOR_EXECUTOR', 1);
    expect(reason).toMatchObject({
      message: expect.stringMatching(
        /has executor "work": one has executors noop, .*; worker could take it until 20\d\d-/,
      ) as string,
      refs: { executor: 'work', formerEngineId: 'worker' },
      remedy: { message: expect.stringMatching(/^Start worker again/) as string },
    });
    await open({ store, name: 'worker', executors: { work: () => 'done' } });
    expect(await run.result()).toBe('done');
  });

  it('EXECUTING: for an attempt that an engine makes, here or elsewhere', async () => {
    const [begun, end] = [gate(), gate()];
    const { store, millrace } = await stand();
    await open({
      store,
      name: 'worker',
      executors: { work: () => (begun.open(), end.passed.then(() => 'done')) },
    });
    const run = await millrace.start(calling, null);
    await begun.passed;
    const reason = await reasonOf(run, 'EXECUTING', 1);
    expect(reason).toMatchObject({
      message: expect.stringMatching(
        /^engine worker makes attempt 1 of step "work" of run .* by executor "work"/,
      ) as string,
      refs: { engineId: 'worker' },
    });
    end.open();
    expect(await run.result()).toBe('done');
  });

  it('WAITING_LOCK: for a run that holds the lock, or for a process', async () => {
    const { store, millrace } = await stand();
    const first = await millrace.start(holding, ['the door']);
    await until(first, 'waiting');
    const second = await millrace.start(holding, ['the door']);
    const lock = await reasonOf(second, 'WAITING_LOCK');
    expect(lock.message).toMatch(
      /^it waits for lock "the door", held by run \S+ \(holding\) since .*, at most until /,
    );
    expect(lock.causes?.[0]).toMatchObject({ runId: first.runId });
    await obey(await reasonOf(second, 'WAITING_SIGNAL', 1), store);
    expect(await first.result()).toBe('held');
    await obey(await reasonOf(second, 'WAITING_SIGNAL'), store);
    expect(await second.result()).toBe('held');

    const held = await millrace.lock('the door');
    const third = await millrace.start(holding, ['the door']);
    const process = await reasonOf(third, 'WAITING_LOCK');
    expect(process.message).toMatch(/held by a process of engine one since/);
    await obey(process, store);
    await obey(await reasonOf(third, 'WAITING_SIGNAL'), store);
    expect(await third.result()).toBe('held');
    await held.release().catch(() => {});
  });

  it('DEADLOCK: two runs for the locks of each other', async () => {
    const { store, millrace } = await stand();
    const runs = [await millrace.start(holding, ['a', 'b']), await millrace.start(holding, ['b', 'a'])];
    for (const run of runs) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await until(run, 'waiting');
      // oxlint-disable-next-line no-await-in-loop
      await run.signal(go, null);
    }
    const [first, second] = runs as [Run, Run];
    const reason = await reasonOf(first, 'DEADLOCK');
    expect(reason.message).toMatch(
      new RegExp(
        `^runs wait for each other: ${first.runId} for lock "b" of ${second.runId}, ${second.runId} for lock "a" of ` +
          `${first.runId}; this ends by itself at 20`,
      ),
    );
    await obey(reason, store);
    expect(await Promise.all(runs.map((run) => run.result()))).toEqual(['held', 'held']);
  });

  it('DEADLOCK: a parent for a child that needs the grant which the parent holds', async () => {
    const { store, millrace } = await stand();
    await millrace.setLimit('all', { maxConcurrent: 1 });
    const run = await millrace.start(family, null);
    const reason = await reasonOf(run, 'DEADLOCK');
    expect(reason.message).toMatch(/for child "waiting" of \S+, \S+ for a grant of the namespace of/);
    expect(reason.remedy.command).toBe('millrace queues limit --all --max 2');
    await obey(reason, store);
    await obey(await reasonOf(run, 'WAITING_SIGNAL', 1), store);
    expect(await run.result()).toBeNull();
  });

  it('WAKING, or NO_ENGINE: its time has come, and somebody must wake it', async () => {
    const { store, millrace } = await stand();
    const run = await millrace.start(napping, 300);
    await until(run, 'waiting');
    await millrace.close();
    const client = await open({ store, work: false });
    const seen = client.run(run.runId);
    expect((await reasonOf(seen, 'NO_ENGINE')).message).toMatch(
      /^the end of its sleep came at .*, and no engine is alive to wake it$/,
    );
    const absent = await absentEngine(client, 'elsewhere');
    expect((await reasonOf(seen, 'WAKING')).message).toMatch(/an engine is about to wake it$/);
    await client.store.retire(absent, undefined, { limit: 1, deathLimit: 9, harmless: true });
    await open({ store, name: 'two', workflows });
    expect(await seen.result()).toBe('rested');
  });
});

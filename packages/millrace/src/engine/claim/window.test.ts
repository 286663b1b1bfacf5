import { describe, expect, it } from 'vitest';
import { gate, open, sharedStore, until } from '../../../testbed/engines/engines.ts';
import { openStore, signal, workflow, type Run } from '../../index.ts';
import type { Store } from '../../store/port/store.ts';

const go = signal<string>('go');
const HOUR_MS = 3_600_000;

/** A workflow that waits for a signal, and how often its program was started: more than once a run is a replay. */
function waitingProgram() {
  const starts: string[] = [];
  const subject = workflow('waiting', (ctx, _: null) => {
    starts.push(ctx.runId);
    return ctx.waitForSignal(go);
  });
  return { subject, starts };
}

/** A run that is suspended, in the memory of the engine that started it. */
async function suspended<O>(run: Run<O>): Promise<Run<O>> {
  await until(run, 'waiting');
  return run;
}

async function engineOf(run: Run): Promise<string | null> {
  return (await run.describe()).engineId;
}

describe('a run whose signal comes through another process', () => {
  it.each([
    ['another engine', true],
    ['a client', false],
  ])('is continued from memory by the engine that has it: %s', async (_, work) => {
    const store = sharedStore();
    const { subject, starts } = waitingProgram();
    const one = await open({ store, workflows: [subject], name: 'one', sticky: HOUR_MS });
    const other = await open({
      store,
      ...(work ? { workflows: [subject] } : { work }),
      name: 'other',
      sticky: HOUR_MS,
    });
    const runs = await Promise.all(
      Array.from({ length: 8 }, async () => suspended(await one.start(subject, null))),
    );
    await Promise.all(runs.map(({ runId }) => other.run(runId).signal(go, runId)));
    for (const run of runs) {
      expect(await run.result()).toBe(run.runId);
      expect(await engineOf(run)).toBe('one');
    }
    expect(starts).toHaveLength(runs.length);
  });

  it('is continued at once by another engine when that one is gone', async () => {
    const store = sharedStore();
    const { subject, starts } = waitingProgram();
    const one = await open({ store, workflows: [subject], name: 'one', sticky: HOUR_MS });
    const other = await open({ store, workflows: [subject], name: 'other', sticky: HOUR_MS });
    const { runId } = await suspended(await one.start(subject, null));
    await one.close();
    await other.run(runId).signal(go, 'on');
    expect(await other.run(runId).result()).toBe('on');
    expect(await engineOf(other.run(runId))).toBe('other');
    expect(starts).toHaveLength(2);
  });

  it('is continued by another engine after the window when that one is full', async () => {
    const { one, other, run, finish } = await fullEngine(50);
    await other.run(run.runId).signal(go, 'on');
    expect(await run.result()).toBe('on');
    expect(await engineOf(run)).toBe('other');
    finish();
    await one.close();
  });

  it('does not wait for an engine that is full and delivers the signal itself', async () => {
    const { one, run, finish } = await fullEngine(HOUR_MS);
    await one.run(run.runId).signal(go, 'on');
    expect(await run.result()).toBe('on');
    expect(await engineOf(run)).toBe('other');
    finish();
    await one.close();
  });

  it('is continued by another engine after the window when that one stands still, and `why` says so', async () => {
    const path = sharedStore();
    const { subject } = waitingProgram();
    const store = await openStore(path);
    const still = standing(store);
    const one = await open({ store: still.store, workflows: [subject], name: 'one' });
    const other = await open({ store: path, workflows: [subject], name: 'other', sticky: 600 });
    const run = await suspended(await one.start(subject, null));
    still.stop();
    await other.run(run.runId).signal(go, 'on');
    const { reasons } = await other.run(run.runId).why();
    expect(reasons[0]).toMatchObject({
      code: 'ASSIGNED_WINDOW',
      message: expect.stringMatching(/reserved for engine one until/),
      since: expect.stringMatching(/^\d{4}-/),
      refs: { engineId: 'one' },
    });
    expect(await other.run(run.runId).result()).toBe('on');
    expect(await engineOf(other.run(run.runId))).toBe('other');
    await Promise.all([one.close({ grace: 0 }), other.close()]);
    await store.close();
  });
});

describe('a run whose time comes', () => {
  it('is continued from memory by the engine that has it, and nobody asks for it all the time', async () => {
    const path = sharedStore();
    let starts = 0;
    const subject = workflow('sleeping', async (ctx, ms: number) => {
      starts++;
      await ctx.sleep(ms);
    });
    const one = await open({ store: path, workflows: [subject], name: 'one', sticky: '4s' });
    const store = await openStore(path);
    let asked = 0;
    const counting: Store = { ...store, wakeDue: (request) => (asked++, store.wakeDue(request)) };
    const other = await open({ store: counting, workflows: [subject], name: 'other', sticky: '4s' });
    const runs = await Promise.all(Array.from({ length: 8 }, (_, at) => one.start(subject, 300 + 40 * at)));
    for (const run of runs) {
      await run.result();
      expect(await engineOf(run)).toBe('one');
    }
    expect(starts).toBe(runs.length);
    expect(asked).toBeLessThan(runs.length);
    await other.close();
    await store.close();
  });

  it('is continued by another engine when that one stands still', async () => {
    const path = sharedStore();
    const subject = workflow('sleeping', (ctx, _: null) => ctx.sleep(150));
    const store = await openStore(path);
    const still = standing(store);
    const one = await open({ store: still.store, workflows: [subject], name: 'one' });
    const other = await open({ store: path, workflows: [subject], name: 'other', sticky: 40 });
    const run = await one.start(subject, null);
    await until(run, 'waiting');
    still.stop();
    await other.run(run.runId).result();
    expect(await engineOf(other.run(run.runId))).toBe('other');
    await Promise.all([one.close({ grace: 0 }), other.close()]);
    await store.close();
  });
});

/** Engine `one` has a run that waits, and all its room is taken by another one. */
async function fullEngine(sticky: number) {
  const store = sharedStore();
  const { subject } = waitingProgram();
  const [begun, released] = [gate(), gate()];
  const busy = workflow('busy', (ctx, _: null) =>
    ctx.step('work', async () => {
      begun.open();
      await released.passed;
    }),
  );
  const one = await open({ store, workflows: [subject, busy], name: 'one', concurrency: 1, sticky });
  const other = await open({ store, workflows: [subject], name: 'other', sticky });
  const run = await suspended(await one.start(subject, null));
  await one.start(busy, null);
  await begun.passed;
  return { one, other, run, finish: () => released.open() };
}

/** A store through which an engine can be made to stand still: it is alive and takes nothing any more. */
function standing(store: Store): { store: Store; stop(): void } {
  let stopped = false;
  return {
    store: {
      ...store,
      claimRuns: async (request) => (stopped ? [] : store.claimRuns(request)),
      wakeDue: async (request) => store.wakeDue(stopped ? { ...request, limit: 0 } : request),
    },
    stop: () => {
      stopped = true;
    },
  };
}

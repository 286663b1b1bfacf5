import { describe, expect, it } from 'vitest';
import { fakeStep, fakeWorld, type FakeWorld } from '../../testbed/pool/fake-processes.ts';
import { CancelledError } from '../core/errors.ts';
import { isolated } from '../core/pool/isolated.ts';
import { poolSettings, type PoolOptions } from '../core/pool/pool-options.ts';
import { Pool } from './pool.ts';

const RESIZE = isolated('file:///app/resize.js', { export: 'resize' });
const HUGE = isolated('file:///app/resize.js', { export: 'huge', memoryMb: 4096 });

async function openPool(
  options: PoolOptions = {},
  executors = [RESIZE],
): Promise<{ pool: Pool; world: FakeWorld }> {
  const world = fakeWorld();
  const opening = Pool.open(world.ports, poolSettings(options, 'pool'), executors);
  await world.pass(10);
  return { pool: await opening, world };
}
/** Settled or not, as a test can look at it. */
function watched(promise: Promise<unknown>): { readonly outcome: unknown } {
  const seen = { outcome: 'open' as unknown };
  promise.then(
    (value) => (seen.outcome = value),
    (error: unknown) => (seen.outcome = error),
  );
  return seen;
}
function run(pool: Pool, count: number, step = fakeStep()): { readonly outcome: unknown }[] {
  return Array.from({ length: count }, (_, at) => watched(pool.run(RESIZE, at, step)));
}

describe('jobs', () => {
  it('go to free workers in their order, and their results come back', async () => {
    const { pool, world } = await openPool();
    const jobs = run(pool, 3);
    const [one, two] = world.launched;
    expect([one?.inputs, two?.inputs]).toEqual([[0], [1]]);
    expect(pool.state()).toMatchObject({ queued: 1, running: 2 });
    two?.finish({ width: 17, at: new Date(0) });
    await world.pass(0);
    expect(jobs.map(({ outcome }) => outcome)).toEqual(['open', { width: 17, at: new Date(0) }, 'open']);
    expect(two?.inputs).toEqual([2]);
    expect(pool.state().workers).toMatchObject([
      { pid: 1, state: 'busy', jobs: 1, jobsDone: 0, restarts: 0 },
      { pid: 2, state: 'busy', jobs: 1, jobsDone: 1, restarts: 0 },
    ]);
  });

  it('share a worker where it may have several', async () => {
    const { pool, world } = await openPool({ min: 2, jobsPerWorker: 2 });
    run(pool, 5);
    expect(world.launched.map(({ inputs }) => inputs)).toEqual([
      [0, 2],
      [1, 3],
    ]);
    expect(pool.state().queued).toBe(1);
  });

  it('that fail reject with the error as it was', async () => {
    const { pool, world } = await openPool();
    const [job] = run(pool, 1);
    const failure = { name: 'CardError', message: 'declined', code: 'DECLINED', terminal: true } as const;
    world.launched[0]?.say({ type: 'failed', id: 2, failure });
    await world.pass(0);
    expect(job?.outcome).toBeInstanceOf(Error);
    expect(job?.outcome).toMatchObject(failure);
  });

  it('speak to their step', async () => {
    const { pool, world } = await openPool();
    const step = fakeStep();
    run(pool, 1, step);
    const [worker] = world.launched;
    worker?.say({ type: 'heartbeat', id: 2 });
    worker?.say({ type: 'log', id: 2, level: 'warn', message: 'odd', fields: { size: '17' } });
    worker?.say({ type: 'checkpoint', id: 2, seq: 1, value: '{"line":5}' });
    await world.pass(0);
    expect(step.said).toEqual(['heartbeat', 'heartbeat', 'warn odd {"size":17}', 'checkpoint {"line":5}']);
    expect(worker?.told.at(-1)).toEqual({ type: 'checkpointed', id: 2, seq: 1, failure: undefined });
  });

  it('hear when a checkpoint could not be kept', async () => {
    const { pool, world } = await openPool();
    run(pool, 1, fakeStep({ checkpoint: () => Promise.reject(new Error('over')) }));
    world.launched[0]?.say({ type: 'checkpoint', id: 2, seq: 1, value: '1' });
    await world.pass(0);
    expect(world.launched[0]?.told.at(-1)).toMatchObject({
      type: 'checkpointed',
      failure: { message: 'over' },
    });
  });

  it('fail alone when what they say cannot be passed on', async () => {
    const { pool, world } = await openPool({ min: 1 });
    const log = fakeStep().log;
    const full = (): never => {
      throw new Error('disk full');
    };
    const [job] = run(pool, 1, fakeStep({ log: { ...log, info: full } }));
    const [worker] = world.launched;
    worker?.say({ type: 'log', id: 2, level: 'info', message: 'hello', fields: undefined });
    await world.pass(0);
    expect(job?.outcome).toMatchObject({ message: 'disk full' });
    expect(pool.state().workers).toMatchObject([{ jobs: 1 }]);
    worker?.finish();
    expect(pool.state().workers).toMatchObject([{ state: 'idle' }]);
  });

  it('are refused when too many wait', async () => {
    const { pool } = await openPool({ min: 1, maxQueued: 2 });
    const jobs = run(pool, 4);
    await new Promise(setImmediate);
    expect(jobs[3]?.outcome).toMatchObject({ code: 'POOL_FULL', details: { queued: 2, maxQueued: 2 } });
    expect(jobs[2]?.outcome).toBe('open');
  });

  it('that wait are not silent', async () => {
    const { pool, world } = await openPool({ min: 1 });
    run(pool, 1);
    const step = fakeStep();
    run(pool, 1, step);
    await world.pass(3000);
    expect(step.said).toEqual(['heartbeat', 'heartbeat', 'heartbeat']);
  });
});

describe('an aborted job', () => {
  it('leaves the queue', async () => {
    const { pool, world } = await openPool({ min: 1 });
    const step = fakeStep();
    run(pool, 1);
    const [job] = run(pool, 1, step);
    step.abort(new CancelledError('enough'));
    await world.pass(0);
    expect(job?.outcome).toMatchObject({ code: 'CANCELLED' });
    expect(pool.state().queued).toBe(0);
  });

  it('is told so and may end by itself', async () => {
    const { pool, world } = await openPool({ min: 1 });
    const step = fakeStep();
    const [job] = run(pool, 1, step);
    step.abort(new CancelledError('enough'));
    const [worker] = world.launched;
    expect(worker?.told.at(-1)).toMatchObject({ type: 'abort', failure: { code: 'CANCELLED' } });
    worker?.finish('in time');
    await world.pass(60_000);
    expect(job?.outcome).toBe('in time');
    expect(worker?.isAlive, 'its worker was killed all the same').toBe(true);
  });

  it('that goes on loses its worker, which is followed at once', async () => {
    const { pool, world } = await openPool({ min: 1 });
    const step = fakeStep();
    const [job] = run(pool, 1, step);
    step.abort(new CancelledError('enough'));
    await world.pass(4999);
    expect(world.launched[0]?.isAlive).toBe(true);
    await world.pass(2);
    expect(world.launched[0]?.isAlive).toBe(false);
    expect(job?.outcome).toMatchObject({ code: 'CANCELLED' });
    expect(world.alive()).toMatchObject([{ pid: 2 }]);
  });

  it('is not begun when it was aborted before', async () => {
    const { pool, world } = await openPool();
    const step = fakeStep();
    step.abort(new CancelledError('enough'));
    await expect(pool.run(RESIZE, 1, step)).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(world.launched[0]?.inputs).toEqual([]);
  });
});

describe('a worker that dies', () => {
  it('takes its job with it and says how', async () => {
    const { pool, world } = await openPool({ min: 1 });
    const ends: [object, string][] = [
      [{ signal: 'SIGKILL' }, 'died of SIGKILL, sent by a person or by the system for want of memory'],
      [{ signal: 'SIGSEGV' }, 'died of SIGSEGV'],
      [{ code: 3 }, 'exited with status 3'],
      [
        { signal: 'SIGABRT', stderr: 'FATAL ERROR: JavaScript heap out of memory\n 1: 0x17' },
        'heap of 512 MiB',
      ],
      [{ stderr: 'spawn ENOMEM\n' }, 'could not be started: spawn ENOMEM'],
    ];
    for (const [exit, words] of ends) {
      const [job] = run(pool, 1);
      world.alive()[0]?.die(exit);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await world.pass(30_010);
      expect(job?.outcome).toMatchObject({
        code: 'WORKER_CRASHED',
        message: expect.stringContaining(words) as string,
      });
    }
    const [job] = run(pool, 1);
    world.alive()[0]?.die({ code: 1, stderr: 'a\nb\nc\nd\n' });
    await world.pass(0);
    expect(job?.outcome).toMatchObject({ details: { exitCode: 1, signal: null, stderr: 'b\nc\nd' } });
  });

  it('is followed after 1 s, then after 2 s', async () => {
    const { pool, world } = await openPool({ min: 1 });
    world.launched[0]?.die({ code: 1 });
    await world.pass(999);
    expect(world.alive()).toEqual([]);
    await world.pass(10);
    expect(world.alive()).toMatchObject([{ pid: 2 }]);
    world.launched[1]?.die({ code: 1 });
    await world.pass(1999);
    expect(world.alive()).toEqual([]);
    await world.pass(10);
    expect(pool.state().workers).toMatchObject([{ pid: 3, restarts: 2 }]);
    expect(pool.state().decisions).toMatchObject([
      {
        kind: 'replace',
        from: 1,
        to: 1,
        reason: 'worker 1 exited with status 1; its successor starts in 1000 ms',
      },
      { kind: 'replace', reason: 'worker 2 exited with status 1; its successor starts in 2000 ms' },
    ]);
    expect(world.log[0]).toBe(
      'warn worker pool: replaces a worker: worker 1 exited with status 1; its successor starts in 1000 ms',
    );
  });

  it('gets no job any more before its end is known', async () => {
    const { pool, world } = await openPool({ min: 2 });
    const [one, two] = world.launched;
    if (one !== undefined) one.isAlive = false;
    run(pool, 1);
    expect([one?.inputs, two?.inputs]).toEqual([[], [0]]);
  });
});

describe('a sick worker', () => {
  it('that answers no more is killed and replaced', async () => {
    const { world } = await openPool({ min: 1 });
    const [worker] = world.launched;
    if (worker !== undefined) worker.answersPings = false;
    await world.pass(9000);
    expect(worker?.isAlive).toBe(true);
    await world.pass(5000);
    expect(world.alive()).toMatchObject([{ pid: 2 }]);
  });

  it('is not made of one whose pool stood still itself', async () => {
    const { world } = await openPool({ min: 1 });
    const [worker] = world.launched;
    if (worker !== undefined) worker.answersPings = false;
    await world.pass(1000);
    // The answer is there, and is read only after the timers that are due.
    world.standStill(120_000);
    await world.pass(0);
    if (worker !== undefined) worker.answersPings = true;
    worker?.say({ type: 'pong', usage: { cpuMs: 0, rssMb: 60 } });
    await world.pass(20_000);
    expect(world.alive()).toMatchObject([{ pid: 1 }]);
  });

  it('may block its loop for a minute while it has a job, not for ever', async () => {
    const { pool, world } = await openPool({ min: 1 });
    const [worker] = world.launched;
    const [job] = run(pool, 1);
    if (worker !== undefined) worker.answersPings = false;
    await world.pass(60_000);
    expect(job?.outcome).toBe('open');
    await world.pass(545_000);
    expect(job?.outcome).toMatchObject({
      code: 'WORKER_CRASHED',
      message: expect.stringContaining('blocks the loop for more than 600000 ms') as string,
    });
  });

  it('is measured by what it says itself where the system tells nothing', async () => {
    const { pool, world } = await openPool({ min: 1 });
    await world.pass(3000);
    expect(pool.state().workers).toMatchObject([{ rssMb: 60, cpu: 0 }]);
  });

  it('over its memory is killed', async () => {
    const { pool, world } = await openPool({ min: 1 });
    const [worker] = world.launched;
    const [job] = run(pool, 1);
    if (worker !== undefined) worker.usage = { cpuMs: 0, rssMb: 720 };
    await world.pass(1100);
    expect(job?.outcome).toMatchObject({
      message: expect.stringContaining('was killed: 720 MiB resident, more than 704 MiB') as string,
    });
  });

  it('near its memory ends its job, while another takes its place', async () => {
    const { pool, world } = await openPool({ min: 1 });
    const [worker] = world.launched;
    const jobs = run(pool, 2);
    if (worker !== undefined) worker.usage = { cpuMs: 0, rssMb: 650 };
    await world.pass(1100);
    expect(pool.state().workers).toMatchObject([
      { pid: 1, state: 'draining', jobs: 1 },
      { pid: 2, state: 'busy', jobs: 1, restarts: 1 },
    ]);
    worker?.finish('done');
    await world.pass(10);
    expect(jobs[0]?.outcome).toBe('done');
    expect(world.alive()).toMatchObject([{ pid: 2 }]);
  });

  it('that computes for nobody is replaced', async () => {
    const { pool, world } = await openPool({ min: 1 });
    const [worker] = world.launched;
    for (let second = 1; second <= 3; second++) {
      if (worker !== undefined) worker.usage = { cpuMs: second * 990, rssMb: 60 };
      // oxlint-disable-next-line no-await-in-loop -- one look after the other
      await world.pass(1000);
    }
    expect(pool.state().decisions.at(-1)?.reason).toBe('worker 1 is drained: 99 % of a core while idle');
    expect(world.alive()).toMatchObject([{ pid: 2 }]);
  });

  it('is judged by what its job may take', async () => {
    const { pool, world } = await openPool({ min: 1 }, [RESIZE, HUGE]);
    const [worker] = world.launched;
    expect(worker?.heapMb).toBe(4096);
    watched(pool.run(HUGE, 1, fakeStep()));
    if (worker !== undefined) worker.usage = { cpuMs: 0, rssMb: 3000 };
    await world.pass(2000);
    expect(worker?.isAlive, 'it was killed within its limit').toBe(true);
    worker?.finish();
    await world.pass(2000);
    expect(worker?.isAlive, 'it stayed that big while idle').toBe(false);
  });
});

describe('the size of the pool', () => {
  it('grows at once for a burst, and shrinks again look by look', async () => {
    const { pool, world } = await openPool({ max: 5 });
    run(pool, 50);
    await world.pass(110);
    expect(world.alive()).toHaveLength(4);
    run(pool, 10);
    await world.pass(29_000);
    expect(world.alive(), 'it grew before the next look').toHaveLength(4);
    await world.pass(1000);
    expect(world.alive()).toHaveLength(5);
    while (pool.state().running > 0) {
      for (const worker of world.alive()) worker.finish();
      // oxlint-disable-next-line no-await-in-loop -- job by job
      await world.pass(1);
    }
    await world.pass(30_000);
    expect(world.alive()).toHaveLength(4);
    await world.pass(90_000);
    expect(world.alive()).toHaveLength(2);
    expect(pool.state().decisions.map(({ kind, from, to }) => `${kind} ${from} ${to}`)).toEqual([
      ...['grow 2 4', 'grow 4 5', 'shrink 5 4', 'shrink 4 3', 'shrink 3 2'],
    ]);
    expect(world.log).toContain('info worker pool: grows from 2 to 4: 48 queued, more than 20');
    expect(world.log).toContain('info worker pool: shrinks from 5 to 4: 0 queued, fewer than 5');
  });

  it('says once that it can grow no more', async () => {
    const { pool, world } = await openPool({ min: 1, max: 1 });
    run(pool, 30);
    await world.pass(100_000);
    expect(pool.state().decisions).toMatchObject([
      { kind: 'at-maximum', reason: '29 queued, more than 20, but the maximum is 1' },
    ]);
  });

  it('shrinks by an idle worker while others work', async () => {
    const { pool, world } = await openPool({ min: 1, max: 3, scaleUpThreshold: 1, scaleDownThreshold: 1 });
    run(pool, 4);
    await world.pass(200);
    expect(world.alive()).toHaveLength(3);
    world.alive()[1]?.finish();
    world.alive()[1]?.finish();
    await world.pass(31_000);
    expect(world.alive().map(({ pid }) => pid)).toEqual([1, 3]);
    expect(pool.state()).toMatchObject({ running: 2, target: 2 });
  });

  it('may be none until a job comes', async () => {
    const { pool, world } = await openPool({ min: 0 });
    await world.pass(30_000);
    expect(world.alive()).toEqual([]);
    run(pool, 1);
    await world.pass(110);
    expect(world.alive()).toMatchObject([{ inputs: [0] }]);
  });

  it('gives up awaited successors first', async () => {
    const { pool, world } = await openPool({ min: 1, max: 2, scaleUpThreshold: 1, scaleDownThreshold: 1 });
    run(pool, 3);
    await world.pass(200);
    for (const worker of world.alive()) worker.finish();
    for (const worker of world.alive()) worker.finish();
    await world.pass(29_500);
    world.alive()[0]?.die({ code: 1 });
    await world.pass(1000);
    expect(world.alive()).toHaveLength(1);
    expect(world.launched).toHaveLength(2);
    expect(pool.state().target).toBe(1);
  });

  it('keeps the last 50 decisions', async () => {
    const { pool, world } = await openPool({ min: 1 });
    for (let death = 0; death < 60; death++) {
      world.alive()[0]?.die({ code: death });
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await world.pass(30_010);
    }
    const { decisions } = pool.state();
    expect(decisions).toHaveLength(50);
    expect(decisions.at(-1)?.reason).toContain('status 59');
  });
});

describe('opening', () => {
  it('fails when no process starts', async () => {
    const world = fakeWorld({ startsReady: false });
    const opening = watched(Pool.open(world.ports, poolSettings({}, 'pool'), [RESIZE]));
    world.launched[0]?.die({ code: 9, stderr: 'bad option\n' });
    await world.pass(1100);
    expect(opening.outcome).toMatchObject({
      code: 'WORKER_CRASHED',
      message: expect.stringContaining('worker process 1 exited with status 9') as string,
      details: { stderr: 'bad option' },
    });
    expect(world.alive()).toEqual([]);
  });

  it('fails when no worker has loaded the module in time', async () => {
    const world = fakeWorld({ startsReady: false });
    const opening = watched(Pool.open(world.ports, poolSettings({ min: 1 }, 'pool'), [RESIZE]));
    await world.pass(29_000);
    expect(opening.outcome).toBe('open');
    await world.pass(3000);
    expect(opening.outcome).toMatchObject({ code: 'TIMEOUT' });
    expect(world.alive()).toEqual([]);
  });
});

describe('closing', () => {
  it('lets jobs end, refuses the others, and leaves no process', async () => {
    const { pool, world } = await openPool({ min: 2 });
    const jobs = run(pool, 3);
    const closing = watched(pool.close(5000));
    await world.pass(1000);
    expect(jobs[2]?.outcome).toMatchObject({ code: 'ENGINE_CLOSED' });
    expect(closing.outcome).toBe('open');
    world.launched[0]?.finish('one');
    world.launched[1]?.finish('two');
    await world.pass(10);
    expect(jobs.map(({ outcome }) => outcome).slice(0, 2)).toEqual(['one', 'two']);
    expect(closing.outcome).toBeUndefined();
    expect(world.alive()).toEqual([]);
    expect(world.timers(), 'it goes on looking').toBe(0);
    await expect(pool.run(RESIZE, 1, fakeStep())).rejects.toMatchObject({ code: 'ENGINE_CLOSED' });
  });

  it('kills what goes on after the grace', async () => {
    const { pool, world } = await openPool({ min: 1 });
    const [job] = run(pool, 1);
    const closing = watched(pool.close(5000));
    await world.pass(5010);
    expect(job?.outcome).toMatchObject({ code: 'WORKER_CRASHED' });
    expect(closing.outcome).toBeUndefined();
    expect(world.alive()).toEqual([]);
    await world.pass(100_000);
    expect(world.launched, 'somebody followed').toHaveLength(1);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  Millrace,
  isolated,
  workflow,
  type CallOptions,
  type EngineLog,
  type MillraceOptions,
  type PoolOptions,
  type Run,
} from '../src/index.ts';
import { millrace as command } from '../testbed/cli/fake-terminal.ts';
import { workplace } from '../testbed/cli/workplace.ts';
import { until } from './rig/wait.ts';

const JOBS = new URL('./pool/jobs.ts', import.meta.url);
const NAMES = [
  'whoami',
  'block',
  'eat',
  'untilOpen',
  'lineByLine',
  'decline',
  'unstorable',
  'obey',
  'leave',
] as const;
type Name = (typeof NAMES)[number];

const executors = Object.fromEntries(NAMES.map((name) => [name, isolated(JOBS, { export: name })]));
/** Calls one executor. */
const call = workflow(
  'call',
  (ctx, { name, input, options }: { name: Name; input: unknown; options: CallOptions }) =>
    ctx.call(name, input, options),
);
const QUICK_RETRY = { maxAttempts: 4, initial: 10 } as const;

let folder: string;
let millrace: Millrace;
let logs: EngineLog[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-pool-'));
  logs = [];
});
afterEach(async () => {
  await millrace?.close({ grace: 0 });
  rmSync(folder, { recursive: true, force: true });
});

async function open(pool: PoolOptions = {}, more: MillraceOptions = {}): Promise<void> {
  millrace = await Millrace.open({
    store: 'sqlite::memory:',
    workflows: [call],
    executors,
    pool: { min: 1, healthInterval: 100, ...pool },
    log: (entry) => void logs.push(entry),
    ...more,
  });
}
async function run(
  name: Name,
  input: unknown = {},
  options: CallOptions = { retry: false },
): Promise<unknown> {
  return (await millrace.start(call, { name, input, options })).result();
}
/** How a step of ours failed for good. */
async function failure(name: Name, input: unknown = {}, options?: CallOptions): Promise<unknown> {
  const error = await run(name, input, options).catch((thrown: unknown) => thrown);
  return ((error as Error).cause as Error).cause;
}
/** What the history says about attempts that lost their worker. */
async function crashesOf(job: Run): Promise<string> {
  const items = (await job.history()).map((item) => JSON.stringify(item));
  return items.filter((text) => text.includes('WORKER_CRASHED')).join('\n');
}
const pool = () => millrace.pool() ?? expect.fail('there is no pool');
const pids = () => pool().workers.map(({ pid }) => pid);
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('an isolated executor', () => {
  test('gets input and step as any other, in another process', async () => {
    await open();
    const input = { at: new Date(17), tags: new Map([['a', 1n]]), bytes: new Uint8Array([1, 2]) };
    const sent = await millrace.start(call, { name: 'whoami', input, options: {} });
    expect(await sent.result()).toEqual({
      pid: pids()[0],
      input,
      attempt: 1,
      runId: sent.runId,
      idempotencyKey: `${sent.runId}:0`,
      fencingToken: {
        ...{ epoch: expect.any(Number) as number, attempt: 1, taker: 0 },
        value: expect.any(Number) as number,
      },
    });
    expect(pids()[0]).not.toBe(process.pid);
  });

  test('keeps the loop of the engine free while it computes', async () => {
    await open({ min: 2 });
    using delay = watchLoop();
    const blocked = await Promise.all([run('block', { ms: 4000 }), run('block', { ms: 4000 })]);
    expect(new Set(blocked).size).toBe(2);
    expect(delay.p99Ms()).toBeLessThan(500);
  });

  test('may send heartbeats from a blocked loop', async () => {
    await open();
    const options = { heartbeatTimeout: 1000, retry: false } as const;
    await expect(run('block', { ms: 2500, beatMs: 200 }, options)).resolves.toBe(pids()[0]);
    expect(await failure('block', { ms: 2500 }, options)).toMatchObject({ code: 'TIMEOUT' });
  });

  test('fails with its own error, code and all', async () => {
    await open();
    const details = { limit: '17' };
    expect(await failure('decline', {}, { retry: QUICK_RETRY })).toMatchObject({
      ...{ name: 'TerminalError', code: 'DECLINED', message: 'card declined', details, terminal: true },
    });
    expect(await failure('unstorable')).toMatchObject({
      code: 'NOT_SERIALIZABLE',
      message: expect.stringContaining('cannot store result.callback') as string,
    });
    expect(pool().workers, 'its worker did not survive').toMatchObject([{ restarts: 0, jobsDone: 2 }]);
  });
});

describe('a worker', () => {
  test.for(['heap', 'buffers'] as const)(
    'that runs out of memory (%s) dies alone, and the step is retried',
    async (where) => {
      await open({ min: 2, memoryMb: 64 });
      const gate = join(folder, 'gate');
      const neighbour = run('untilOpen', { gate });
      await until('the neighbour', () => pool().running === 1);
      const options = { retry: QUICK_RETRY };
      const eater = await millrace.start(call, { name: 'eat', input: { where }, options });
      await expect(eater.result()).resolves.toBe('frugal');
      // Where collecting garbage is late, what is resident may pass its limit before the heap does.
      const resident = /\d+ MiB resident, more than 256 MiB/;
      const words =
        where === 'heap' ? new RegExp(`ran out of its heap of 64 MiB|${resident.source}`) : resident;
      expect(await crashesOf(eater)).toMatch(words);
      writeFileSync(gate, '');
      await expect(neighbour).resolves.toMatchObject({ attempt: 1 });
    },
  );

  test('that is killed fails its attempt, and the next one runs elsewhere', async () => {
    await open();
    const gate = join(folder, 'gate');
    const job = await millrace.start(call, {
      name: 'untilOpen',
      input: { gate },
      options: { retry: QUICK_RETRY },
    });
    await until('the job', () => logs.some(({ message }) => message === 'waiting'));
    const [victim = 0] = pids();
    process.kill(victim, 'SIGKILL');
    await until('its successor', () => pids().some((pid) => pid !== victim));
    writeFileSync(gate, '');
    const result = (await job.result()) as { pid: number; attempt: number };
    expect(result.attempt).toBe(2);
    expect(result.pid).not.toBe(victim);
    expect(await crashesOf(job)).toContain(`worker process ${victim} died of SIGKILL`);
  });

  test('that exits is followed, and the step goes on from its last checkpoint', async () => {
    await open({ min: 2 });
    await expect(run('lineByLine', { lines: 2 }, { retry: QUICK_RETRY })).resolves.toEqual({
      line: 2,
      attempt: 3,
    });
  });

  test('whose job does not stop when asked is killed after the grace', async () => {
    await open({ abortGrace: 300 });
    const [victim = 0] = pids();
    const options = { timeout: 300, retry: false } as const;
    expect(await failure('block', { ms: 60_000 }, options)).toMatchObject({ code: 'TIMEOUT' });
    await until('the end of the worker', () => !isAlive(victim));
    await expect(run('whoami')).resolves.toMatchObject({ attempt: 1 });
  });

  test('that is idle and stands still is replaced', async () => {
    await open({ unresponsive: 500 });
    const [victim = 0] = pids();
    process.kill(victim, 'SIGSTOP');
    await until('its successor', () => pids().some((pid) => pid !== victim));
    expect(pool().decisions.at(-1)?.reason).toContain(`worker ${victim} was killed: no answer for 500 ms`);
    await expect(run('whoami')).resolves.toMatchObject({ attempt: 1 });
  });

  test('that goes on computing after its job is replaced', async () => {
    await open();
    const [victim = 0] = pids();
    await run('leave');
    // Its share of a busy machine may be small for long.
    await until('its end', () => !isAlive(victim), 120_000);
    expect(pool().decisions.at(-1)?.reason).toMatch(/drained: \d+ % of a core while idle/);
    await expect(run('whoami')).resolves.toMatchObject({ attempt: 1 });
  });

  test('whose job stops when asked stays', async () => {
    await open({ abortGrace: 20_000 });
    const before = pids();
    expect(await failure('obey', {}, { timeout: 300, retry: false })).toMatchObject({ code: 'TIMEOUT' });
    await until('the end of the job', () => pool().running === 0);
    expect(pids()).toEqual(before);
  });

  test('leaves it to the engine what SIGINT and SIGTERM mean', async () => {
    await open();
    const before = pids();
    const gate = join(folder, 'gate');
    const job = run('untilOpen', { gate });
    await until('the job', () => logs.some(({ message }) => message === 'waiting'));
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(before[0] ?? 0, signal);
    writeFileSync(gate, '');
    await expect(job).resolves.toEqual({ pid: before[0], attempt: 1 });
  });

  test('does not outlive an engine that is killed, not even with a job that blocks it', async () => {
    const program = fileURLToPath(new URL('./pool/doomed-engine.ts', import.meta.url));
    const engine = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(engine.stdout.setEncoding('utf8'), 'data')) as [string];
    const orphans = JSON.parse(line.split('\n', 1)[0] ?? '') as number[];
    expect(orphans).toHaveLength(2);
    expect(orphans.every(isAlive)).toBe(true);
    engine.kill('SIGKILL');
    await until('the end of the orphans', () => !orphans.some(isAlive), 10_000);
  });
});

describe('the pool', () => {
  test('grows for a long queue, and drains workers when it is short', async () => {
    await open({ min: 1, max: 3, checkInterval: 300 });
    const gate = join(folder, 'gate');
    const jobs = Array.from({ length: 30 }, () => run('untilOpen', { gate }));
    await until(
      'three busy workers',
      () => pool().workers.filter(({ state }) => state === 'busy').length === 3,
    );
    expect(pool()).toMatchObject({ target: 3, queued: 27, running: 3 });
    const crowd = pids();
    writeFileSync(gate, '');
    const results = (await Promise.all(jobs)) as { pid: number; attempt: number }[];
    expect(
      results.every(({ attempt }) => attempt === 1),
      'a job was cut off',
    ).toBe(true);
    expect(new Set(results.map(({ pid }) => pid))).toEqual(new Set(crowd));
    await until('one worker', () => crowd.filter(isAlive).length === 1);
    const told = logs.flatMap((entry) => (entry.source === 'engine' ? [entry.message] : [])).join('\n');
    expect(told).toMatch(/worker pool: grows from 1 to 2: \d+ queued, more than 20/);
    expect(told).toMatch(/worker pool: shrinks from 2 to 1: 0 queued, fewer than 5/);
  });

  test('lets jobs end before it closes, and leaves no process', async () => {
    await open({ min: 2 });
    const all = pids();
    const gate = join(folder, 'gate');
    const job = run('untilOpen', { gate });
    await until('the job', () => logs.some(({ message }) => message === 'waiting'));
    const closing = millrace.close({ grace: 20_000 });
    writeFileSync(gate, '');
    await closing;
    await expect(job).resolves.toMatchObject({ attempt: 1 });
    expect(all.filter(isAlive)).toEqual([]);
  });

  test.for([
    [
      'no module',
      new URL('./gone.ts', JOBS),
      'whoami',
      /"whoami" of file:.*gone\.ts cannot be loaded: ERR_MODULE_NOT_FOUND/,
    ],
    ['no export', JOBS, 'whoamI', /exports no function "whoamI", only .*Did you mean "whoami"\?/],
    ['no function', JOBS, 'notFunction', /exports no function "notFunction"/],
  ] as const)('is not opened with %s behind an executor', async ([_what, url, name, message]) => {
    const opening = Millrace.open({
      store: 'sqlite::memory:',
      executors: { ...executors, wrong: isolated(url, { export: name }) },
    });
    await expect(opening).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(message) as string,
    });
  });

  test('has its size from the variables of the command line, whose log explains it', async () => {
    using place = workplace();
    const file = place.write(
      'crowd.ts',
      `import { isolated, workflow } from 'millrace';
      export const executors = { block: isolated('${JOBS.href}', { export: 'block' }) };
      export const crowd = workflow('crowd', async (ctx) => {
        const pids = await Promise.all(Array.from({ length: 30 }, () => ctx.call('block', { ms: 50 })));
        return new Set(pids).size;
      });`,
    );
    const env = { AUTO_SCALE_MIN: '1', AUTO_SCALE_MAX: '2' };
    const { status, out, err } = await command(['run', file, '--store', place.store], { env });
    expect(err).toMatch(/worker pool: grows from 1 to 2: 2\d queued, more than 20/);
    expect({ status, out }).toEqual({ status: 0, out: '2' });
  });

  test('is told to the whole cluster, with the reason of its size', async () => {
    using place = workplace();
    await open({ min: 1, max: 2, checkInterval: 300 }, { store: place.store, name: 'one', beat: 100 });
    const gate = join(folder, 'gate');
    const jobs = Array.from({ length: 30 }, () => run('untilOpen', { gate }));
    const look = async () => (await command(['pool', '--store', place.store])).out;
    const shown = /^one +\d+ +busy .*\none +\d+ +busy /m;
    await expect.poll(look, { interval: 200, timeout: 60_000 }).toMatch(shown);
    const text = await look();
    for (const pid of pids()) expect(text).toContain(` ${pid} `);
    expect(text).toMatch(/^one: 2 workers wanted, from 1 to 2; 2 jobs running, 28 waiting$/m);
    expect(text).toMatch(/ grew from 1 to 2: \d+ queued, more than 20$|stayed at 2: .* the maximum is 2$/m);
    const [engine] = (await millrace.cluster()).engines;
    expect(engine?.pool?.workers.map(({ pid }) => pid)).toEqual(pids());
    writeFileSync(gate, '');
    await Promise.all(jobs);
  });

  test('is not there for a client, nor without isolated executors', async () => {
    await using client = await closed(Millrace.open({ store: 'sqlite::memory:', executors, work: false }));
    expect(client.millrace.pool()).toBeUndefined();
    await using plain = await closed(Millrace.open({ store: 'sqlite::memory:' }));
    expect(plain.millrace.pool()).toBeUndefined();
  });
});

async function closed(opening: Promise<Millrace>): Promise<AsyncDisposable & { millrace: Millrace }> {
  const opened = await opening;
  return { millrace: opened, [Symbol.asyncDispose]: () => opened.close() };
}

function watchLoop(): Disposable & { p99Ms(): number } {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  return { p99Ms: () => delay.percentile(99) / 1e6, [Symbol.dispose]: () => void delay.disable() };
}

import { describe, expect, it, vi } from 'vitest';
import { open, refusal, sharedStore, until } from '../../../testbed/engines/engines.ts';
import { contentsOf, testKey } from '../../../testbed/sealed/sealed.ts';
import type { RunLogLine } from '../../core/lines/line.ts';
import { signal, workflow, type Run } from '../../index.ts';

const go = signal<string>('go');
const talkative = workflow('talkative', async (ctx, name: string) => {
  ctx.log.info(`hello ${name}`, { name });
  ctx.log.debug('not kept');
  await ctx.step(
    'pay',
    (step) => {
      step.log.warn('paying', { amount: 12n });
      if (step.attempt === 1) throw new Error('not yet');
    },
    { retry: { maxAttempts: 2, initial: 1 } },
  );
  const word = await ctx.waitForSignal(go);
  ctx.log.error(`told ${word}`);
});
const counting = workflow('counting', (ctx, n: number) => {
  for (let at = 1; at <= n; at++) ctx.log[at % 2 === 0 ? 'info' : 'warn'](`line ${at}`);
});
const far = workflow('far', (ctx) => ctx.call('remote', null));
const workflows = [talkative, counting, far];

async function linesOf(run: Run): Promise<RunLogLine[]> {
  const lines: RunLogLine[] = [];
  for await (const line of run.logs()) lines.push(line);
  return lines;
}

/** Lines come a moment after what they tell of. */
async function said(run: Run, count: number): Promise<RunLogLine[]> {
  await expect.poll(async () => (await linesOf(run)).length, { interval: 10, timeout: 5_000 }).toBe(count);
  return linesOf(run);
}

describe('the log of a run', () => {
  it('has what the run and its steps have said, in order', async () => {
    const millrace = await open({ workflows, name: 'here' });
    const run = await millrace.start(talkative, 'Ada');
    await until(run, 'waiting');
    const [hello, ...rest] = await said(run, 3);
    expect(hello).toEqual({
      ...{ seq: 1, at: expect.stringMatching(/^\d{4}-.*Z$/), level: 'info', message: 'hello Ada' },
      ...{ engineId: 'here', fields: { name: 'Ada' } },
    });
    expect(rest).toMatchObject([
      { seq: 2, level: 'warn', message: 'paying', step: 'pay', attempt: 1, fields: { amount: '12' } },
      { seq: 3, message: 'paying', step: 'pay', attempt: 2 },
    ]);
    expect(Math.abs(Date.parse(hello?.at ?? '') - Date.now())).toBeLessThan(60_000);
    await run.signal(go, 'so');
    await run.result();
    expect((await said(run, 4)).at(-1)).toMatchObject({ level: 'error', message: 'told so' });
  });

  it('holds up no run, whatever it is told and whoever writes it', async () => {
    const round: Record<string, unknown> = {};
    round['self'] = round;
    const sore = Object.defineProperty({}, 'a', {
      enumerable: true,
      get() {
        throw new Error('do not look');
      },
    });
    const odd = workflow('odd', async (ctx, _: null) => {
      const say = (message: unknown, fields?: unknown) =>
        ctx.log.info(message as string, fields as Record<string, unknown>);
      say('nothing', null);
      say(Object.create(null));
      say('round', round);
      return ctx.step('step', (step) => {
        step.log.info('in a step', null as never);
        step.log.info('sore', sore);
        return 'done';
      });
    });
    const told: unknown[] = [];
    const log = (entry: { message: string; fields?: unknown }) => told.push(JSON.stringify(entry.fields));
    const millrace = await open({ workflows: [odd], log });
    const run = await millrace.start(odd, null);
    expect(await run.result()).toBe('done');
    expect(told).toContainEqual(expect.stringContaining('Converting circular structure'));
    expect(await said(run, 5)).toMatchObject([
      { message: 'nothing' },
      { message: 'a message that is no text' },
      { message: 'round', fields: { omitted: expect.stringContaining('the fields: ') } },
      { message: 'in a step' },
      { message: 'sore', fields: { omitted: 'the fields: do not look' } },
    ]);
    const full = await open({
      workflows: [odd],
      log: () => {
        throw new Error('the disk is full');
      },
    });
    expect(await (await full.start(odd, null)).result()).toBe('done');
  });

  it('is read in pages, from its end, and of what matters', async () => {
    const millrace = await open({ workflows });
    const run = await millrace.start(counting, 5);
    await run.result();
    await said(run, 5);
    const messages = async (...args: Parameters<Run['logPage']>) => {
      const { items, last, more, dropped } = await run.logPage(...args);
      return [items.map(({ seq }) => seq), last, more, dropped];
    };
    expect(await messages({ limit: 2 })).toEqual([[1, 2], 2, true, 0]);
    expect(await messages({ limit: 3, after: 2 })).toEqual([[3, 4, 5], 5, false, 0]);
    expect(await messages({ after: 5 })).toEqual([[], 5, false, 0]);
    expect(await messages({ tail: 2 })).toEqual([[4, 5], 5, false, 0]);
    expect(await messages({ level: 'warn' })).toEqual([[1, 3, 5], 5, false, 0]);
    expect(await messages({ level: 'warn', limit: 1, after: 1 })).toEqual([[3], 3, true, 0]);
    expect(await messages({ step: 'pay' })).toEqual([[], 5, false, 0]);
  });

  it('of a call has what its executor says elsewhere', async () => {
    const store = sharedStore();
    const here = await open({ store, workflows, name: 'here', beat: 50 });
    const remote = (_input: null, step: { log: { info(message: string): void } }): void =>
      step.log.info('from afar');
    await open({ store, executors: { remote }, name: 'there', beat: 50 });
    const run = await here.start(far, undefined);
    await run.result();
    expect(await said(run, 1)).toMatchObject([{ message: 'from afar', step: 'remote', engineId: 'there' }]);
  });

  it('outlives the engine, which writes the rest when it leaves', async () => {
    const store = sharedStore();
    const millrace = await open({ store, workflows });
    const run = await millrace.start(counting, 3);
    await run.result();
    await millrace.close();
    const client = await open({ store, work: false });
    expect((await linesOf(client.run(run.runId))).map(({ message }) => message)).toEqual([
      ...['line 1', 'line 2', 'line 3'],
    ]);
  });

  it('has as much as the engine is told to keep', async () => {
    const store = sharedStore();
    const all = await open({ store, workflows, runLogLevel: 'debug' });
    const run = await all.start(talkative, 'Ada');
    expect((await said(run, 4))[1]).toMatchObject({ level: 'debug', message: 'not kept' });
    await all.close();
    const silent = await open({ store, workflows, runLogLevel: 'off' });
    const other = await silent.start(counting, 3);
    await other.result();
    await silent.close();
    const client = await open({ store, work: false });
    expect(await linesOf(client.run(other.runId))).toEqual([]);
  });

  it('is nowhere in the database where there is a key, and a line that cannot be opened says so', async () => {
    const store = sharedStore();
    const millrace = await open({ store, workflows, payloadKeys: [testKey('k1')] });
    const run = await millrace.start(talkative, 'canary-7ab1');
    await until(run, 'waiting');
    expect((await said(run, 3))[0]).toMatchObject({ message: 'hello canary-7ab1' });
    await millrace.close();
    const contents = await contentsOf(store);
    expect(contents.includes('canary-7ab1')).toBe(false);
    expect(contents.includes('paying')).toBe(false);
    const stranger = await open({ store, work: false });
    const [line] = await linesOf(stranger.run(run.runId));
    expect(line).toMatchObject({
      seq: 1,
      level: 'warn',
      message: expect.stringContaining('sealed with key "k1"'),
    });
  });
});

describe('who follows a log', () => {
  it('is told what is said next, until the run has ended', async () => {
    const millrace = await open({ workflows });
    const run = await millrace.start(talkative, 'Ada');
    const seen: string[] = [];
    const following = (async () => {
      for await (const { message } of run.logs({ follow: true })) seen.push(message);
    })();
    await expect.poll(() => seen, { timeout: 5_000 }).toEqual(['hello Ada', 'paying', 'paying']);
    await run.signal(go, 'go on');
    await following;
    expect(seen.slice(3)).toEqual(['told go on']);
  });

  it('waits for a line as long as it said, or until it does not want to any more', async () => {
    const millrace = await open({ workflows });
    const run = await millrace.start(talkative, 'Ada');
    await until(run, 'waiting');
    await said(run, 3);
    const before = performance.now();
    expect(await run.logPage({ after: 3, wait: 300 })).toMatchObject({ items: [], last: 3, open: true });
    expect(performance.now() - before).toBeGreaterThanOrEqual(295);
    const looks = vi.spyOn(millrace.store, 'readLines');
    const enough = new AbortController();
    const asked = run.logPage({ after: 3, wait: '1h', signal: enough.signal });
    const all = run.logs({ follow: true, after: 3, signal: enough.signal });
    const reading = (async () => {
      for await (const { message } of all) throw new Error(message);
    })().catch((error: unknown) => error);
    await expect.poll(() => looks.mock.calls.length, { timeout: 5_000 }).toBeGreaterThan(3);
    enough.abort(new Error('enough'));
    expect(await asked).toMatchObject({ items: [], open: true });
    expect(await reading).toMatchObject({ message: 'enough' });
  });

  it('of a run that has ended is not kept waiting', async () => {
    const millrace = await open({ workflows });
    const run = await millrace.start(counting, 1);
    await run.result();
    await said(run, 1);
    const page = await run.logPage({ after: 1, wait: '1h' });
    expect(page).toEqual({ items: [], last: 1, more: false, open: false, dropped: 0 });
  });
});

describe('a log page', () => {
  it.each([
    [{ after: -1 }, /after is -1/],
    [{ limit: 0 }, /limit is 0/],
    [{ limit: 1_001 }, /limit is 1001/],
    [{ tail: 0.5 }, /tail is 0.5/],
    [{ tail: 0 }, /tail is 0/],
    [{ after: 2 ** 31 }, /after is 2147483648/],
  ])('%j is refused', async (options, message) => {
    const millrace = await open({ workflows });
    const run = await millrace.start(counting, 1);
    await expect(run.logPage(options)).rejects.toEqual(refusal('INVALID_ARGUMENT', message));
  });

  it('of a run that is not there is refused', async () => {
    const millrace = await open({ workflows });
    const nobody = '0199b0a0-0000-7000-8000-000000000001';
    await expect(millrace.run(nobody).logPage()).rejects.toEqual(refusal('RUN_NOT_FOUND'));
    await expect(linesOf(millrace.run({ key: 'nobody' }))).rejects.toEqual(refusal('RUN_NOT_FOUND'));
  });
});

it('an unknown level of logs is refused', async () => {
  await expect(open({ runLogLevel: 'loud' as 'info' })).rejects.toEqual(
    refusal('INVALID_ARGUMENT', /runLogLevel is "loud"/),
  );
});

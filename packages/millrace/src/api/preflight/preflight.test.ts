import { describe, expect, it } from 'vitest';
import { gate, open, refusal, sharedStore, until, type Gate } from '../../../testbed/engines/engines.ts';
import { Millrace, workflow, type AnyWorkflow, type Run } from '../../index.ts';

const nothing = (): void => {};

const before = workflow('order', async (ctx, input: { fails?: boolean }) => {
  await ctx.step('reserve', nothing);
  await ctx.step('charge', () => {
    if (input.fails === true) throw new Error('no money');
  });
  await ctx.waitForSignal('approved');
  return 'done';
});

/** A store with this many runs that wait for their signal, and the runs. */
async function waiting(runs: number, program: AnyWorkflow = before) {
  const store = sharedStore();
  const engine = await open({ store, workflows: [program] });
  const started: Run[] = [];
  for (let n = 0; n < runs; n++) started.push(await engine.start(program, {}, { key: `order-${n}` }));
  for (const run of started) await until(run, 'waiting');
  return { store, engine, runs: started };
}

function preflight(store: string, ...workflows: AnyWorkflow[]) {
  return Millrace.preflight({ store, workflows });
}

describe('a preflight', () => {
  const step = (name: string) => `step "${name}"`;
  const changes: [what: string, after: AnyWorkflow, at: string | undefined, actual?: string][] = [
    [
      'another name of a step',
      workflow('order', async (ctx) => {
        await ctx.step('reserve', nothing);
        await ctx.step('bill', nothing);
        await ctx.waitForSignal('approved');
      }),
      step('charge'),
      `${step('bill')} (command 1)`,
    ],
    [
      'a step that is gone',
      workflow('order', async (ctx) => {
        await ctx.step('charge', nothing);
        await ctx.waitForSignal('approved');
      }),
      step('reserve'),
      `${step('charge')} (command 0)`,
    ],
    [
      'one step more',
      workflow('order', async (ctx) => {
        await ctx.step('reserve', nothing);
        await ctx.step('check', nothing);
        await ctx.step('charge', nothing);
        await ctx.waitForSignal('approved');
      }),
      step('charge'),
      `${step('check')} (command 1)`,
    ],
    [
      'another order',
      workflow('order', async (ctx) => {
        await ctx.step('charge', nothing);
        await ctx.step('reserve', nothing);
        await ctx.waitForSignal('approved');
      }),
      step('reserve'),
      `${step('charge')} (command 0)`,
    ],
    [
      'an end before history ends',
      workflow('order', (ctx) => ctx.step('reserve', nothing)),
      step('charge'),
      'nothing',
    ],
    [
      'one step more behind a patch',
      workflow('order', async (ctx) => {
        await ctx.step('reserve', nothing);
        if (ctx.patch('check')) await ctx.step('check', nothing);
        await ctx.step('charge', nothing);
        await ctx.waitForSignal('approved');
      }),
      undefined,
    ],
    [
      'one step more behind what has happened',
      workflow('order', async (ctx) => {
        await ctx.step('reserve', nothing);
        await ctx.step('charge', nothing);
        await ctx.step('thank', nothing);
      }),
      undefined,
    ],
  ];
  it.each(changes)('says whether and where runs would break: %s', async (_, after, at, actual) => {
    const { store, runs } = await waiting(1);
    const report = await preflight(store, after);
    expect(report).toMatchObject({ ok: at === undefined, runs: 1, breaking: at === undefined ? 0 : 1 });
    const found = report.breaks.map((broken) => [
      broken.runId,
      broken.at.replace(/ \(.*/, ''),
      broken.actual,
    ]);
    expect(found).toEqual(at === undefined ? [] : [[(await runs[0]?.describe())?.runId, at, actual]]);
  });

  it.each([
    ['goes on as it does', 'charge', 'completed'],
    ['is blocked as it says', 'bill', 'blocked'],
  ])('tells the truth: under the new build a run %s', async (_, name, status) => {
    const { store, engine } = await waiting(1);
    await engine.close();
    const after = workflow('order', async (ctx) => {
      await ctx.step('reserve', nothing);
      await ctx.step(name, nothing);
      await ctx.waitForSignal('approved');
    });
    const { ok } = await preflight(store, after);
    const next = await open({ store, workflows: [after] });
    await next.run({ key: 'order-0' }).signal('approved', null);
    await until(next.run({ key: 'order-0' }), status);
    expect(ok).toBe(status === 'completed');
  });

  it('looks at open runs in every state, and calls no step of theirs', async () => {
    const store = sharedStore();
    const hold: Gate = gate();
    let called = 0;
    const program = workflow('order', async (ctx, how: string) => {
      await ctx.step('begin', () => void called++);
      if (how === 'running') await ctx.step('hold', () => hold.passed);
      await ctx.waitForSignal('approved');
    });
    const engine = await open({ store, workflows: [program] });
    const states = {
      waiting: await engine.start(program, 'waiting'),
      running: await engine.start(program, 'running'),
      completed: await engine.start(program, 'completed'),
      queued: await engine.start(program, 'queued', { requires: ['gpu'] }),
    };
    await states.completed.signal('approved', null);
    for (const [status, run] of Object.entries(states)) await until(run, status);
    await expect.poll(() => called).toBe(3);
    const { runs, agreeing } = await preflight(store, program);
    expect({ runs, agreeing }).toEqual({ runs: 3, agreeing: 3 });
    expect(called).toBe(3);
    hold.open();
  });

  it('sees that a blocked run would be free again, and a retried one from where it was taken up', async () => {
    const { store, engine } = await waiting(1);
    const failed = await engine.start(before, { fails: true }, { key: 'failing' });
    await until(failed, 'failed');
    await engine.close();
    const other = workflow('order', async (ctx) => {
      await ctx.step('bill', nothing);
    });
    const wrong = await open({ store, workflows: [other] });
    await wrong.run({ key: 'order-0' }).signal('approved', null);
    await until(wrong.run({ key: 'order-0' }), 'blocked');
    await wrong.close();
    const client = await open({ store, work: false });
    await client.run({ key: 'failing' }).retry();
    expect(await preflight(store, before)).toMatchObject({ runs: 2, agreeing: 2 });
    expect(await preflight(store, other)).toMatchObject({ runs: 2, breaking: 2 });
  });

  it('counts by version, and says which runs the build has no version for', async () => {
    const { store } = await waiting(3);
    const two = workflow('order', { version: 2 }, async (ctx) => {
      await ctx.waitForSignal('approved');
    });
    const counts = { workflow: 'order', version: '1', agreeing: 0, breaking: 0, stranded: 0 };
    const alone = await preflight(store, two);
    expect(alone).toMatchObject({ ok: true, stranded: 3 });
    expect(alone.versions).toEqual([{ ...counts, against: null, stranded: 3 }]);
    expect((await preflight(store, two, before)).versions).toEqual([
      { ...counts, against: '1', agreeing: 3 },
    ]);
    const forced = await Millrace.preflight({ store, workflows: [two, before], as: ['order@2'], limit: 2 });
    expect(forced.versions).toEqual([{ ...counts, against: '2', breaking: 3 }]);
    expect(forced.breaks).toHaveLength(2);
    expect((await preflight(store, workflow('other', nothing))).runs).toBe(0);
  });

  it('tells how far it is, batch by batch', async () => {
    const { store } = await waiting(70);
    const heard: number[][] = [];
    const onProgress = (runs: number, breaking: number): void => void heard.push([runs, breaking]);
    await Millrace.preflight({ store, workflows: [before], onProgress });
    expect(heard).toEqual([
      [64, 0],
      [70, 0],
    ]);
  });

  it('refuses what makes no sense', async () => {
    const { store } = await waiting(0);
    const twin = workflow('order', nothing);
    await expect(preflight(store, before, twin)).rejects.toEqual(refusal('DUPLICATE_REGISTRATION'));
    await expect(Millrace.preflight({ store, workflows: [], limit: -1 })).rejects.toEqual(
      refusal('INVALID_ARGUMENT', /limit is -1/),
    );
    const missing = `file:${store.replace(/^file:|\?.*/g, '')}.not-there`;
    await expect(preflight(missing, before)).rejects.toEqual(refusal('STORE_UNREACHABLE', /no database at/));
  });

  it('takes a store that the caller has open, and leaves it open', async () => {
    const { engine } = await waiting(1);
    const { store } = engine;
    expect(await Millrace.preflight({ store, workflows: [before] })).toMatchObject({ agreeing: 1 });
    expect((await store.listRuns({ namespace: 'default', limit: 1 })).runs).toHaveLength(1);
  });
});

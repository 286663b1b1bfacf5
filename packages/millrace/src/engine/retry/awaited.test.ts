import { describe, expect, it } from 'vitest';
import { gate, open, refusal, sharedStore, typesOf, until } from '../../../testbed/engines/engines.ts';
import {
  type Millrace,
  openStore,
  signal,
  workflow,
  type Context,
  type ErrorCode,
  type Run,
} from '../../index.ts';
import { placedEvents } from '../../core/reading/history-items.ts';
import type { RunRow, Store } from '../../store/port/store.ts';
import { reopenRequest } from './reopen.ts';

const go = signal<string>('go');

/** A parent whose children do what they are told. */
function family(work: (ctx: Context, name: string) => Promise<string>) {
  const child = workflow('child', (ctx, name: string) => work(ctx, name));
  const parent = workflow('parent', async (ctx, names: string[]) =>
    ctx.all(names.map((name) => ctx.child(child, name, { key: name }))),
  );
  return { child, parent };
}

const childOf = (millrace: Millrace, run: Run, key: string): Run =>
  millrace.run({ key: `${run.runId}/${key}` });

/** Opens a run in the store as `retry` does, and nothing else: nobody is there to go on with it. */
async function reopenOnly(store: Store, runId: string): Promise<void> {
  const [row] = (await store.readRuns([{ runId }])) as [RunRow];
  const history = placedEvents(await store.readHistory(runId));
  const header = { at: row.closedAt ?? 0, engine: 'nobody', commitId: 17 };
  expect(await store.reopen(reopenRequest(row, history, header))).toBe('ok');
}

async function fails(run: Run, code: ErrorCode, message = /./): Promise<void> {
  await expect(run.result({ timeout: '5s' })).rejects.toEqual(refusal(code, message));
}

describe('the children of a retried run', () => {
  it('that failed are retried with it, and their output reaches it', async () => {
    let broken = true;
    const { child, parent } = family((ctx, name) =>
      ctx.step('work', () => {
        if (broken) throw new Error('fog');
        return name;
      }),
    );
    const millrace = await open({ workflows: [child, parent] });
    const run = await millrace.start(parent, ['a']);
    await fails(run, 'RUN_FAILED', /CHILD_FAILED/);
    broken = false;
    await run.retry();
    expect(await run.result({ timeout: '5s' })).toEqual(['a']);
    expect(await typesOf(childOf(millrace, run, 'a'))).toContain('retried');
  });

  it('that fail again make it fail again, once for each retry', async () => {
    let tries = 0;
    const { child, parent } = family((ctx) =>
      ctx.step('work', () => Promise.reject(new Error(`fog ${++tries}`))),
    );
    const millrace = await open({ workflows: [child, parent] });
    const run = await millrace.start(parent, ['a']);
    await fails(run, 'RUN_FAILED', /fog 1/);
    await run.retry();
    await fails(run, 'RUN_FAILED', /fog 2/);
    await run.retry();
    await fails(run, 'RUN_FAILED', /fog 3/);
    expect(tries).toBe(3);
  });

  it('are looked after by the engine that loads it, whoever opened it and died', async () => {
    let broken = true;
    const { child, parent } = family(async (ctx, name) => {
      if (name !== 'bad') return ctx.waitForSignal(go);
      return ctx.step('work', () => (broken ? Promise.reject(new Error('fog')) : Promise.resolve(name)));
    });
    const url = sharedStore();
    const first = await open({ store: url, workflows: [child, parent] });
    const run = await first.start(parent, ['good', 'bad']);
    await fails(run, 'RUN_FAILED');
    await until(childOf(first, run, 'good'), 'cancelled');
    await first.close();
    const store = await openStore(url);
    await reopenOnly(store, run.runId);
    await store.close();

    broken = false;
    const second = await open({ store: url, workflows: [child, parent] });
    const again = second.run<string[]>(run.runId);
    await until(childOf(second, run, 'good'), 'waiting');
    await childOf(second, run, 'good').signal(go, 'well');
    expect(await again.result({ timeout: '5s' })).toEqual(['well', 'bad']);
  });

  it('that ended well while it was closed tell it once more', async () => {
    const url = sharedStore();
    const { child, parent } = family((ctx) => ctx.waitForSignal(go));
    const millrace = await open({ store: url, workflows: [child, parent] });
    const run = await millrace.start(parent, ['a']);
    await until(run, 'waiting');
    await run.cancel();
    await fails(run, 'CANCELLED');
    const alone = childOf(millrace, run, 'a');
    await fails(alone, 'CANCELLED');
    await alone.retry();
    await until(alone, 'waiting');
    await alone.signal(go, 'by itself');
    expect(await alone.result()).toBe('by itself');
    await run.retry();
    expect(await run.result({ timeout: '5s' })).toEqual(['by itself']);
    expect((await typesOf(alone)).filter((type) => type === 'retried')).toHaveLength(1);
  });

  it('that continued as another run are followed to the last one', async () => {
    let broken = true;
    const { child, parent } = family(async (ctx, name) => {
      if (name === 'first') return ctx.continueAsNew('last');
      return ctx.step('work', () => (broken ? Promise.reject(new Error('fog')) : Promise.resolve(name)));
    });
    const millrace = await open({ workflows: [child, parent] });
    const run = await millrace.start(parent, ['first']);
    await fails(run, 'RUN_FAILED', /fog/);
    broken = false;
    await run.retry();
    expect(await run.result({ timeout: '5s' })).toEqual(['last']);
  });

  it('look after their own children in turn', async () => {
    let broken = true;
    const grandchild = workflow('grandchild', (ctx, _: null) =>
      ctx.step('work', () => (broken ? Promise.reject(new Error('fog')) : Promise.resolve('deep'))),
    );
    const child = workflow('child', async (ctx, _: null) => [await ctx.child(grandchild, null)]);
    const parent = workflow('parent', async (ctx, _: null) => [await ctx.child(child, null)]);
    const millrace = await open({ workflows: [grandchild, child, parent] });
    const run = await millrace.start(parent, null);
    await fails(run, 'RUN_FAILED', /CHILD_FAILED/);
    broken = false;
    await run.retry();
    expect(await run.result({ timeout: '5s' })).toEqual([['deep']]);
  });

  it('that have been undone stay as they are, and make it fail the same way', async () => {
    const undone: string[] = [];
    const { child, parent } = family(async (ctx) => {
      await ctx.step('book', () => 1);
      ctx.compensate('unbook', () => void undone.push('unbook'));
      return ctx.step('fly', () => Promise.reject(new Error('fog')));
    });
    const millrace = await open({ workflows: [child, parent] });
    const run = await millrace.start(parent, ['a']);
    await fails(run, 'RUN_FAILED', /CHILD_FAILED/);
    await run.retry();
    await fails(run, 'RUN_FAILED', /CHILD_FAILED/);
    expect((await typesOf(run)).filter((type) => type === 'child-closed')).toHaveLength(2);
    expect(await typesOf(childOf(millrace, run, 'a'))).not.toContain('retried');
    expect(undone).toEqual(['unbook']);
  });

  it('whose end is in its inbox already are not opened once more', async () => {
    let tries = 0;
    const again = gate();
    const { child, parent } = family((ctx) =>
      ctx.step('work', async () => {
        if (++tries > 1) await again.passed;
        throw new Error(`fog ${tries}`);
      }),
    );
    const store = sharedStore();
    await open({ store, workflows: [child] });
    const first = await open({ store, workflows: [parent] });
    const run = await first.start(parent, ['a']);
    await fails(run, 'RUN_FAILED', /fog 1/);
    await run.retry();
    await expect.poll(() => tries, { interval: 5, timeout: 5_000 }).toBe(2);
    await until(run, 'waiting');
    await first.close();
    again.open();
    const second = await open({ store, work: false });
    await until(second.run(run.runId), 'queued');
    await open({ store, workflows: [parent] });
    await fails(second.run(run.runId), 'RUN_FAILED', /fog 2/);
    expect((await typesOf(childOf(second, run, 'a'))).filter((type) => type === 'retried')).toHaveLength(1);
  });

  it('that are open still are left alone', async () => {
    const begun = gate();
    const end = gate();
    const child = workflow('child', (ctx, _: null) =>
      ctx.step('work', async () => {
        begun.open();
        await end.passed;
        return 'whole';
      }),
    );
    const parent = workflow('parent', (ctx, _: null) =>
      ctx.child(child, null, { key: 'a', parentClose: 'abandon' }),
    );
    const millrace = await open({ workflows: [child, parent] });
    const run = await millrace.start(parent, null);
    await begun.passed;
    await run.cancel();
    await fails(run, 'CANCELLED');
    await run.retry();
    await until(run, 'waiting');
    end.open();
    expect(await run.result({ timeout: '5s' })).toBe('whole');
    expect(await typesOf(childOf(millrace, run, 'a'))).not.toContain('retried');
  });

  it('that it starts only after the failure taken back are new ones, also under the same key', async () => {
    let broken = true;
    const child = workflow('repair', async (_ctx, _: null) => 'repaired');
    const parent = workflow('parent', async (ctx, _: null) => {
      try {
        return await ctx.step('work', () => (broken ? Promise.reject(new Error('fog')) : Promise.resolve(1)));
      } catch (error) {
        await ctx.child(child, null, { key: 'repair' });
        throw error;
      }
    });
    const millrace = await open({ workflows: [child, parent] });
    const run = await millrace.start(parent, null);
    await fails(run, 'RUN_FAILED', /fog/);
    await run.retry();
    await fails(run, 'RUN_FAILED', /fog/);
    broken = false;
    await run.retry();
    expect(await run.result({ timeout: '5s' })).toBe(1);
  });
});

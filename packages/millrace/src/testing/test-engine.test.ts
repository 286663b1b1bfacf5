import { afterEach, describe, expect, it } from 'vitest';
import { workflow } from '../core/workflow/workflow.ts';
import { createTestEngine, type TestEngine } from './index.ts';

const reminder = workflow('reminder', async (ctx, { to }: { to: string }) => {
  await ctx.sleep('3 days');
  return ctx.step('send', () => `sent to ${to}`);
});
const flaky = workflow('flaky', (ctx, failures: number) =>
  ctx.step('call', (step) => {
    if (step.attempt <= failures) throw new Error('not yet');
    return step.attempt;
  }),
);
const approval = workflow('approval', async (ctx) => {
  try {
    return await ctx.waitForSignal<string>('approved', { timeout: '7 days' });
  } catch {
    return 'nobody answered';
  }
});
const endless = workflow('endless', (ctx) => ctx.waitForSignal('never'));
const slow = workflow('slow', (ctx) =>
  ctx.step('work', async () => {
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    return 'done';
  }),
);
const family = workflow('family', async (ctx) =>
  ctx.all([ctx.child(reminder, { to: 'ada' }), ctx.child(approval, undefined)]),
);

let test: TestEngine;
const open = async (): Promise<TestEngine> =>
  (test = await createTestEngine({ workflows: [reminder, flaky, approval, endless, slow, family] }));
afterEach(() => test.close());

describe('a test engine', () => {
  it('lets days pass at once, and not a moment sooner', async () => {
    const { start, skip, now } = await open();
    const run = await start(reminder, { to: 'ada' });
    await skip('2 days');
    expect((await run.describe()).status).toBe('waiting');
    await skip('1 day');
    expect((await run.describe()).status).toBe('completed');
    expect(await run.result()).toBe('sent to ada');
    expect(now().toISOString()).toMatch(/^2026-01-04T00:00:00/);
  });

  it('skips from retry to retry until a run has ended', async () => {
    const { start, finish, now } = await open();
    expect(await finish(await start(flaky, 3))).toBe(4);
    expect(now().getTime()).toBeGreaterThanOrEqual(Date.UTC(2026, 0, 1) + 7_000);
    await expect(finish(await start(flaky, 9))).rejects.toMatchObject({ code: 'RUN_FAILED' });
  });

  it('delivers a signal in time, and times out without one', async () => {
    const { start, skip, settle } = await open();
    const [answered, forgotten] = [await start(approval, undefined), await start(approval, undefined)];
    await skip('6 days');
    await answered.signal('approved', 'by ada');
    await settle();
    expect(await answered.result()).toBe('by ada');
    await skip('1 day');
    expect(await forgotten.result()).toBe('nobody answered');
  });

  it('says what a run waits for that time does not bring', async () => {
    const { start, finish } = await open();
    await expect(finish(await start(endless, undefined))).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('never') as string,
    });
  });

  it('gives real work of steps its time', async () => {
    const { start, finish, now } = await open();
    expect(await finish(await start(slow, undefined))).toBe('done');
    expect(now().getTime()).toBeLessThan(Date.UTC(2026, 0, 1) + 1_000);
  });

  it('brings a family of runs to its end', async () => {
    const { start, finish } = await open();
    expect(await finish(await start(family, undefined))).toEqual(['sent to ada', 'nobody answered']);
  });
});

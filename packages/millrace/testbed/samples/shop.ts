/** A module with one workflow of every kind that the tests need. */
export const SHOP = `
import { TerminalError, workflow } from 'millrace';

export const order = workflow('order', async (ctx, input) => {
  const stock = await ctx.step('reserve', () => ({ boxes: 2 }));
  await ctx.step('charge', (step) => {
    if (step.attempt === 1) throw new Error('card machine busy');
    return 17n;
  }, { retry: { initial: 1 } });
  if (input?.fail) throw new TerminalError('no stock', { code: input.fail });
  return { stock, id: input?.id ?? null };
});
export const refund = workflow('refund', { version: 2 }, async () => 'refunded');
export const approval = workflow('approval', async (ctx) => {
  ctx.publish('stage', 'asked');
  return ctx.waitForSignal('approved');
});
export const nap = workflow('nap', async (ctx) => { await ctx.sleep('1 hour'); });
export const foreign = workflow('foreign', async () => { await new Promise(() => {}); });
export const counter = workflow('counter', async (ctx, n) => (n > 0 ? ctx.continueAsNew(n - 1) : 'done'));
export const calls = workflow('calls', async (ctx) => ctx.call('math.double', 21));
export const executors = { 'math.double': (n) => n * 2 };
`;

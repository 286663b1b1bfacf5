import { TerminalError, workflow } from 'millrace';
import type { Invoice } from '../file/invoices.ts';
import { judge } from '../file/verdict.ts';
import { charge, PATIENCE, refund } from '../payments/client.ts';
import type { Holder } from '../stock/shelves.ts';
import { stockIn, type Tx } from '../stock/stock.ts';
import { desk } from './desk.ts';
import { bench, packed, packerKey, type Job } from './packer.ts';
import { releaseStock } from './shop.ts';

export interface Order {
  /** Whose shelves it takes from. */
  day: string;
  /** The run's key, by which the packer and the customer know the order. */
  key: string;
  invoice: Invoice;
}

export type OrderResult =
  | { kind: 'shipped'; pence: number; units: number; boxes: number; payment: string }
  | { kind: 'rejected'; reason: string };

/**
 * One invoice, from the counter to the door. An undo is registered before what it undoes: a cancel can come
 * while the charge is on its way, and nobody knows then whether it went through. Both undos do nothing where
 * nothing was done.
 */
export const order = workflow('order', { version: 1 }, async (ctx, input: Order): Promise<OrderResult> => {
  const { invoice, day, key } = input;
  const verdict = await ctx.step('validate', () => judge(invoice));
  if (verdict.kind === 'rejected') return verdict;
  const of: Holder = { day, order: key };
  const account = { reference: ctx.runId, order: key, customer: invoice.customer ?? '' };

  ctx.compensate('release stock', () => callRelease(of));
  const short = await ctx.transaction('reserve stock', (tx: Tx) => stockIn(tx).reserve(of, verdict.items));
  if (short.length > 0)
    throw new TerminalError(`out of stock: ${short.join(', ')}`, { code: 'OUT_OF_STOCK' });

  ctx.compensate('refund', (step) => refund(account, step), PATIENCE);
  const payment = { ...account, pence: verdict.pence };
  const receipt = await ctx.step('charge', (step) => charge(payment, step), PATIENCE);

  await ctx.sleep('200ms'); // Time for the label printer.
  await ctx.step('to the bench', () =>
    putOnBench({ kind: 'pack', of, invoiceNo: invoice.invoiceNo, units: verdict.units }),
  );
  const parcel = await ctx.waitForSignal(packed, { timeout: '30 minutes' });

  const units = await ctx.transaction('ship', (tx: Tx) => stockIn(tx).ship(of));
  // An order that was called off and is retried has lost its reservation and its payment.
  if (units !== verdict.units)
    throw new TerminalError('the goods are not reserved', { code: 'NOT_RESERVED' });
  return { kind: 'shipped', pence: receipt.pence, units, boxes: parcel.boxes, payment: receipt.id };
});

async function putOnBench(job: Extract<Job, { kind: 'pack' }>): Promise<void> {
  const millrace = await desk();
  await millrace.run({ key: packerKey(job.of.day) }).signal(bench, job, { id: job.of.order });
}

/**
 * A compensation is a step, and only a workflow has transactions: it asks a run of its own, and waits for it.
 */
async function callRelease(of: Holder): Promise<number> {
  const millrace = await desk();
  const run = await millrace.start(releaseStock, of, { key: `release-${of.order}`, reuse: 'allow' });
  return run.result();
}

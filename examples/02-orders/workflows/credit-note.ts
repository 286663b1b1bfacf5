import { workflow } from 'millrace';
import { judge } from '../file/verdict.ts';
import { credit, PATIENCE } from '../payments/client.ts';
import { stockIn, type Tx } from '../stock/stock.ts';
import type { Order } from './order.ts';

export type CreditNoteResult =
  | { kind: 'credited'; pence: number; units: number; payment: string }
  | { kind: 'rejected'; reason: string };

/**
 * An invoice whose number begins with `C`: a customer gave back what was bought on another day. It ends with
 * the money paid out and the goods on their shelves; there is nothing to undo, because nothing can be
 * refused.
 */
export const creditNote = workflow(
  'credit-note',
  { version: 1 },
  async (ctx, { day, key, invoice }: Order): Promise<CreditNoteResult> => {
    const verdict = await ctx.step('validate', () => judge(invoice));
    if (verdict.kind === 'rejected') return verdict;
    const account = { reference: ctx.runId, order: key, customer: invoice.customer ?? '' };
    const payment = { ...account, pence: verdict.pence };
    const receipt = await ctx.step('pay out', (step) => credit(payment, step), PATIENCE);
    const units = await ctx.transaction('take back', (tx: Tx) => stockIn(tx).takeBack(day, verdict.items));
    return { kind: 'credited', pence: receipt.pence, units, payment: receipt.id };
  },
);

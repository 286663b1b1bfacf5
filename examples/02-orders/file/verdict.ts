import { createHash } from 'node:crypto';
import type { Invoice, Line } from './invoices.ts';

/** Goods of an invoice: a stock code once, with all its units. */
export interface Item {
  code: string;
  units: number;
}

/** What the shop makes of an invoice before anything happens. */
export type Verdict =
  | { kind: 'sale' | 'credit'; pence: number; units: number; items: Item[] }
  | { kind: 'rejected'; reason: Reason };

export type Reason =
  | 'unreadable row'
  | 'not an invoice number'
  | 'no price'
  | 'negative price'
  | 'missing customer'
  | 'quantity below one'
  | 'credit note that gives goods';

/**
 * Judges an invoice. Dirt is no failure: the shop knows these kinds and sets them aside, so the run completes
 * with the reason. The first reason that applies counts: a line that corrects the stock has neither price nor
 * customer, and is reported as having no price.
 */
export function judge(invoice: Invoice): Verdict {
  const kind = invoice.invoiceNo.startsWith('C') ? 'credit' : 'sale';
  const reason = rejection(invoice, kind);
  if (reason !== undefined) return { kind: 'rejected', reason };
  const sign = kind === 'credit' ? -1 : 1;
  const items = goodsOf(invoice.lines, sign);
  const pence = invoice.lines.reduce((sum, line) => sum + sign * line.quantity * line.unitPence, 0);
  return { kind, pence, units: items.reduce((sum, item) => sum + item.units, 0), items };
}

function rejection(invoice: Invoice, kind: 'sale' | 'credit'): Reason | undefined {
  const { invoiceNo, lines, customer, unreadable } = invoice;
  if (unreadable > 0) return 'unreadable row';
  if (!/^C?\d+$/.test(invoiceNo)) return 'not an invoice number';
  if (lines.every((line) => line.unitPence === 0)) return 'no price';
  if (lines.some((line) => line.unitPence < 0)) return 'negative price';
  if (customer === null) return 'missing customer';
  if (kind === 'sale' && lines.some((line) => line.quantity < 1)) return 'quantity below one';
  if (kind === 'credit' && lines.some((line) => line.quantity > -1)) return 'credit note that gives goods';
  return undefined;
}

/** Lines that cost money and lie on no shelf: postage, carriage, fees, discounts, corrections by hand. */
const NO_GOODS = new Set([
  'POST',
  'DOT',
  'C2',
  'C3',
  'M',
  'D',
  'S',
  'B',
  'CRUK',
  'AMAZONFEE',
  'BANK CHARGES',
]);

export function isGoods(code: string): boolean {
  return !NO_GOODS.has(code.toUpperCase()) && !/^gift_/i.test(code);
}

/** Sorted by code: two orders that lock the same shelves do so in the same order. */
function goodsOf(lines: readonly Line[], sign: number): Item[] {
  const units = new Map<string, number>();
  for (const { code, quantity } of lines) {
    if (isGoods(code)) units.set(code, (units.get(code) ?? 0) + sign * quantity);
  }
  const items = [...units].map(([code, count]) => ({ code, units: count }));
  return items.toSorted((a, b) => (a.code < b.code ? -1 : 1));
}

/** What the payment service lets one charge come to. */
export const CHARGE_LIMIT_PENCE = 200_000;

/** Whether the packer finds the goods broken: about one order in twenty, always the same ones. */
export function isDamaged(invoiceNo: string): boolean {
  return chance('damaged', invoiceNo) < 0.05;
}

/** A number in [0, 1) that depends on nothing but the words. */
export function chance(...words: readonly (string | number)[]): number {
  return createHash('sha256').update(words.join('\n')).digest().readUInt32BE() / 2 ** 32;
}

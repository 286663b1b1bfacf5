import type { Invoice } from './invoices.ts';
import { CHARGE_LIMIT_PENCE, isDamaged, judge } from './verdict.ts';

/** How an invoice ends. */
export type Outcome =
  | { kind: 'shipped' | 'credited' | 'cancelled' | 'declined'; pence: number; units: number }
  | { kind: 'rejected'; reason: string }
  | { kind: 'lost'; problem: string };

export interface Sum {
  count: number;
  pence: number;
  units: number;
}

export interface Totals {
  /** Sold, paid and sent. */
  shipped: Sum;
  /** Credit notes paid out, goods taken back. */
  credited: Sum;
  /** Paid, then broken in the packing room: paid back and put back. */
  cancelled: Sum;
  /** Above what the payment service allows: nothing was taken. */
  declined: Sum;
  /** Count by reason. */
  rejected: Record<string, number>;
  /** What no rule foresees; none, when all went well. */
  lost: string[];
}

/**
 * What the file alone says must come out. Knows nothing of the engine: the comparison is only worth something
 * so.
 */
export function totalsOfFile(invoices: readonly Invoice[]): Totals {
  return totalsOf(invoices.map(expectedOutcome));
}

export function expectedOutcome(invoice: Invoice): Outcome {
  const verdict = judge(invoice);
  if (verdict.kind === 'rejected') return verdict;
  const { pence, units } = verdict;
  if (verdict.kind === 'credit') return { kind: 'credited', pence, units };
  if (pence > CHARGE_LIMIT_PENCE) return { kind: 'declined', pence, units };
  return { kind: isDamaged(invoice.invoiceNo) ? 'cancelled' : 'shipped', pence, units };
}

const NONE: Sum = { count: 0, pence: 0, units: 0 };

export function totalsOf(outcomes: readonly Outcome[]): Totals {
  const totals: Totals = {
    shipped: { ...NONE },
    credited: { ...NONE },
    cancelled: { ...NONE },
    declined: { ...NONE },
    rejected: {},
    lost: [],
  };
  for (const outcome of outcomes) add(totals, outcome);
  return totals;
}

function add(totals: Totals, outcome: Outcome): void {
  switch (outcome.kind) {
    case 'rejected':
      totals.rejected[outcome.reason] = (totals.rejected[outcome.reason] ?? 0) + 1;
      return;
    case 'lost':
      totals.lost.push(outcome.problem);
      return;
    case 'shipped':
    case 'credited':
    case 'cancelled':
    case 'declined': {
      const sum = totals[outcome.kind];
      sum.count++;
      sum.pence += outcome.pence;
      sum.units += outcome.units;
    }
  }
}

/** What the shelves must hold in the morning, so that every sale of the day finds its goods. */
export function openingStock(invoices: readonly Invoice[]): Record<string, number> {
  const opening: Record<string, number> = {};
  for (const invoice of invoices) {
    const verdict = judge(invoice);
    if (verdict.kind !== 'sale') continue;
    for (const { code, units } of verdict.items) opening[code] = (opening[code] ?? 0) + units;
  }
  return opening;
}

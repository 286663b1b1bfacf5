import type { Totals } from '../file/totals.ts';
import { isEntry, type Entry, type LedgerLine } from '../payments/ledger.ts';
import type { StockCount } from '../stock/shelves.ts';

/** One figure, as the file says it and as it was found. */
export interface Comparison {
  what: string;
  unit: 'count' | 'pence';
  file: number;
  found: number;
}

/** Where the found figures come from: the runs' own results, the payment service's ledger, the shelves. */
export interface Found {
  runs: Totals;
  ledger: readonly LedgerLine[];
  /** The references of this day's orders, which are their runs; a ledger may hold other days too. */
  references: ReadonlySet<string>;
  stock: StockCount;
}

export function compare(file: Totals, found: Found): Comparison[] {
  const reasons = new Set([...Object.keys(file.rejected), ...Object.keys(found.runs.rejected)]);
  const { runs, stock } = found;
  const opening = file.shipped.units + file.cancelled.units + file.declined.units;
  const onHand = opening - file.shipped.units + file.credited.units;
  return [
    count('orders shipped', file.shipped.count, runs.shipped.count),
    pence('  paid for', file.shipped.pence, runs.shipped.pence),
    count('  units sent', file.shipped.units, runs.shipped.units),
    count('orders called off', file.cancelled.count, runs.cancelled.count),
    count('orders declined', file.declined.count, runs.declined.count),
    count('credit notes', file.credited.count, runs.credited.count),
    pence('  paid out', file.credited.pence, runs.credited.pence),
    count('  units taken back', file.credited.units, runs.credited.units),
    ...[...reasons].map((reason) =>
      count(`rejected: ${reason}`, file.rejected[reason] ?? 0, runs.rejected[reason] ?? 0),
    ),
    count('lost', 0, runs.lost.length),
    ...compareLedger(file, found),
    count('shelves: opening', opening, stock.opening),
    count('shelves: on hand', onHand, stock.onHand),
    count('shelves: still reserved', 0, stock.reserved),
  ];
}

function compareLedger(file: Totals, { ledger, references }: Found): Comparison[] {
  const entries = ledger.filter(isEntry).filter((entry) => references.has(entry.reference));
  const charged = entries.filter((entry) => entry.kind === 'charged');
  const refunded = entries.filter((entry) => entry.kind === 'refunded');
  const credited = entries.filter((entry) => entry.kind === 'credited');
  return [
    count('ledger: charges', file.shipped.count + file.cancelled.count, charged.length),
    pence('  charged', file.shipped.pence + file.cancelled.pence, sum(charged)),
    pence('  refunded', file.cancelled.pence, sum(refunded)),
    count('ledger: credits', file.credited.count, credited.length),
    pence('  credited', file.credited.pence, sum(credited)),
    count('ledger: a key twice', 0, entries.length - distinct(entries, 'key')),
    count('ledger: an order charged twice', 0, charged.length - distinct(charged, 'order')),
  ];
}

export function agrees(comparisons: readonly Comparison[]): boolean {
  return comparisons.every(({ file, found }) => file === found);
}

function sum(entries: readonly Entry[]): number {
  return entries.reduce((total, { pence: amount }) => total + amount, 0);
}

function distinct(entries: readonly Entry[], field: 'key' | 'order'): number {
  return new Set(entries.map((entry) => entry[field])).size;
}

function count(what: string, file: number, found: number): Comparison {
  return { what, unit: 'count', file, found };
}

function pence(what: string, file: number, found: number): Comparison {
  return { what, unit: 'pence', file, found };
}

import { isMillraceError, type Millrace, type Run } from 'millrace';
import { openingStock, type Outcome } from './file/totals.ts';
import type { Day, Invoice } from './file/invoices.ts';
import { judge } from './file/verdict.ts';
import type { StockCount } from './stock/shelves.ts';
import { creditNote, type CreditNoteResult } from './workflows/credit-note.ts';
import { lendDesk } from './workflows/desk.ts';
import { order, type Order, type OrderResult } from './workflows/order.ts';
import { bench, packer, packerKey } from './workflows/packer.ts';
import { countStock, openShop } from './workflows/shop.ts';

export interface DayOptions {
  millrace: Millrace;
  day: Day;
  /** Another round of a day that the store has seen before, instead of the rest of the last one. */
  fresh: boolean;
  onSettled: (outcome: Outcome) => void;
}

export interface DayResult {
  /** The round's name; its keys end in the round's number from the second on. */
  name: string;
  /** By invoice number. */
  outcomes: Map<string, Outcome>;
  runIds: string[];
  stock: StockCount;
}

const STARTS_AT_ONCE = 50;

/**
 * Takes one day of the shop through the engine: every invoice is a run. Whatever of it has happened before a
 * crash is found again by key, so this is also how a day is resumed.
 */
export async function runDay({ millrace, day, fresh, onSettled }: DayOptions): Promise<DayResult> {
  lendDesk(millrace);
  const opening = { date: day.date, opening: openingStock(day.invoices) };
  const reuse = fresh ? 'allow' : 'return';
  const shop = await millrace.start(openShop, opening, { key: `shop-${day.date}`, reuse });
  const name = await shop.result();
  const shift = await millrace.start(packer, { day: name, packed: 0, damaged: 0 }, { key: packerKey(name) });

  const outcomes = new Map<string, Outcome>();
  const runIds: string[] = [];
  const settled: Promise<void>[] = [];
  for (let from = 0; from < day.invoices.length; from += STARTS_AT_ONCE) {
    const invoices = day.invoices.slice(from, from + STARTS_AT_ONCE);
    const runs = await millrace.startMany(invoices.map((invoice) => startOf(invoice, name, day.date)));
    for (const [index, run] of runs.entries()) {
      const invoice = invoices[index] as Invoice; // A handle for each start, in their order.
      runIds.push(run.runId);
      const settle = (outcome: Outcome): void => {
        outcomes.set(invoice.invoiceNo, outcome);
        onSettled(outcome);
      };
      settled.push(outcomeOf(run, invoice).then(settle));
    }
  }
  await Promise.all(settled);

  await closeBench(shift);
  const counted = await millrace.start(countStock, name);
  return { name, outcomes, runIds, stock: await counted.result() };
}

function startOf(invoice: Invoice, name: string, date: string) {
  const key = orderKey(invoice.invoiceNo, name, date);
  const workflow = invoice.invoiceNo.startsWith('C') ? creditNote : order;
  const input: Order = { day: name, key, invoice };
  return { workflow, input, key, tags: [name] };
}

/** The invoice's number; from the second round of a day on with the round: `100012.2`. */
export function orderKey(invoiceNo: string, name: string, date: string): string {
  return `${invoiceNo}${name.slice(date.length)}`;
}

/** What became of a run, in the words of the totals. Sums are the run's own, not the file's. */
async function outcomeOf(run: Run<OrderResult | CreditNoteResult>, invoice: Invoice): Promise<Outcome> {
  try {
    return await run.result();
  } catch (error) {
    const verdict = judge(invoice);
    const sums =
      verdict.kind === 'rejected' ? { pence: 0, units: 0 } : { pence: verdict.pence, units: verdict.units };
    if (isMillraceError(error, 'CANCELLED')) return { kind: 'cancelled', ...sums };
    if (hasCode(error, 'DECLINED')) return { kind: 'declined', ...sums };
    return { kind: 'lost', problem: `${invoice.invoiceNo}: ${(error as Error).message}` };
  }
}

function hasCode(error: unknown, code: string): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && at.code === code) return true;
  }
  return false;
}

async function closeBench(shift: Run): Promise<void> {
  try {
    await shift.signal(bench, { kind: 'close' }, { id: 'close' });
  } catch (error) {
    if (!isMillraceError(error, 'RUN_CLOSED')) throw error;
  }
  await shift.result();
}

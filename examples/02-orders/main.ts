import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isMillraceError, Millrace } from 'millrace';
import { serveHttp, type HttpServer } from 'millrace/server';
import { agrees, compare } from './console/compare.ts';
import { showProgress } from './console/progress.ts';
import { badRows, comparisonTable, faultLine, nextCommands } from './console/report.ts';
import { orderKey, runDay, type DayResult } from './day.ts';
import { readDay, type Day } from './file/invoices.ts';
import { totalsOf, totalsOfFile } from './file/totals.ts';
import { executors, workflows } from './module.ts';
import { startPaymentService } from './payments/child.ts';
import { readLedger } from './payments/ledger.ts';

const USAGE = `Usage: node examples/02-orders/start.mjs [CSV] [--store URL] [--ledger FILE] [--seed TEXT] [--fresh] [--once]

  CSV       invoices of one day (default: the made-up day beside this program)
  --store   file:PATH or postgres://… (default: a new file under .millrace/). With the same store again, a day that
            was interrupted goes on where it stopped; a day that is done is only reported.
  --ledger  the payment service's own file (default: beside the store)
  --seed    which of the payment service's answers go wrong; "none" for none
  --fresh   run the day once more on a store that has seen it
  --once    end after the result; otherwise the HTTP API answers at PORT (7400) until Ctrl-C
`;

interface Options {
  csv: string;
  store: string;
  ledger: string;
  seed: string;
  fresh: boolean;
  once: boolean;
}

/**
 * @returns the exit code: 0 when all totals agree, 1 when not, 2 for wrong usage, 130 or 143 when
 * interrupted.
 */
export async function main(args: string[]): Promise<number> {
  const options = readOptions(args);
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n${USAGE}`);
    return 2;
  }
  const day = readDay(options.csv);
  process.stderr.write(
    `${day.invoices.length} invoices of ${day.date}, store ${withoutPassword(options.store)}\n` +
      `ledger ${options.ledger}\n${badRows(day)}`,
  );
  mkdirSync(dirname(options.ledger), { recursive: true });
  const interrupted = untilSignal();
  const payments = await startPaymentService(options.ledger, options.seed);
  process.env['PAYMENTS_URL'] = payments.url;
  try {
    return await openShop(day, options, interrupted);
  } catch (error) {
    if (!(error instanceof Interrupted))
      throw isMillraceError(error, 'KEY_IN_USE') ? changedFile(error) : error;
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  } finally {
    await payments.close();
  }
}

/** Takes the day through an engine, shows the result, and lets the API answer until somebody ends it. */
async function openShop(day: Day, options: Options, interrupted: Promise<never>): Promise<number> {
  const millrace = await Millrace.open({ store: options.store, workflows, executors });
  let api: HttpServer | undefined;
  try {
    if (!options.once) api = await serveHttp(millrace, { port: readPort(process.env['PORT']) });
    const result = await takeThrough(millrace, { day, fresh: options.fresh }, interrupted);
    const exitCode = report(day, result, options);
    if (api === undefined) return exitCode;
    process.stdout.write(`\nThe HTTP API answers at ${api.url} (${api.url}/openapi.json) until Ctrl-C.\n`);
    await interrupted.catch(() => undefined);
    return exitCode;
  } finally {
    await api?.close(1_000);
    await millrace.close();
  }
}

async function takeThrough(
  millrace: Millrace,
  { day, fresh }: { day: Day; fresh: boolean },
  interrupted: Promise<never>,
): Promise<DayResult> {
  const startedAt = performance.now();
  const progress = showProgress(day.invoices.length);
  try {
    const done = runDay({ millrace, day, fresh, onSettled: (outcome) => progress.settled(outcome) });
    return await Promise.race([done, interrupted]);
  } finally {
    progress.end();
    process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(1)} s\n\n`);
  }
}

function readPort(given = ''): number | undefined {
  if (given === '') return undefined;
  const port = Number(given);
  if (/^\d+$/.test(given) && port <= 65_535) return port;
  throw new Error(`PORT=${given} must be a whole number from 0 to 65535`);
}

function changedFile(cause: Error): Error {
  const message =
    'The store knows this day from another file: run it anew with --fresh, or take another store';
  return new Error(message, { cause });
}

/** Ctrl-C, or whoever stops services here: what is held is given back first, and a later start goes on. */
class Interrupted extends Error {
  readonly exitCode: number;
  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`${signal}: start again with the same --store to go on`);
    this.exitCode = signal === 'SIGINT' ? 130 : 143;
  }
}

function untilSignal(): Promise<never> {
  const signalled = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => reject(new Interrupted(signal)));
    }
  });
  signalled.catch(() => undefined);
  return signalled;
}

function report(day: Day, result: DayResult, options: Options): number {
  const ledger = readLedger(options.ledger);
  const references = new Set(result.runIds);
  const runs = totalsOf([...result.outcomes.values()]);
  const comparisons = compare(totalsOfFile(day.invoices), { runs, ledger, references, stock: result.stock });
  const shown =
    [...result.outcomes].find(([, { kind }]) => kind === 'cancelled')?.[0] ?? day.invoices[0]?.invoiceNo;
  const key = orderKey(shown ?? '', result.name, day.date);
  process.stdout.write(
    [
      comparisonTable(comparisons),
      ...runs.lost.map((problem) => `lost: ${problem}\n`),
      faultLine(ledger, references),
      options.store.endsWith(':memory:') ? '' : nextCommands(withoutPassword(options.store), key),
    ].join('\n'),
  );
  return agrees(comparisons) ? 0 : 1;
}

function readOptions(args: string[]): Options | string {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        store: { type: 'string' },
        ledger: { type: 'string' },
        seed: { type: 'string', default: 'day' },
        fresh: { type: 'boolean', default: false },
        once: { type: 'boolean', default: false },
      },
    });
    if (positionals.length > 1) return `One CSV file, not ${positionals.length}`;
    const store = values.store ?? newStore();
    const csv = positionals[0] ?? fileURLToPath(new URL('./made-up-day.csv', import.meta.url));
    const { ledger = ledgerOf(store), seed, fresh, once } = values;
    return { csv, store, ledger, seed, fresh, once };
  } catch (error) {
    return (error as Error).message;
  }
}

function newStore(): string {
  const now = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  return `file:.millrace/orders-${now}-${process.pid}.db`;
}

/** A ledger belongs to a store, whatever directory the example is started in next time. */
function ledgerOf(store: string): string {
  const path = /^(?:file|sqlite):(?:\/\/)?(.+)$/.exec(store)?.[1];
  if (path !== undefined && path !== ':memory:') return `${path}.payments.jsonl`;
  const name =
    path === undefined ? createHash('sha256').update(withoutPassword(store)).digest('hex') : `${process.pid}`;
  return join('.millrace', `payments-${name.slice(0, 12)}.jsonl`);
}

function withoutPassword(url: string): string {
  return url.replace(/(:\/\/[^:@/]*):[^@/]*@/, '$1@');
}

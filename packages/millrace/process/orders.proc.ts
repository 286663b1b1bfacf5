/*
 * The example shop, killed three times with SIGKILL while it works, and started again each time: what comes out must
 * be what its file says. SEED=n repeats the moments of the kills.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readDay } from '../../../examples/02-orders/file/invoices.ts';
import { totalsOfFile } from '../../../examples/02-orders/file/totals.ts';
import { chance } from '../../../examples/02-orders/file/verdict.ts';
import { isEntry, readLedger, type Entry } from '../../../examples/02-orders/payments/ledger.ts';
import { Millrace, type RunDescription } from '../src/index.ts';
import { createDatabase } from '../testbed/postgres-database.ts';
import { postgresUrl } from '../testbed/postgres-url.ts';

const EXAMPLE = fileURLToPath(new URL('../../../examples/02-orders/', import.meta.url));
const KILLS = 3;
/** A kill comes after at most this many further lines in the ledger. */
const LINES_PER_KILL = 20;

const day = readDay(join(EXAMPLE, 'made-up-day.csv'));
const file = totalsOfFile(day.invoices);
const seed = process.env['SEED'] ?? String(randomInt(1_000_000));

let folder: string;
let ledger: string;
const shops: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-orders-'));
  ledger = join(folder, 'payments.jsonl');
});

afterEach(() => {
  for (const shop of shops.splice(0)) shop.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe(`the order example, SEED=${seed}`, () => {
  test('ends with the totals of its file on SQLite, killed three times', async () => {
    const store = `file:${join(folder, 'orders.db')}`;
    expect(await killThenFinish(store)).toEqual(WELL);
    checkLedger();
    await checkRuns(store);
  });

  test.skipIf(postgresUrl === undefined)(
    'ends with the totals of its file on PostgreSQL, killed three times',
    async () => {
      const database = await createDatabase(postgresUrl ?? '');
      try {
        expect(await killThenFinish(database.url)).toEqual(WELL);
        checkLedger();
        await checkRuns(database.url);
      } finally {
        await database.drop();
      }
    },
  );
});

/** How the example ends when nobody kills it any more. */
const WELL = { exitCode: 0, said: expect.stringContaining('All totals agree.') };

async function killThenFinish(store: string): Promise<{ exitCode: number | null; said: string }> {
  for (let kill = 0; kill < KILLS; kill++) {
    const lines =
      readLedger(ledger).length +
      1 +
      Math.floor(chance(seed, store.split(':')[0] ?? '', kill) * LINES_PER_KILL);
    const shop = startShop(store);
    const said = text(shop.stdout as NonNullable<typeof shop.stdout>); // Spawned with a pipe.
    await untilLines(lines, shop);
    shop.kill('SIGKILL');
    await once(shop, 'close');
    expect(shop.signalCode, `kill ${kill + 1} met a process that had ended by itself`).toBe('SIGKILL');
    expect(await said, `kill ${kill + 1} came after the result`).toBe('');
    expect(await countOpen(store), `kill ${kill + 1} came when all was done`).toBeGreaterThan(0);
  }
  const shop = startShop(store);
  const said = await text(shop.stdout as NonNullable<typeof shop.stdout>); // Spawned with a pipe.
  if (shop.exitCode === null) await once(shop, 'exit');
  return { exitCode: shop.exitCode, said };
}

function checkLedger(): void {
  const sumOf = (kind: Entry['kind']): number => {
    const entries = moved().filter((entry) => entry.kind === kind);
    return entries.reduce((sum, { pence }) => sum + pence, 0);
  };
  expect(sumOf('charged')).toBe(file.shipped.pence + file.cancelled.pence);
  expect(sumOf('refunded')).toBe(file.cancelled.pence);
  expect(sumOf('credited')).toBe(file.credited.pence);
  const keys = readLedger(ledger)
    .filter(isEntry)
    .map(({ key }) => key);
  expect(new Set(keys).size, 'a key acted twice').toBe(keys.length);
  const charges = moved().filter(({ kind }) => kind === 'charged');
  expect(new Set(charges.map(({ order }) => order)).size, 'an order paid twice').toBe(charges.length);
  const faults = readLedger(ledger).map((line) => (isEntry(line) ? undefined : line.fault));
  expect(faults, 'nothing went wrong at the payment service').toEqual(
    expect.arrayContaining(['error', 'hang', 'twice']),
  );
}

/** Every invoice is one run and no more, in the store's own words. */
async function checkRuns(store: string): Promise<void> {
  const runs = await readRuns(store);
  const count = (status: string): number => runs.filter((run) => run.status === status).length;
  expect(runs).toHaveLength(day.invoices.length);
  expect(new Set(runs.map(({ key }) => key))).toEqual(
    new Set(day.invoices.map(({ invoiceNo }) => invoiceNo)),
  );
  expect(count('cancelled')).toBe(file.cancelled.count);
  expect(count('failed')).toBe(file.declined.count);
  expect(count('completed')).toBe(day.invoices.length - file.cancelled.count - file.declined.count);
}

/** Invoices that are not done yet, started or not. */
async function countOpen(store: string): Promise<number> {
  const runs = await readRuns(store);
  return day.invoices.length - runs.filter(({ closedAt }) => closedAt !== null).length;
}

async function readRuns(store: string): Promise<RunDescription[]> {
  const millrace = await Millrace.open({ store, work: false });
  try {
    return (await millrace.runs({ tag: day.date, limit: 1000 })).runs;
  } finally {
    await millrace.close();
  }
}

function startShop(store: string): ChildProcess {
  const args = [join(EXAMPLE, 'start.mjs'), '--store', store, '--ledger', ledger, '--once'];
  const shop = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  shops.push(shop);
  return shop;
}

/** Lines that move money; a refund that found nothing does not. */
function moved(): Entry[] {
  return readLedger(ledger)
    .filter(isEntry)
    .filter(({ kind, pence }) => kind !== 'declined' && pence > 0);
}

/** The kills aim at work, not at the clock: the ledger says that work is going on. */
async function untilLines(lines: number, shop: ChildProcess): Promise<void> {
  while (readLedger(ledger).length < lines) {
    if (shop.exitCode !== null)
      throw new Error(`the shop ended (${shop.exitCode}) before ledger line ${lines}`);
    await pause(2);
  }
}

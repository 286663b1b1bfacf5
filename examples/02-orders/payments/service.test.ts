import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startPaymentService, type PaymentService } from './child.ts';
import { isEntry, readLedger } from './ledger.ts';

let folder: string;
let ledger: string;
const services: PaymentService[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'payments-'));
  ledger = join(folder, 'ledger.jsonl');
});

afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.close()));
  rmSync(folder, { recursive: true });
});

async function start(): Promise<PaymentService> {
  const service = await startPaymentService(ledger, 'none');
  services.push(service);
  return service;
}

async function charge(service: PaymentService, key: string, pence: unknown = 500) {
  const response = await fetch(`${service.url}/charges`, {
    method: 'POST',
    headers: { 'idempotency-key': key },
    body: JSON.stringify({ reference: 'run-1', order: '700001', customer: '20001', pence }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test('a charge survives a kill of the service, which comes back on its port', async () => {
  const service = await start();
  const before = await charge(service, 'k1');
  process.kill(service.pid() ?? 0, 'SIGKILL');
  const after = await untilAnswered(() => charge(service, 'k1'));
  expect(after).toEqual({ status: 200, body: { ...before.body, repeated: true } });
  expect(readLedger(ledger).filter(isEntry)).toHaveLength(1);
});

test('a torn last line is cut off: nobody was told of it', async () => {
  appendFileSync(ledger, '{"kind":"charged","key":"k0');
  const service = await start();
  await charge(service, 'k1');
  expect(readLedger(ledger).filter(isEntry)).toMatchObject([{ key: 'k1' }]);
});

test('a second service on the same ledger waits until the first has ended', async () => {
  const first = await start();
  const order: string[] = [];
  const second = start().then((service) => {
    order.push('second is up');
    return service;
  });
  // Started after the second, and up: the second has had its time.
  services.push(await startPaymentService(`${ledger}.other`, 'none'));
  await charge(first, 'k1');
  order.push('first ends');
  await first.close();
  expect(await charge(await second, 'k1')).toMatchObject({ body: { repeated: true } });
  expect(order).toEqual(['first ends', 'second is up']);
});

test('a request that makes no sense is refused and leaves no line', async () => {
  const service = await start();
  expect(await charge(service, '')).toMatchObject({ status: 400 });
  expect(await charge(service, 'k1', 1.5)).toMatchObject({ status: 400 });
  expect(readLedger(ledger)).toEqual([]);
});

/** A service that comes back refuses connections until it listens. */
async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (const giveUp = AbortSignal.timeout(10_000); ; await pause(20)) {
    try {
      return await ask();
    } catch (error) {
      if (giveUp.aborted) throw error;
    }
  }
}

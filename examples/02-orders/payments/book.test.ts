import { describe, expect, test } from 'vitest';
import { CHARGE_LIMIT_PENCE } from '../file/verdict.ts';
import { faultOf, openBook, type Asked } from './book.ts';
import type { Ledger, LedgerLine } from './ledger.ts';

function memoryLedger(lines: LedgerLine[] = []): Ledger {
  return { lines, append: (line) => void lines.push(line), close: () => undefined };
}

const charge = (key: string, more: Partial<Asked> = {}): Asked => {
  return {
    operation: 'charge',
    key,
    reference: 'run-1',
    order: '700001',
    customer: '20001',
    pence: 500,
    ...more,
  };
};
const refund = (key: string): Asked => charge(key, { operation: 'refund', pence: 0 });

describe('the payment book', () => {
  test('charges once per key, also when it was closed and opened in between', () => {
    const ledger = memoryLedger();
    const first = openBook(ledger).answer(charge('k1'));
    const second = openBook(memoryLedger([...ledger.lines])).answer(charge('k1'));
    expect(first).toMatchObject({ status: 200, body: { pence: 500, repeated: false } });
    expect(second).toEqual({ status: 200, body: { ...first.body, repeated: true } });
    expect(ledger.lines).toHaveLength(1);
  });

  test('refuses a key that was used for something else', () => {
    const book = openBook(memoryLedger());
    book.answer(charge('k1'));
    expect(book.answer(charge('k1', { pence: 600 }))).toMatchObject({
      status: 422,
      body: { code: 'KEY_REUSED' },
    });
  });

  test('declines what is above the limit, and says so again', () => {
    const ledger = memoryLedger();
    const book = openBook(ledger);
    const above = charge('k1', { pence: CHARGE_LIMIT_PENCE + 1 });
    expect(book.answer(above)).toMatchObject({ status: 402, body: { code: 'DECLINED' } });
    expect(book.answer(above)).toMatchObject({ status: 402, body: { code: 'DECLINED' } });
    expect(ledger.lines).toMatchObject([{ kind: 'declined' }]);
    expect(book.answer(refund('k2'))).toMatchObject({ body: { pence: 0 } });
  });

  test('gives back what was charged, once', () => {
    const book = openBook(memoryLedger());
    book.answer(charge('k1'));
    expect(book.answer(refund('k2'))).toMatchObject({ status: 200, body: { pence: 500 } });
    expect(book.answer(refund('k3'))).toMatchObject({ status: 200, body: { pence: 0 } });
  });

  test('takes no charge that arrives after the refund', () => {
    const ledger = memoryLedger();
    openBook(ledger).answer(refund('k1'));
    expect(openBook(ledger).answer(charge('k2'))).toMatchObject({
      status: 409,
      body: { code: 'CALLED_OFF' },
    });
  });
});

describe('faults', () => {
  const orders = Array.from({ length: 400 }, (_, index) => String(700_000 + index));
  const faults = (seed: string) => orders.map((order) => faultOf(seed, { operation: 'charge', order }, 1));

  test('are the same for the same seed, and others for another', () => {
    expect(faults('a')).toEqual(faults('a'));
    expect(faults('a')).not.toEqual(faults('b'));
    expect(new Set(faults('a'))).toEqual(new Set(['error', 'hang', 'twice', undefined]));
  });

  test('stop after the third request, across restarts, and never come with seed "none"', () => {
    const ledger = memoryLedger();
    for (let n = 0; n < 10; n++) openBook(ledger).nextFault(charge('k1'), 'a');
    const seen = ledger.lines.map((line) => (line.kind === 'request' ? line.fault : 'entry'));
    expect(seen.slice(3)).toEqual(Array.from({ length: 7 }));
    expect(new Set(faults('none'))).toEqual(new Set([undefined]));
  });
});

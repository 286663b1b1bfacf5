import { expect, test } from 'vitest';
import type { Invoice, Line } from './invoices.ts';
import { expectedOutcome, openingStock, totalsOfFile } from './totals.ts';
import { isDamaged } from './verdict.ts';

const [whole, broken] = [false, true].map((damaged) => {
  const numbers = Array.from({ length: 200 }, (_, index) => String(700_001 + index));
  return numbers.find((number) => isDamaged(number) === damaged) ?? '';
});

const line = (quantity: number, unitPence = 250, code = '31001'): Line => {
  return { code, description: 'TEAPOT', quantity, unitPence };
};
const invoice = (invoiceNo: string | undefined, lines: Line[], more: Partial<Invoice> = {}): Invoice => {
  const head = { date: '2024-05-14 08:00:00', customer: '20001', country: 'Norway', unreadable: 0 };
  return { invoiceNo: invoiceNo ?? '', lines, ...head, ...more };
};

test.each<[string, Invoice, object]>([
  [
    'a sale ships',
    invoice(whole, [line(2), line(1, 950, 'POST')]),
    { kind: 'shipped', pence: 1450, units: 2 },
  ],
  ['broken goods call it off', invoice(broken, [line(2)]), { kind: 'cancelled', pence: 500, units: 2 }],
  [
    'too much money is declined',
    invoice(whole, [line(1000)]),
    { kind: 'declined', pence: 250_000, units: 1000 },
  ],
  [
    'a gift among paid goods ships too',
    invoice(whole, [line(1), line(1, 0)]),
    { kind: 'shipped', pence: 250, units: 2 },
  ],
  ['a credit note pays out', invoice('C1', [line(-3)]), { kind: 'credited', pence: 750, units: 3 }],
  [
    'a discount has no goods',
    invoice('C1', [line(-1, 2750, 'D')]),
    { kind: 'credited', pence: 2750, units: 0 },
  ],
  ['nobody to charge', invoice(whole, [line(1)], { customer: null }), { reason: 'missing customer' }],
  ['nobody to pay', invoice('C1', [line(-1)], { customer: null }), { reason: 'missing customer' }],
  ['a stock correction', invoice(whole, [line(-9, 0)], { customer: null }), { reason: 'no price' }],
  ['a sale that takes', invoice(whole, [line(2), line(-1)]), { reason: 'quantity below one' }],
  ['a credit note that gives', invoice('C1', [line(2)]), { reason: 'credit note that gives goods' }],
  [
    'a bad debt',
    invoice('A1', [line(1, -5000, 'B')], { customer: null }),
    { reason: 'not an invoice number' },
  ],
  ['a price below zero', invoice(whole, [line(1, -5000)]), { reason: 'negative price' }],
  ['a row nobody could read', invoice(whole, [line(1)], { unreadable: 1 }), { reason: 'unreadable row' }],
])('%s', (_, given, outcome) => {
  expect(expectedOutcome(given)).toMatchObject(outcome);
});

test('totals sum by outcome, and the shelves open with what the sales take', () => {
  const invoices = [
    invoice(whole, [line(2), line(3)]),
    invoice(broken, [line(4)]),
    invoice('C1', [line(-1)]),
    invoice('7', [line(-9, 0)]),
  ];
  expect(totalsOfFile(invoices)).toMatchObject({
    shipped: { count: 1, pence: 1250, units: 5 },
    cancelled: { count: 1, pence: 1000, units: 4 },
    credited: { count: 1, pence: 250, units: 1 },
    declined: { count: 0 },
    rejected: { 'no price': 1 },
  });
  expect(openingStock(invoices)).toEqual({ 31001: 9 });
});

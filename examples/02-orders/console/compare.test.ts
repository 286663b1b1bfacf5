import { expect, test } from 'vitest';
import { totalsOf, type Totals } from '../file/totals.ts';
import type { Entry, LedgerLine } from '../payments/ledger.ts';
import { agrees, compare, type Found } from './compare.ts';

const file: Totals = totalsOf([
  { kind: 'shipped', pence: 500, units: 2 },
  { kind: 'cancelled', pence: 300, units: 1 },
  { kind: 'credited', pence: 100, units: 4 },
  { kind: 'declined', pence: 250_000, units: 7 },
  { kind: 'rejected', reason: 'no price' },
]);
const entry = (
  kind: Entry['kind'],
  reference: string,
  pence: number,
  key = `${kind} ${reference}`,
): Entry => {
  return { kind, id: key, key, reference, order: reference, customer: '20001', pence, asked: '' };
};
const ledger: LedgerLine[] = [
  entry('charged', '1', 500),
  entry('charged', '2', 300),
  entry('refunded', '2', 300),
  entry('credited', 'C3', 100),
  entry('declined', '4', 250_000),
  entry('charged', 'another day', 9999),
];
const found: Found = {
  runs: file,
  ledger,
  references: new Set(['1', '2', 'C3', '4', '5']),
  stock: { opening: 10, onHand: 12, reserved: 0 },
};

test('a day that went well agrees', () => {
  expect(compare(file, found).filter((line) => line.file !== line.found)).toEqual([]);
});

test.each<[string, Partial<Found>]>([
  ['an order charged twice', { ledger: [...ledger, entry('charged', '1', 500, 'another key')] }],
  ['a key used twice', { ledger: [...ledger, entry('refunded', '2', 0)] }],
  ['a refund that is missing', { ledger: ledger.filter((line) => line.kind !== 'refunded') }],
  ['stock still reserved', { stock: { opening: 10, onHand: 12, reserved: 1 } }],
  ['goods sent twice', { stock: { opening: 10, onHand: 10, reserved: 0 } }],
  ['an order lost', { runs: { ...file, lost: ['1: run failed'] } }],
  ['a reason the file does not know', { runs: { ...file, rejected: { 'no price': 1, other: 1 } } }],
])('%s is seen', (_, change) => {
  expect(agrees(compare(file, { ...found, ...change }))).toBe(false);
});

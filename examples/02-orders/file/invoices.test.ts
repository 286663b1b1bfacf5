import { describe, expect, test } from 'vitest';
import { parseDay, parsePence } from './invoices.ts';

const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';
const day = (...rows: string[]) => parseDay(`${[HEADER, ...rows].join('\n')}\n`);
const row = (invoiceNo: string, rest = '31001,TEAPOT,2,2024-05-14 08:00:00,12.5,20001.0,Norway') =>
  `${invoiceNo},${rest}`;

describe('an export of the shop', () => {
  test('is grouped by invoice, in the order of the file', () => {
    const { date, invoices, bad } = day(row('700001'), row('C700002'), row('700001'));
    expect(date).toBe('2024-05-14');
    expect(invoices.map(({ invoiceNo, lines }) => [invoiceNo, lines.length])).toEqual([
      ['700001', 2],
      ['C700002', 1],
    ]);
    expect(invoices[0]).toMatchObject({ customer: '20001', country: 'Norway', unreadable: 0 });
    expect(bad).toEqual([]);
  });

  test('may quote its fields, and quotes inside them', () => {
    const quoted = row('700001', '31012,"FRAME 5"" BY 7"", OAK",1,2024-05-14 08:00:00,5.95,20001.0,Norway');
    expect(day(quoted).invoices[0]?.lines[0]?.description).toBe('FRAME 5" BY 7", OAK');
  });

  test('may end its lines like Windows does and begin with a byte order mark', () => {
    const { invoices, bad } = parseDay(`\uFEFF${HEADER}\r\n${row('700001')}\r\n`);
    expect([invoices.length, bad.length]).toEqual([1, 0]);
  });

  test('has no customer where the shop knew none', () => {
    const unknown = row('700001', '31001,TEAPOT,2,2024-05-14 08:00:00,12.5,,Norway');
    expect(day(unknown).invoices[0]?.customer).toBeNull();
  });

  test.each([
    ['31001,TEAPOT,2', '4 columns instead of 8'],
    [',TEAPOT,2,2024-05-14 08:00:00,12.5,20001.0,Norway', 'no stock code'],
    ['31001,TEAPOT,two,2024-05-14 08:00:00,12.5,20001.0,Norway', 'quantity "two"'],
    ['31001,TEAPOT,2,yesterday,12.5,20001.0,Norway', 'date "yesterday"'],
    ['31001,TEAPOT,2,2024-05-14 08:00:00,1e3,20001.0,Norway', 'price "1e3"'],
    ['31001,TEAPOT,2,2024-05-14 08:00:00,12.5,Ann,Norway', 'customer "Ann"'],
    ['31001,TEAPOT,2,2024-05-14 08:00:00,12.5,20002.0,Norway', 'customer "20002" on an invoice of another'],
    ['31001,"TEAPOT,2,2024-05-14 08:00:00,12.5,20001.0,Norway', 'a quote in the wrong place'],
  ])('reports the row %s and marks its invoice', (rest, problem) => {
    const { invoices, bad } = day(row('700001'), row('700001', rest), row('700002'));
    expect(bad).toMatchObject([{ line: 3, problem }]);
    expect(invoices.map(({ unreadable }) => unreadable)).toEqual([1, 0]);
  });

  test('is refused when it is something else', () => {
    expect(() => parseDay('a,b\n1,2\n')).toThrow('The first line must be InvoiceNo,');
    expect(() => day()).toThrow('no invoice');
  });
});

test.each([
  ['2.1', 210],
  ['2.95', 295],
  ['0', 0],
  ['1.005', 101],
  ['-11062.06', -1_106_206],
  ['.5', undefined],
  ['1,000', undefined],
])('%s pounds are %s pence', (text, pence) => {
  expect(parsePence(text)).toBe(pence);
});

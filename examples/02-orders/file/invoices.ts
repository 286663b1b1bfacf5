import { readFileSync } from 'node:fs';
import { readCsv, type BadRow, type Row } from './csv.ts';

/** One line of an invoice. */
export interface Line {
  code: string;
  description: string;
  quantity: number;
  unitPence: number;
}

/** What the shop's export says about one invoice; plain JSON, because it becomes the input of a run. */
export interface Invoice {
  /** Digits; a leading `C` marks a credit note. */
  invoiceNo: string;
  /** `2010-12-06 08:34:00`, the shop's own clock. */
  date: string;
  customer: string | null;
  country: string;
  lines: Line[];
  /** Rows of this invoice that could not be read. */
  unreadable: number;
}

export interface Day {
  /** Of the first invoice: `2010-12-06`. */
  date: string;
  /** In the order of the file. */
  invoices: Invoice[];
  bad: BadRow[];
}

const COLUMNS = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'.split(
  ',',
);
const DATE = /^\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?$/;

/** @throws Error when the file cannot be read or is no export of the shop at all. */
export function readDay(path: string): Day {
  return parseDay(readFileSync(path, 'utf8'));
}

/** Groups the rows of an export by invoice. Rows that cannot be read are reported, never guessed. */
export function parseDay(text: string): Day {
  const { rows, bad } = readCsv(text);
  const [header, ...body] = rows;
  if (header?.line !== 1 || header.fields.join() !== COLUMNS.join()) {
    throw new Error(`The first line must be ${COLUMNS.join()}`);
  }
  const invoices = new Map<string, Invoice>();
  for (const row of body) {
    const read = readRow(row);
    const problem = typeof read === 'string' ? read : addLine(invoices, read);
    if (problem !== undefined) bad.push({ line: row.line, problem, text: row.fields.join() });
  }
  // A row that could not be split still says in front to which invoice it belongs.
  for (const { text: row } of bad) markUnreadable(invoices, /^"?(\w+)"?,/.exec(row)?.[1]);
  const date = [...invoices.values()][0]?.date.slice(0, 10);
  if (date === undefined) throw new Error('The file holds no invoice that can be read');
  return { date, invoices: [...invoices.values()], bad: bad.toSorted((a, b) => a.line - b.line) };
}

type ReadRow = Omit<Invoice, 'lines' | 'unreadable'> & { line: Line };

/** The row, or what is wrong with it. */
function readRow({ fields }: Row): ReadRow | string {
  if (fields.length !== COLUMNS.length) return `${fields.length} columns instead of ${COLUMNS.length}`;
  const [
    invoiceNo = '',
    code = '',
    description = '',
    amount = '',
    date = '',
    price = '',
    id = '',
    country = '',
  ] = fields;
  if (!/^\w+$/.test(invoiceNo)) return `invoice number "${invoiceNo}"`;
  if (code.trim() === '') return 'no stock code';
  if (!/^-?\d{1,9}$/.test(amount)) return `quantity "${amount}"`;
  if (!DATE.test(date)) return `date "${date}"`;
  const unitPence = parsePence(price);
  if (unitPence === undefined) return `price "${price}"`;
  // The export went through a spreadsheet: customer 12345 is written 12345.0.
  const customer = /^(\d+)(?:\.0+)?$/.exec(id)?.[1];
  if (customer === undefined && id !== '') return `customer "${id}"`;
  const line = { code: code.trim(), description: description.trim(), quantity: Number(amount), unitPence };
  return { invoiceNo, date, customer: customer ?? null, country, line };
}

/** Pounds as written to whole pence, without a detour through binary fractions. Half a penny rounds up. */
export function parsePence(text: string): number | undefined {
  const match = /^(-?)(\d{1,9})(?:\.(\d+))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, pounds, decimals = ''] = match;
  const pence = Number(pounds) * 100 + Number(decimals.slice(0, 2).padEnd(2, '0'));
  const rounded = pence + (Number(decimals[2] ?? 0) >= 5 ? 1 : 0);
  return sign === '-' && rounded !== 0 ? -rounded : rounded;
}

function addLine(invoices: Map<string, Invoice>, { line, ...head }: ReadRow): string | undefined {
  const known = invoices.get(head.invoiceNo);
  if (known === undefined) invoices.set(head.invoiceNo, { ...head, lines: [line], unreadable: 0 });
  else if (known.customer !== head.customer)
    return `customer "${head.customer ?? ''}" on an invoice of another`;
  else known.lines.push(line);
  return undefined;
}

function markUnreadable(invoices: Map<string, Invoice>, invoiceNo: string | undefined): void {
  const invoice = invoiceNo === undefined ? undefined : invoices.get(invoiceNo);
  if (invoice !== undefined) invoice.unreadable++;
}

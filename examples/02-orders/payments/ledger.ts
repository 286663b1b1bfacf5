import {
  closeSync,
  existsSync,
  fdatasyncSync,
  openSync,
  readFileSync,
  truncateSync,
  writeSync,
} from 'node:fs';

/*
 * The payment service's book: a file of JSON lines, only ever added to.
 *   L1  A line that moves money is on disk before anybody is told.
 *   L2  A torn last line was told to nobody: it is cut off when the book is opened.
 */

export type Operation = 'charge' | 'refund' | 'credit';
export type Fault = 'error' | 'hang' | 'twice';

/** A request as it came in, with what was made to go wrong on purpose. */
export interface Request {
  kind: 'request';
  operation: Operation;
  reference: string;
  order: string;
  key: string;
  fault: Fault | undefined;
}

/** Money moved, or was refused; `pence` is never negative. A refund of 0 found nothing to pay back. */
export interface Entry {
  kind: 'charged' | 'refunded' | 'credited' | 'declined';
  id: string;
  /** The idempotency key under which it happened. */
  key: string;
  /** The client's account of one order: charges and refunds of a reference belong together. */
  reference: string;
  /** What it was for, in words for the customer. */
  order: string;
  customer: string;
  pence: number;
  /** What was asked, so that a key cannot be used for something else. */
  asked: string;
}

export type LedgerLine = Request | Entry;

export interface Ledger {
  readonly lines: readonly LedgerLine[];
  append(line: LedgerLine): void;
  close(): void;
}

/** What the book at `path` holds; nothing, when there is none yet. */
export function readLedger(path: string): LedgerLine[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LedgerLine); // Written by `append` alone.
}

export function openLedger(path: string): Ledger {
  const lines = readLedger(path);
  if (existsSync(path)) truncateSync(path, readFileSync(path).lastIndexOf('\n') + 1);
  const file = openSync(path, 'a');
  return {
    lines,
    append(line) {
      writeSync(file, `${JSON.stringify(line)}\n`);
      if (line.kind !== 'request') fdatasyncSync(file);
      lines.push(line);
    },
    close: () => closeSync(file),
  };
}

export function isEntry(line: LedgerLine): line is Entry {
  return line.kind !== 'request';
}

import { decodeValue } from '../../src/core/json.ts';
import type { RunRow } from '../../src/store/port/store.ts';
import type { Evidence } from './evidence.ts';

const READERS: ReadonlySet<string> = new Set(['mailbox', 'chain']);

/** Every acknowledged signal reached the program once, in the order of sending; every other one at most once. */
export function judgeSignals(evidence: Evidence): string[] {
  const { entries, rows, histories } = evidence;
  const wrong: string[] = [];
  const acked = new Map<string, Set<number>>();
  const sent = new Map<string, Set<number>>();
  for (const entry of entries) {
    if (entry.kind === 'signalling') add(sent, entry.key, entry.value);
    else if (entry.kind === 'signalled' && entry.outcome === 'ok') add(acked, entry.key, entry.value);
  }
  for (const row of rows.values()) {
    if (!READERS.has(row.workflow) || row.status !== 'completed' || row.key === undefined) continue;
    const last = histories.get(row.runId)?.at(-1)?.event;
    const read = decodeValue(last?.payload ?? 'null') as number[];
    wrong.push(...judgeRead(row, read, sent.get(row.key) ?? NONE, acked.get(row.key) ?? NONE));
  }
  return wrong;
}

const NONE: ReadonlySet<number> = new Set();

function judgeRead(
  { workflow, key }: RunRow,
  read: readonly number[],
  sent: ReadonlySet<number>,
  acked: ReadonlySet<number>,
): string[] {
  const wrong: string[] = [];
  const name = `${workflow} ${key ?? ''} read ${read.join(', ')}`;
  if (read.some((value, at) => at > 0 && value <= (read[at - 1] ?? 0)))
    wrong.push(`${name}: twice or out of order`);
  for (const value of acked)
    if (!read.includes(value)) wrong.push(`${name}: acknowledged signal ${value} is lost`);
  for (const value of read) if (!sent.has(value)) wrong.push(`${name}: nobody sent ${value}`);
  return wrong;
}

function add(to: Map<string, Set<number>>, key: string, value: number): void {
  const values = to.get(key) ?? new Set();
  to.set(key, values.add(value));
}

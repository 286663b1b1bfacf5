import { decodeValue } from '../../src/core/json.ts';
import type { PlacedEvent } from '../../src/core/run/event.ts';
import { effective } from '../../src/core/run/replay.ts';
import type { EntryOf } from '../worker/entry.ts';
import type { Evidence, Outcome } from './evidence.ts';

/** What a run can be told only once about each of its commands. */
const ONCE: ReadonlySet<string> = new Set([
  ...[
    'step-completed',
    'step-failed',
    'timer-fired',
    'timer-set',
    'child-started',
    'child-closed',
    'recorded',
  ],
]);
const ENDS: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled', 'timed-out', 'continued']);

/** Each step has one outcome, and it is what one attempt of that step said. */
export function judgeOutcomes({ entries, histories, outcomes }: Evidence): string[] {
  const wrong: string[] = [];
  for (const [runId, history] of histories) wrong.push(...judgeHistory(runId, history));
  const begins = new Map<string, EntryOf<'begin'>>();
  const ends = new Map<string, boolean>();
  for (const entry of entries) {
    if (entry.kind === 'begin') begins.set(entry.nonce, entry);
    else if (entry.kind === 'end') ends.set(entry.nonce, entry.ok);
  }
  const seen = new Set<unknown>();
  for (const outcome of outcomes) {
    if (outcome.ok) {
      wrong.push(...judgeNonce(outcome, begins.get(String(outcome.value)), ends.get(String(outcome.value))));
      if (seen.has(outcome.value)) wrong.push(`${nameOf(outcome)}: one attempt is recorded twice`);
      seen.add(outcome.value);
    }
  }
  return wrong;
}

function judgeHistory(runId: string, history: readonly PlacedEvent[]): string[] {
  const wrong: string[] = [];
  const seen = new Set<string>();
  history.forEach(({ seq }, place) => {
    if (seq !== place) wrong.push(`history of ${runId} has position ${seq} at place ${place}`);
  });
  const valid = effective(history);
  valid.forEach(({ event }, place) => {
    const last = place === valid.length - 1;
    if (ENDS.has(event.type) && !last) wrong.push(`history of ${runId} goes on after ${event.type}`);
    if (!ONCE.has(event.type) || !('ordinal' in event)) return;
    const kind = event.type === 'step-failed' ? 'step-completed' : event.type;
    const key = `${kind} ${event.ordinal}`;
    if (seen.has(key)) wrong.push(`history of ${runId} has ${key} (${event.name}) twice`);
    seen.add(key);
  });
  return wrong;
}

function judgeNonce(
  outcome: Outcome,
  begin: EntryOf<'begin'> | undefined,
  ended: boolean | undefined,
): string[] {
  const name = nameOf(outcome);
  if (begin === undefined) return [`${name}: no attempt gave ${String(outcome.value)}`];
  const wrong: string[] = [];
  if (ended !== true) wrong.push(`${name}: the attempt that is recorded did not end well`);
  if (begin.runId !== outcome.runId) wrong.push(`${name}: recorded from an attempt of run ${begin.runId}`);
  if (begin.step !== outcome.name) wrong.push(`${name}: recorded from step ${begin.step}`);
  // A transaction is not told which attempt it is.
  if (begin.fence > 0 && begin.attempt !== outcome.attempt)
    wrong.push(`${name}: recorded as another attempt than ${begin.attempt}`);
  return wrong;
}

/** The rows of transactions: one for each recorded outcome, the very same, and no other. */
export function judgeNotes({ notes, outcomes, histories, rows }: Evidence): string[] {
  const wrong: string[] = [];
  const recorded = new Map(
    outcomes
      .filter(({ workflow }) => workflow.endsWith('books'))
      .map((one) => [`${one.runId} ${one.name}`, one.value]),
  );
  const written = new Set<string>();
  for (const { run_id: runId, name, nonce } of notes) {
    const key = `${runId} ${name}`;
    if (written.has(key)) wrong.push(`transaction ${key} wrote twice`);
    written.add(key);
    if (recorded.get(key) !== nonce) wrong.push(`transaction ${key} wrote without its record`);
  }
  for (const key of recorded.keys())
    if (!written.has(key)) wrong.push(`transaction ${key} is recorded without its row`);
  // What the program returned is what was recorded.
  for (const row of rows.values()) {
    if (row.workflow !== 'books' || row.status !== 'completed') continue;
    const last = histories.get(row.runId)?.at(-1)?.event;
    const output = decodeValue(last?.payload ?? 'null') as string[];
    const values = outcomes.filter(({ runId }) => runId === row.runId).map(({ value }) => value);
    if (output.join() !== values.join())
      wrong.push(`run ${row.runId} returned something else than what is recorded`);
  }
  return wrong;
}

function nameOf({ workflow, runId, name, ordinal }: Outcome): string {
  return `step ${name} (${ordinal}) of ${workflow} ${runId}`;
}

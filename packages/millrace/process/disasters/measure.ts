import { decodeValue } from '../../src/core/json.ts';
import { attemptsOf } from '../judge/attempts.ts';
import type { Evidence } from '../judge/evidence.ts';
import type { Entry, EntryOf } from '../worker/entry.ts';
import type { JourneyInput } from '../worker/timed-workflows.ts';
import type { Stage } from './stage.ts';

/** When it came, and when an outage of the store was over. */
export interface Moments {
  readonly struckAt: number;
  readonly backAt: number | undefined;
}

/** What is measured of one disaster, ms after it came. */
export interface Times {
  /** On the machine's monotonic clock. */
  readonly struckAt: number;
  /** How long before the first hour all runs were started. */
  readonly spareMs: number;
  /** Runs of the timetable that were open then. */
  readonly inFlight: number;
  /** The victim was declared dead; or the store was back. */
  readonly seenMs: number | undefined;
  /** When each step began again that the victim was cut short in. Transactions carry no token: their rows are judged. */
  readonly resumedMs: readonly number[];
  /** Such steps that never did. */
  readonly lost: readonly string[];
  /** The last of them; after an outage of the store, when the last engine began a step again. */
  readonly recoveredMs: number | undefined;
  /** How late each run was at its end. */
  readonly lateMs: readonly number[];
}

export function measure(death: boolean, stage: Stage, evidence: Evidence, moments: Moments): Times {
  const { struckAt, backAt } = moments;
  const lateMs = latenessOf(evidence, stage);
  const come = {
    struckAt,
    spareMs: stage.spareMs,
    inFlight: stage.size.runs - countEnded(evidence.entries, stage, struckAt),
  };
  if (death) {
    const seenAt = declaredDeadAt(evidence.entries);
    const resumed = resumedAfter(evidence.entries, stage.victim.pid, struckAt);
    const recoveredMs = resumed.resumedMs.length === 0 ? undefined : Math.max(...resumed.resumedMs);
    return { ...come, seenMs: seenAt && seenAt - struckAt, ...resumed, recoveredMs, lateMs };
  }
  const none = { resumedMs: [], lost: [] };
  if (backAt === undefined) return { ...come, seenMs: undefined, ...none, recoveredMs: undefined, lateMs };
  const firsts = stage.engines.map((engine) => engine.begins().find(({ at }) => at > backAt)?.at);
  const known = firsts.filter((at) => at !== undefined);
  const recoveredMs = known.length === firsts.length ? Math.max(...known) - struckAt : undefined;
  return { ...come, seenMs: backAt - struckAt, ...none, recoveredMs, lateMs };
}

function countEnded(entries: readonly Entry[], { size }: Stage, struckAt: number): number {
  const before = entries.filter(({ at }) => at <= struckAt);
  const last = `leg-${size.legs - 1}`;
  const ended = new Set(before.flatMap((entry) => (entry.kind === 'end' ? [entry.nonce] : [])));
  return before.filter((entry) => entry.kind === 'begin' && entry.step === last && ended.has(entry.nonce))
    .length;
}

/** What became of the steps that a process was in the middle of. */
export function resumedAfter(
  entries: readonly Entry[],
  pid: number | undefined,
  struckAt: number,
): Pick<Times, 'resumedMs' | 'lost'> {
  const resumedMs: number[] = [];
  const lost: string[] = [];
  for (const { begin, endedAt = Infinity } of attemptsOf(entries)) {
    if (begin.pid !== pid || begin.at > struckAt || endedAt <= struckAt) continue;
    const again = entries.find((entry) => isAgain(entry, begin));
    if (again === undefined) lost.push(`${begin.workflow} ${begin.key} of epoch ${begin.epoch}`);
    else resumedMs.push(again.at - struckAt);
  }
  return { resumedMs, lost };
}

/** Under a higher epoch: somebody else took the run over. That may be the victim too, come back under a new name. */
function isAgain(entry: Entry, { key, epoch }: EntryOf<'begin'>): boolean {
  return entry.kind === 'begin' && entry.key === key && entry.epoch > epoch;
}

/** When another engine said that the victim is gone. */
function declaredDeadAt(entries: readonly Entry[]): number | undefined {
  return entries.find((entry) => entry.kind === 'log' && entry.message.includes('engine victim is gone'))?.at;
}

/** By the store's clock, which is this machine's. */
function latenessOf({ rows, histories }: Evidence, { size }: Stage): number[] {
  return [...rows.values()].flatMap(({ runId, workflow, closedAt }) => {
    const first = histories.get(runId)?.[0]?.event;
    if (workflow !== 'journey' || closedAt === undefined || first?.type !== 'started') return [];
    const { due } = decodeValue(first.payload ?? 'null') as JourneyInput;
    return [Math.max(0, closedAt - due - size.legs * size.legMs)];
  });
}

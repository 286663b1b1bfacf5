import { decodeValue } from '../../src/core/json.ts';
import type { Evidence } from '../judge/evidence.ts';
import type { WorkerProcess } from '../rig/worker-process.ts';
import type { Entry, EntryOf } from '../worker/entry.ts';
import type { JourneyInput } from '../worker/timed-workflows.ts';
import type { Moments } from './play.ts';
import type { Stage } from './stage.ts';

/** What is measured of one disaster, ms after it came. */
export interface Times {
  /** On the machine's monotonic clock. */
  readonly struckAt: number;
  /** The victim was declared dead; or the store was back. */
  readonly seenMs: number | undefined;
  /** Each attempt that the victim was cut short in: when the same step began elsewhere. Undefined: it never did. */
  readonly resumedMs: readonly (number | undefined)[];
  /** The last of them; after an outage of the store, when the last engine began a step again. */
  readonly recoveredMs: number | undefined;
  /** How late each run was at its end. */
  readonly lateMs: readonly number[];
}

export function measure(death: boolean, stage: Stage, evidence: Evidence, moments: Moments): Times {
  const { struckAt, backAt } = moments;
  const lateMs = latenessOf(evidence, stage);
  if (death) {
    const seenAt = declaredDeadAt(evidence.entries);
    const resumedMs = interrupted(evidence.entries, stage.victim, struckAt).map(({ key, at }) => {
      const again = evidence.entries.find(
        (entry) =>
          entry.kind === 'begin' && entry.key === key && entry.at > at && entry.pid !== stage.victim.pid,
      );
      return again && again.at - struckAt;
    });
    const known = resumedMs.filter((ms) => ms !== undefined);
    const recoveredMs = known.length === 0 ? undefined : Math.max(...known);
    return { struckAt, seenMs: seenAt && seenAt - struckAt, resumedMs, recoveredMs, lateMs };
  }
  if (backAt === undefined)
    return { struckAt, seenMs: undefined, resumedMs: [], recoveredMs: undefined, lateMs };
  const firsts = stage.engines.map((engine) => engine.begins().find(({ at }) => at > backAt)?.at);
  const known = firsts.filter((at) => at !== undefined);
  const recoveredMs = known.length === firsts.length ? Math.max(...known) - struckAt : undefined;
  return { struckAt, seenMs: backAt - struckAt, resumedMs: [], recoveredMs, lateMs };
}

/** When another engine said that the victim is gone. */
function declaredDeadAt(entries: readonly Entry[]): number | undefined {
  return entries.find((entry) => entry.kind === 'log' && entry.message.includes('engine victim is gone'))?.at;
}

/** Attempts that had begun and not ended. */
function interrupted(entries: readonly Entry[], victim: WorkerProcess, struckAt: number): EntryOf<'begin'>[] {
  const ended = new Set(
    entries.flatMap((entry) => (entry.kind === 'end' && entry.at <= struckAt ? [entry.nonce] : [])),
  );
  return entries
    .filter((entry) => entry.kind === 'begin')
    .filter(({ pid, at, nonce }) => pid === victim.pid && at <= struckAt && !ended.has(nonce));
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

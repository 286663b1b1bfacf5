import { scopesFor } from '../../../core/limits/admission.ts';
import type { KeyLimit, LimitKind } from '../../../core/limits/limit.ts';
import { isClosed } from '../../../core/status.ts';
import type { LimitChange, OwnedRun, Plan, RunRow } from '../../../store/port/store.ts';
import type { Tally } from '../tally.ts';
import { violated } from '../violation.ts';
import type { Watched } from '../watcher.ts';

/**
 * What may not happen to limits (store, L1 and L4). It counts for itself: a run holds a grant from the first time that
 * somebody owned it until it closes.
 */
export interface LimitCheck {
  noteLimit(change: LimitChange): void;
  /** A start was stored; undefined: it brought none. */
  noteKeys(runId: string, limits: readonly KeyLimit[] | undefined): void;
  /** A plan was applied: the successor has the keys of its predecessor. */
  noteSuccessor(plan: Plan): void;
  checkClaim(claimed: readonly OwnedRun[]): void;
  /** A row as it is after a write. */
  see(what: string, row: RunRow): void;
  /** How a limit stands. */
  standingOf(kind: LimitKind, name: string): { paused: boolean; full: boolean };
  /** Whether a run holds a grant. */
  holds(runId: string): boolean;
}

interface Known {
  max: number | undefined;
  paused: boolean;
}

const NONE: ReadonlyMap<string, Place> = new Map();

type Place = Pick<OwnedRun, 'runId' | 'queue' | 'workflow'>;

export function createLimitCheck(runs: ReadonlyMap<string, Watched>, tally: Tally): LimitCheck {
  const limits = new Map<string, Known>();
  const keysOf = new Map<string, readonly KeyLimit[]>();
  const begun = new Set<string>();

  const scopesOf = ({ runId, queue, workflow }: Place): string[] => {
    const keys = (keysOf.get(runId) ?? []).map(({ key }) => key);
    return scopesFor({ queue, workflow, keys, granted: false }).map(({ kind, name }) => `${kind} ${name}`);
  };
  const knownOf = (scope: string): Known => limits.get(scope) ?? { max: undefined, paused: false };

  /** How many hold a grant; `more` are there already, but not yet in what the watcher remembers. */
  const inUse = (scope: string, more: ReadonlyMap<string, Place>): number => {
    let count = 0;
    for (const runId of begun) {
      const place = more.get(runId) ?? runs.get(runId)?.row;
      if (place !== undefined && scopesOf(place).includes(scope)) count++;
    }
    return count;
  };

  return {
    standingOf(kind, name) {
      const scope = `${kind} ${name}`;
      const { max, paused } = knownOf(scope);
      return { paused, full: max !== undefined && inUse(scope, NONE) >= max };
    },
    holds: (runId) => begun.has(runId),
    noteLimit({ kind, name, maxConcurrent, paused }) {
      const known = knownOf(`${kind} ${name}`);
      const max = maxConcurrent === undefined ? known.max : (maxConcurrent ?? undefined);
      limits.set(`${kind} ${name}`, { max, paused: paused ?? known.paused });
    },
    noteKeys(runId, brought = []) {
      keysOf.set(runId, brought);
      for (const { key, max } of brought) limits.set(`key ${key}`, { max, paused: false });
    },
    noteSuccessor({ runId, next }) {
      if (next.kind !== 'close' || next.successor === undefined) return;
      keysOf.set(next.successor, keysOf.get(runId) ?? []);
    },
    checkClaim(claimed) {
      const fresh = claimed.filter(({ runId }) => !begun.has(runId));
      const places = new Map(claimed.map((run) => [run.runId, run]));
      for (const { runId } of fresh) begun.add(runId);
      for (const run of fresh) {
        for (const scope of scopesOf(run)) {
          const { max, paused } = knownOf(scope);
          if (paused) violated('begun while paused', `run ${run.runId}, ${scope}`);
          if (max === undefined) continue;
          tally.add(scope.startsWith('key ') ? 'grant under a key' : 'grant under a limit');
          const now = inUse(scope, places);
          if (now > max)
            violated('limit exceeded', `${scope} allows ${max}, run ${run.runId} makes it ${now}`);
        }
      }
    },
    see(what, row) {
      if (isClosed(row.status)) {
        begun.delete(row.runId);
        return;
      }
      if (row.ownerId === undefined || begun.has(row.runId)) return;
      begun.add(row.runId);
      const held = scopesOf(row).find((scope) => knownOf(scope).paused || knownOf(scope).max !== undefined);
      if (held !== undefined) violated('begun without a claim', `run ${row.runId} by ${what}, ${held}`);
    },
  };
}

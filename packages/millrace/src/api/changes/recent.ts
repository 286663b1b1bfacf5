import type { ChangeEvent } from '../../core/changes/change.ts';

/**
 * What was told lately, in the order in which it was told: so that what is read twice is told once, and that who comes back
 * soon is served from memory.
 *   R1  Everything that was found and happened at `from` or later is here.
 *   R2  At most `MOST_KEPT` changes are here.
 */
export interface Recent {
  /** Happenings before are forgotten. */
  readonly from: number;
  /** False: it was here. */
  add(change: ChangeEvent, at: number): boolean;
  forget(before: number): void;
  since(at: number): ChangeEvent[];
  has(id: string): boolean;
  wasRetried(runId: string): boolean;
}

const MOST_KEPT = 50_000;

export function createRecent(begunAt: number): Recent {
  const kept = new Map<string, { change: ChangeEvent; at: number }>();
  let from = begunAt;

  function tellAll(wanted: (at: number) => boolean): ChangeEvent[] {
    return [...kept.values()].filter(({ at }) => wanted(at)).map(({ change }) => change);
  }

  return {
    get from() {
      return from;
    },
    has: (id) => kept.has(id),
    add(change, at) {
      if (kept.has(change.id)) return false;
      kept.set(change.id, { change, at });
      if (kept.size > MOST_KEPT) {
        const [oldest] = kept;
        if (oldest !== undefined) {
          kept.delete(oldest[0]);
          from = Math.max(from, oldest[1].at + 1);
        }
      }
      return true;
    },
    forget(before) {
      from = Math.max(from, before);
      for (const [id, { at }] of kept) if (at < from) kept.delete(id);
    },
    since: (since) => tellAll((at) => at >= since),
    wasRetried: (runId) =>
      tellAll(() => true).some((change) => change.type === 'retried' && change.runId === runId),
  };
}

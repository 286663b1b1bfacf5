import type { EngineRow } from '../../store/port/store.ts';
import type { EngineOptions } from '../options.ts';
import type { Ports } from '../ports.ts';

/** Decides which incarnations have been silent for too long. Remembers; does nothing. */
export interface Observer {
  /** Looks at the rows of one beat; gives back those to retire, or whose retiring was left half done. */
  judge(look: Look): Verdict[];
  /** Milliseconds until the next suspicion can be judged; at most one beat. */
  soonestJudgement(): number;
}

/** What one beat of this process told. */
export interface Look {
  readonly engines: readonly EngineRow[];
  readonly ownId: string;
  readonly storeTime: number;
}

/** An incarnation that has been silent for too long, as far as this process saw. */
export interface Verdict {
  readonly row: EngineRow;
  readonly silentMs: number;
}

/** What is remembered of another incarnation: its last beat, since when, and how long it may be silent. */
interface Observation {
  beatSeq: number;
  since: number;
  patienceMs: number;
}

/**
 *   O1  A silence is measured on this process's monotonic clock, and only over beats of this process that never paused:
 *       an outage of the store, or a pause here, starts every measurement anew. A beat that is new came between two
 *       such looks: when, the store's clock says, which cannot make it older than the first of them.
 *   O2  A pid that is gone, of this very host, boot and pid namespace, or a lock that its process kept and keeps no
 *       more, shortens the wait; it never replaces it.
 */
export function createObserver(ports: Ports, options: EngineOptions): Observer {
  let observed = new Map<string, Observation>();
  let lastSeenAt = Number.NEGATIVE_INFINITY;

  const seemsGone = (row: EngineRow): boolean => {
    const { host, bootId } = ports.host;
    if (row.session === 'gone') return true;
    return row.host === host && row.bootId === bootId && !ports.isAlive(row.pid);
  };

  return {
    judge({ engines, ownId, storeTime }) {
      const now = ports.clock.mono();
      const gapMs = now - lastSeenAt;
      const uninterrupted = gapMs <= options.beatMs * 2 + options.leaseMs / 10;
      lastSeenAt = now;
      const ageOf = ({ beatAt }: EngineRow): number => Math.min(Math.max(0, storeTime - beatAt), gapMs);
      const before = uninterrupted ? observed : new Map<string, Observation>();
      observed = new Map();
      const expired: Verdict[] = [];
      for (const row of engines) {
        if (row.engineId === ownId) continue;
        if (row.retired) {
          expired.push({ row, silentMs: 0 });
          continue;
        }
        const known = before.get(row.engineId);
        const heard = known?.beatSeq === row.beatSeq ? known.since : now - ageOf(row);
        const since = known === undefined ? now : heard;
        const patienceMs = seemsGone(row) ? options.suspectMs : options.leaseMs;
        observed.set(row.engineId, { beatSeq: row.beatSeq, since, patienceMs });
        if (now - since >= patienceMs) expired.push({ row, silentMs: now - since });
      }
      return expired;
    },
    soonestJudgement() {
      const now = ports.clock.mono();
      let soonest = options.beatMs;
      for (const { since, patienceMs } of observed.values()) {
        if (patienceMs < options.leaseMs) soonest = Math.min(soonest, Math.max(1, since + patienceMs - now));
      }
      return soonest;
    },
  };
}

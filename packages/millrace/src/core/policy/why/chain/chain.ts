import type { Cause, Reason, Why } from '../reason.ts';
import { deadlocksIn } from './deadlock.ts';
import { leadsOf, type Link } from './leads.ts';

export type { Link } from './leads.ts';

/**
 * The chain from a run to what holds it up in the end. It grows by rounds: whoever looks runs up asks which, looks, and adds
 * what was found.
 *
 *   C1  Each run is looked up at most once, and stands with its reasons once: where it was met first.
 *   C2  At most `LOOKS` runs are looked up, `WIDE` from one run, `DEEP` links away; `complete` says whether that was all.
 */
export interface Chain {
  /** The runs to look up now; none: the chain is whole. */
  next(): readonly string[];
  /** What was found of them. Runs that are gone are left out. */
  add(found: readonly Link[]): void;
  /** @param moved - runs that are not as they were looked up any more: nothing is said about them together. */
  tell(moved?: ReadonlySet<string>): Pick<Why, 'reasons' | 'complete'>;
}

const LOOKS = 40;
const WIDE = 5;
const DEEP = 16;

export function openChain(root: Link): Chain {
  const links = new Map<string, Link>([[root.runId, root]]);
  /** By run: from which one it was met first. */
  const metFrom = new Map<string, string>();
  let latest: readonly Link[] = [root];
  let depth = 0;
  let complete = true;

  const follow = (link: Link): string[] => {
    const leads = [...new Set(link.reasons.flatMap(leadsOf))];
    const fresh = leads.filter((runId) => runId !== root.runId && !metFrom.has(runId));
    const room = depth >= DEEP ? 0 : Math.min(WIDE, LOOKS - metFrom.size);
    const followed = fresh.slice(0, room);
    if (followed.length < fresh.length) complete = false;
    for (const runId of followed) metFrom.set(runId, link.runId);
    return followed;
  };

  const tellReasons = (link: Link, deadlocks: ReadonlyMap<string, Reason>): readonly Reason[] => {
    const told = new Set<string>();
    const deadlock = deadlocks.get(link.runId);
    const reasons = link.reasons.map((reason) => {
      const causes = leadsOf(reason).flatMap((runId): Cause[] => {
        const lead = links.get(runId);
        if (lead === undefined) return [];
        const isHere = metFrom.get(runId) === link.runId && !told.has(runId);
        told.add(runId);
        return [{ ...lead, told: !isHere, reasons: isHere ? tellReasons(lead, deadlocks) : [] }];
      });
      return causes.length === 0 ? reason : { ...reason, causes };
    });
    return deadlock === undefined ? reasons : [deadlock, ...reasons];
  };

  return {
    next() {
      const ids = latest.flatMap(follow);
      latest = [];
      depth++;
      return ids;
    },
    add(found) {
      for (const link of found) links.set(link.runId, link);
      latest = found;
    },
    tell(moved = new Set()) {
      const still = new Map([...links].filter(([runId]) => !moved.has(runId)));
      return { reasons: tellReasons(root, deadlocksIn(still)), complete };
    },
  };
}

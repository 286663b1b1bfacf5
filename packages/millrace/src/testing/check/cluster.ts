import type { Leadership } from '../../store/port/store.ts';
import type { Tally } from './tally.ts';
import { violated } from './violation.ts';

/** What may not happen to the lease of the leader and to settings (store, K1 and K2). */
export interface ClusterCheck {
  checkLease(leader: Leadership | undefined): void;
  checkRevision(revision: number): void;
}

/** @param retired - incarnations that are retired by now. */
export function createClusterCheck(retired: ReadonlySet<string>, tally: Tally): ClusterCheck {
  let known: Leadership | undefined;
  let greatest = 0;
  return {
    checkLease(leader) {
      if (leader === undefined) {
        if (known !== undefined) violated('lease lost', `term ${known.term} is gone`);
        return;
      }
      const before = known;
      known = leader;
      if (before === undefined || leader.term === before.term) {
        const holder = before?.engineId ?? leader.engineId;
        if (leader.engineId !== holder) violated('two leaders in a term', `term ${leader.term}`);
        return;
      }
      const terms = `${before.term} to ${leader.term}`;
      if (leader.term !== before.term + 1) violated('term does not follow', terms);
      if (!retired.has(before.engineId))
        violated('leader displaced', `${before.engineId} lives, term ${terms}`);
      tally.add('leader elected again');
    },
    checkRevision(revision) {
      if (revision < greatest) violated('settings went back', `${greatest} to ${revision}`);
      greatest = revision;
    },
  };
}

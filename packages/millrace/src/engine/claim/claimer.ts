import type { ClaimRequest } from '../../store/port/store.ts';
import type { Engine } from '../engine.ts';
import type { Instance } from '../instance.ts';
import type { Loop } from '../loop.ts';
import type { Work } from '../../store/port/store.ts';
import { startLook } from './look.ts';

/**
 * How long suspects may run before others may join them: a slow step must not hold back a healthy group for
 * ever.
 */
const PROBATION_MS = 10_000;
const MAX_CLAIM = 500;
/** Of the free slots: what a dead engine was executing waits behind no backlog, and lets others pass. */
const SUSPECTS_SHARE = 1 / 2;
const FIRST_IDLE_MS = 20;

export interface Claimer extends Loop {
  /** A run was assigned to another engine for so long: should that not take it, this one does. */
  noteWindow(ms: number): void;
  clearSuspect(instance: Instance): void;
  /** A beat has told what there is to do. */
  hear(work: Work): void;
}

/**
 * Takes queued runs while there are free slots. Polls at a growing interval while there is nothing, and not at all
 * while beats say so; hints, freed slots and retired engines call it at once.
 *
 * C1  Suspects (runs that were executing when a process died) are taken one group at a time: a group that
 * kills its engine again is halved, until the one that does it stands alone. Healthy runs are taken beside
 * them, and after them: where all slots are wanted by a backlog, suspects would wait for its end. A group that there
 * was no room for is taken bit by bit.
 */
export function startClaimer(engine: Engine): Claimer {
  const suspects = new Set<Instance>();
  let suspectsSince = 0;
  let idleMs = FIRST_IDLE_MS;
  let windowEndsAt = Number.NEGATIVE_INFINITY;
  /** After how long limits let more be claimed. */
  let heldMs = Number.POSITIVE_INFINITY;
  /** What the last beat told to claim. In vain: it was asked for since, and limits hold it back. */
  let told: 'nothing' | 'something' | 'in-vain' = 'nothing';

  const claim = async (takeSuspects: ClaimRequest['suspects'], limit: number): Promise<number> => {
    const runs = await engine.store.claimRuns({
      ...engine.scope(),
      engineId: engine.engineId,
      limit,
      suspects: takeSuspects,
    });
    if (!takeSuspects) heldMs = runs.askAgainMs ?? Number.POSITIVE_INFINITY;
    if (runs.length > 0) engine.ports.crashPoint('claim.after-commit-before-dispatch');
    for (const run of runs) {
      const instance = engine.adopt(run);
      if (takeSuspects !== false && instance !== undefined) suspects.add(instance);
    }
    return runs.length;
  };

  const ask = async (): Promise<number> => {
    if (!engine.mayClaim()) return FIRST_IDLE_MS;
    const limit = Math.min(engine.freeSlots(), MAX_CLAIM);
    if (limit <= 0) return engine.options.idlePollMs;
    const now = engine.ports.clock.mono();
    const fresh = suspects.size === 0 || now - suspectsSince > PROBATION_MS;
    const share = Math.ceil(limit * SUSPECTS_SHARE);
    const judging = claim(fresh || 'more', share);
    // Both at once: what was placed here shall not wait for one answer more. A single slot cannot be shared.
    const free = limit - share || 1 - (await judging);
    const [judged, taken] = await Promise.all([judging, free > 0 ? claim(false, free) : 0]);
    if (fresh && judged > 0) suspectsSince = now;
    if (taken + judged > 0) {
      told = 'nothing';
      idleMs = FIRST_IDLE_MS;
      return (taken > 0 && taken === free) || judged > 0 ? 0 : Math.min(FIRST_IDLE_MS, heldMs);
    }
    if (told === 'something') told = 'in-vain';
    idleMs = Math.min(idleMs * 2, engine.options.idlePollMs);
    const pauseMs = idleMs * (0.8 + engine.ports.random() * 0.4);
    // What others hold at this moment is looked at again, but not without a pause.
    const soonMs = Math.min(pauseMs, Math.max(1, heldMs));
    return now < windowEndsAt ? Math.min(soonMs, windowEndsAt - now) : soonMs;
  };
  const loop = startLook(engine, {
    ...{ name: 'claim', ask },
    isIdle: ({ claimable }) =>
      !claimable && idleMs >= engine.options.idlePollMs && engine.ports.clock.mono() >= windowEndsAt,
  });
  return {
    ...loop,
    nudge() {
      idleMs = FIRST_IDLE_MS;
      loop.nudge();
    },
    hear({ claimable }) {
      if (!claimable || told !== 'in-vain') told = claimable ? 'something' : 'nothing';
      if (told === 'something') loop.within(0);
    },
    noteWindow(ms) {
      // The store's clock counts whole milliseconds.
      windowEndsAt = Math.max(windowEndsAt, engine.ports.clock.mono() + ms + 1);
      loop.within(ms + 1);
    },
    clearSuspect(instance) {
      instance.suspect = false;
      if (suspects.delete(instance) && suspects.size === 0) loop.nudge();
    },
  };
}

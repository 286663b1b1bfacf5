import type { Engine } from '../engine.ts';
import type { Work } from '../../store/port/store.ts';
import type { Loop } from '../loop.ts';
import { startLook } from './look.ts';
import { settleGrants } from '../turn/locks.ts';

const MAX_WAKE = 500;
const LONGEST_MS = 5_000;
/** The part of a window that an engine has for asking for its own runs before others do. */
const HEAD_START = 1 / 4;

export interface Waker extends Loop {
  /** A run of this engine was suspended until `wakeAt` (store time). */
  noteWakeAt(wakeAt: number | undefined): void;
  /** A beat has told what there is to do. */
  hear(work: Work): void;
}

/**
 * Wakes runs whose time has come: exactly when this engine's own are due. It looks every few seconds at least, and so
 * knows when those of engines that are not there any more are due, and those of others: these it wakes a little
 * later, should they not have asked. The store's clock decides; a call that comes early wakes nothing.
 */
export function startWaker(engine: Engine): Waker {
  const { stickyMs: windowMs } = engine.options;
  const headStartMs = windowMs * HEAD_START;
  /** Something is due within the pause that it asked for. */
  let expects = false;
  const ask = async (): Promise<number> => {
    if (!engine.mayClaim()) return LONGEST_MS / 10;
    const adopter = engine.adopter();
    const sent = engine.ports.clock.mono();
    const woken = await engine.store.wakeDue({
      ...engine.scope(),
      ...{ limit: MAX_WAKE, adopter, windowMs, headStartMs },
    });
    engine.clock.sample(sent, engine.ports.clock.mono(), woken.storeTime);
    const count = woken.adopted.length + woken.queued + woken.assigned.length;
    if (count > 0) engine.ports.crashPoint('timer.after-wake');
    for (const run of woken.adopted) engine.adopt(run);
    if (woken.queued > 0) engine.hintReady();
    settleGrants(engine, woken.grants);
    for (const engineId of new Set(woken.assigned)) engine.hintAssigned(engineId, windowMs);
    if (count >= MAX_WAKE) return 0;
    const dueMs = (woken.nextWakeAt ?? Number.POSITIVE_INFINITY) - woken.storeTime;
    expects = dueMs < LONGEST_MS;
    return Math.min(LONGEST_MS, Math.max(1, dueMs));
  };
  const isDueBy = ({ nextWakeAt }: Work, ms: number): boolean =>
    nextWakeAt !== undefined && nextWakeAt < engine.clock.upper() + ms;
  const loop = startLook(engine, {
    ...{ name: 'wake', ask },
    isIdle: (work) => !expects && !isDueBy(work, LONGEST_MS),
  });
  const wakeAt = (at: number | undefined, laterMs: number): void => {
    if (at !== undefined) loop.within(Math.max(1, at + laterMs - engine.clock.lower()));
  };
  return {
    ...loop,
    hear(work) {
      // Its own are known to the millisecond: what a beat tells of may be another's.
      if (isDueBy(work, LONGEST_MS)) wakeAt(work.nextWakeAt, headStartMs);
    },
    noteWakeAt: (at) => wakeAt(at, 0),
  };
}

import type { Engine } from '../engine.ts';
import { startLoop, type Loop } from '../loop.ts';

const MAX_WAKE = 500;
const LONGEST_MS = 5_000;

export interface Waker extends Loop {
  /** A run of this engine was suspended until `wakeAt` (store time). */
  noteWakeAt(wakeAt: number | undefined): void;
}

/**
 * Wakes runs whose time has come: exactly when this engine's own are due, and at least every few seconds for
 * those of engines that are not there any more. The store's clock decides; a call that comes early wakes
 * nothing.
 */
export function startWaker(engine: Engine): Waker {
  const tick = async (): Promise<number> => {
    if (!engine.mayClaim()) return LONGEST_MS / 10;
    const free = engine.freeSlots();
    const adopter =
      free > 0 ? { engineId: engine.engineId, limit: Math.min(free, MAX_WAKE), sticky: false } : undefined;
    const sent = engine.ports.clock.mono();
    const woken = await engine.store.wakeDue({ limit: MAX_WAKE, adopter, workflows: engine.workflowRefs });
    engine.clock.sample(sent, engine.ports.clock.mono(), woken.storeTime);
    if (woken.adopted.length + woken.queued > 0) engine.ports.crashPoint('timer.after-wake');
    for (const run of woken.adopted) engine.adopt(run);
    if (woken.queued > 0) engine.hintReady();
    if (woken.adopted.length + woken.queued >= MAX_WAKE) return 0;
    if (woken.nextWakeAt === undefined) return LONGEST_MS;
    return Math.min(LONGEST_MS, Math.max(1, woken.nextWakeAt - woken.storeTime));
  };
  const loop = startLoop(engine.ports, 'wake', tick);
  return {
    ...loop,
    noteWakeAt(wakeAt) {
      if (wakeAt !== undefined) loop.within(Math.max(1, wakeAt - engine.clock.lower()));
    },
  };
}

import type { Hint, Hints } from '../../store/port/store.ts';
import type { Actor, Scheduler } from '../virtual/scheduler.ts';
import type { Faults } from './faults.ts';

/** Carries hints from each process to all others, as badly as `Faults` wants. */
export interface HintHub {
  connect(actor: Actor): Hints;
}

/** @param isCut - whether the process is cut off: nothing comes from it or to it. */
export function createHintHub(
  scheduler: Scheduler,
  faults: Faults,
  isCut: (actor: Actor) => boolean,
): HintHub {
  const receivers = new Map<Actor, Set<(hint: Hint) => void>>();
  return {
    connect: (actor) => ({
      send(hint) {
        if (actor.state === 'down' || isCut(actor)) return;
        for (const [target, callbacks] of receivers) {
          if (target === actor) continue;
          const { copies, delayMs } = faults.ofHint();
          for (let copy = 0; copy < copies; copy++) {
            scheduler.after(delayMs * (copy + 1), target, () => {
              if (isCut(target)) return;
              for (const callback of callbacks) callback(hint);
            });
          }
        }
      },
      receive(receiver) {
        const callbacks = receivers.get(actor) ?? new Set();
        receivers.set(actor, callbacks.add(receiver));
        return () => void callbacks.delete(receiver);
      },
    }),
  };
}

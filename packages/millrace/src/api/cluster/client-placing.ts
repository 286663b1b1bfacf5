import { choose } from '../../core/placement/placement.ts';
import { strategyFor } from '../../core/placement/rule.ts';
import { createPlacementState } from '../../core/placement/state.ts';
import { workOf, type BeginningRun } from '../../core/policy/eligibility.ts';
import type { Library } from '../../engine/claim/repertoire.ts';
import type { EngineOptions } from '../../engine/options.ts';
import { WINDOW_MS } from '../../engine/placing.ts';
import type { Ports } from '../../engine/ports.ts';
import type { Assignment, Store } from '../../store/port/store.ts';
import { readSurroundings, type Surroundings } from './views.ts';

/** What engines publish changes once a beat: who starts more often than that looks no more often. */
const FRESH_MS = 1_000;
/** Beyond this a start goes without. */
const PATIENCE_MS = 500;

/**
 * The placer of a process that executes nothing. It has no beat that tells of the engines, so it looks at them when it
 * starts something.
 */
export interface ClientPlacing {
  /** Call it before `place`. It never fails, and ends soon: who cannot look places nothing. */
  look(): Promise<void>;
  /** Undefined: whoever can take it first. */
  place(run: BeginningRun): Assignment | undefined;
}

export function createClientPlacing(
  store: Store,
  { clock, uuid, after }: Pick<Ports, 'clock' | 'uuid' | 'after'>,
  { strategy, loadWeights, region }: Pick<EngineOptions, 'strategy' | 'loadWeights' | 'region'>,
  library: Library,
): ClientPlacing {
  let state = createPlacementState({ placerId: uuid(), weights: loadWeights });
  let around: Surroundings | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking = Promise.resolve();

  const lookAgain = (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = after(PATIENCE_MS, resolve);
    const learn = (found: Surroundings | undefined): void => {
      around = found;
      if (found !== undefined) state = { ...state, adaptive: found.adaptive };
      cancel();
      resolve();
    };
    // A store that does not answer is the start's own business, and it waits longer.
    readSurroundings(store, strategy, library).then(learn, () => learn(undefined));
    return promise;
  };
  return {
    look() {
      const now = clock.mono();
      if (now - lookedAt >= FRESH_MS) {
        lookedAt = now;
        around = undefined;
        looking = lookAgain();
      }
      return looking;
    },
    place(run) {
      // To the only one there it goes anyway.
      if (around === undefined || around.engines.length <= 1) return undefined;
      const { engines, rule } = around;
      const work = { region, ...workOf(run) };
      const chosen = choose(strategyFor(rule, work.queue), work, engines, state);
      ({ state } = chosen);
      return chosen.engineId === undefined ? undefined : { engineId: chosen.engineId, windowMs: WINDOW_MS };
    },
  };
}

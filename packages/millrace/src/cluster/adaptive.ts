import {
  ADAPTIVE_SETTING,
  decodeAdaptive,
  encodeAdaptive,
  measurementsOf,
  nextAdaptive,
  type AdaptiveState,
} from '../core/placement/adaptive.ts';
import type { EngineView } from '../core/policy/eligibility.ts';
import type { Engine } from '../engine/engine.ts';

/** What `adaptive` follows at present, the same in all engines. */
export interface Adaptive {
  follow(engines: readonly EngineView[]): AdaptiveState;
}

/**
 * The engine that leads decides and publishes it as a setting; a new leader goes on from what was published. Two that
 * believe to lead publish in turn, until one learns better.
 */
export function createAdaptive(engine: Engine): Adaptive {
  let judged: AdaptiveState | undefined;

  const publish = (state: AdaptiveState): void => {
    // Refused or lost, it still differs with the next beat, and is published again.
    engine.store.putSetting(ADAPTIVE_SETTING, encodeAdaptive(state)).catch(() => undefined);
  };
  return {
    follow(engines) {
      const now = engine.ports.clock.mono();
      const published = decodeAdaptive(engine.settings.value(ADAPTIVE_SETTING), now);
      judged = engine.leads() ? nextAdaptive(judged ?? published, measurementsOf(engines), now) : undefined;
      if (judged !== undefined && judged.strategy !== published.strategy) publish(judged);
      return judged ?? published;
    },
  };
}

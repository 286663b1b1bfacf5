import { emptyTally, type ShadowTally } from '../core/cluster/shadow.ts';
import { withPlaced } from '../core/placement/epoch.ts';
import { predictedWaitMs } from '../core/placement/load.ts';
import { choose, type Placement } from '../core/placement/placement.ts';
import type { PlacementState } from '../core/placement/state.ts';
import type { StrategyName } from '../core/placement/strategy.ts';
import type { EngineView, Work } from '../core/policy/eligibility.ts';
import type { Engine } from '../engine/engine.ts';

/** Another strategy, which chooses too, to no effect, and is compared with the one that places. */
export interface Shadow {
  /** Undefined: none. Another one begins with nothing. */
  follow(strategy: StrategyName | undefined): void;
  compare(work: Work, engines: readonly EngineView[], chosen: Placement): void;
  /** Undefined without a shadow. */
  tally(): ShadowTally | undefined;
}

/** @param fresh - the state of a placer that has given nothing away: the shadow's is its own. */
export function createShadow(engine: Engine, fresh: () => PlacementState): Shadow {
  let shadow: { strategy: StrategyName; state: PlacementState; tally: ShadowTally } | undefined;

  const predict = (engines: readonly EngineView[], { engineId, state }: Placement): number | undefined => {
    const view = engines.find((one) => one.engineId === engineId);
    return view && predictedWaitMs(withPlaced(state.epoch, view), engineId === engine.engineId);
  };
  return {
    follow(strategy) {
      if (strategy === shadow?.strategy) return;
      shadow = strategy && { strategy, state: fresh(), tally: emptyTally(strategy) };
    },
    compare(work, engines, chosen) {
      if (shadow === undefined) return;
      const { adaptive } = chosen.state;
      const other = choose(shadow.strategy, work, engines, { ...shadow.state, adaptive });
      shadow.state = other.state;
      const waitMs = predict(engines, chosen);
      const shadowWaitMs = predict(engines, other);
      // Where one of them found nobody there is nothing to compare.
      if (waitMs === undefined || shadowWaitMs === undefined) return;
      const { tally } = shadow;
      shadow.tally = {
        ...tally,
        placed: tally.placed + 1,
        agreed: tally.agreed + (chosen.engineId === other.engineId ? 1 : 0),
        waitMs: tally.waitMs + waitMs,
        shadowWaitMs: tally.shadowWaitMs + shadowWaitMs,
      };
    },
    tally: () => shadow?.tally,
  };
}

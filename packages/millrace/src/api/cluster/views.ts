import { engineView, withDefinitions } from '../../core/cluster/engine-view.ts';
import { ADAPTIVE_SETTING, decodeAdaptive, type AdaptiveState } from '../../core/placement/adaptive.ts';
import { decodeRule, RULE_SETTING, type PlacementRule } from '../../core/placement/rule.ts';
import type { StrategyName } from '../../core/placement/strategy.ts';
import type { EngineView } from '../../core/policy/eligibility.ts';
import type { Library } from '../../engine/claim/repertoire.ts';
import type { ClusterSettings, Store } from '../../store/port/store.ts';

/** All that a process without a beat can place by. */
export interface Surroundings {
  readonly engines: readonly EngineView[];
  readonly rule: PlacementRule;
  readonly adaptive: AdaptiveState;
}

/**
 * @param own - the strategy that holds where none is set for all engines.
 * @param library - whose definitions engines can run besides their code.
 */
export async function readSurroundings(
  store: Store,
  own: StrategyName,
  library: Library,
): Promise<Surroundings> {
  const [{ engines, storeTime }, settings] = await Promise.all([store.listEngines(), store.readSettings()]);
  return {
    engines: engines.map((row) => withDefinitions(engineView(row, storeTime), library.stored())),
    rule: decodeRule(valueOf(settings, RULE_SETTING), own),
    adaptive: decodeAdaptive(valueOf(settings, ADAPTIVE_SETTING), 0),
  };
}

function valueOf({ settings }: ClusterSettings, wanted: string): Uint8Array | undefined {
  return settings.find(({ name }) => name === wanted)?.value;
}

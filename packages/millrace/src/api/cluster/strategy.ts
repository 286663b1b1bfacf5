import { decodeLoad } from '../../core/cluster/load.ts';
import { sumTallies } from '../../core/cluster/shadow.ts';
import { ADAPTIVE_SETTING, decodeAdaptive } from '../../core/placement/adaptive.ts';
import {
  decodeRule,
  encodeRule,
  RULE_SETTING,
  ruleOf,
  strategyFor,
  usesAdaptive,
  type RuleOptions,
} from '../../core/placement/rule.ts';
import { DEFAULT_STRATEGY, type StrategyName } from '../../core/placement/strategy.ts';
import { instant } from '../../core/reading/instant.ts';
import type { Store } from '../../store/port/store.ts';
import { ask } from '../store-failure.ts';

/** By which strategy runs are placed. */
export interface StrategyDescription {
  readonly strategy: StrategyName;
  /** `cluster`: set for all engines. `engine`: none is set, each has its own; this is the one of this process. */
  readonly source: 'cluster' | 'engine';
  /** When it was set for all. */
  readonly since: string | null;
  readonly shadow: StrategyName | null;
  /** Strategies of queues that have one of their own. */
  readonly queues: Readonly<Record<string, StrategyName>>;
  /** What `adaptive` follows, and why; null where it is not used. */
  readonly adaptive: { readonly strategy: StrategyName; readonly reason: string } | null;
  /** Null without a shadow. */
  readonly comparison: ShadowComparison | null;
}

/** Counted by the engines that are there, since the strategy in the shadow was set or they started. */
export interface ShadowComparison {
  /** Placements that were compared. */
  readonly placed: number;
  /** Share of them, 0 to 1, for which both chose the same engine; null before the first. */
  readonly agreement: number | null;
  /** Mean wait until a run begins, as predicted, ms: at the engine that was chosen, and at the shadow's. */
  readonly waitMs: number | null;
  readonly shadowWaitMs: number | null;
}

/** @param own - what holds where none is set for all engines. */
export async function readStrategy(store: Store, own: StrategyName): Promise<StrategyDescription> {
  const { settings } = await ask(() => store.readSettings());
  const find = (wanted: string) => settings.find(({ name, value }) => name === wanted && value !== undefined);
  const set = find(RULE_SETTING);
  const rule = decodeRule(set?.value, own);
  const { strategy, reason } = decodeAdaptive(find(ADAPTIVE_SETTING)?.value, 0);
  return {
    strategy: rule.strategy,
    source: set === undefined ? 'engine' : 'cluster',
    since: set === undefined ? null : instant(set.changedAt),
    shadow: rule.shadow ?? null,
    queues: rule.queues,
    adaptive: usesAdaptive(rule) ? { strategy, reason } : null,
    comparison: rule.shadow === undefined ? null : await compare(store, rule.shadow),
  };
}

/** What is set for all engines for what begins in this queue; undefined: nothing is. */
export async function strategySetFor(store: Store, queue: string): Promise<StrategyName | undefined> {
  const { settings } = await ask(() => store.readSettings());
  const value = settings.find(({ name }) => name === RULE_SETTING)?.value;
  return value && strategyFor(decodeRule(value, DEFAULT_STRATEGY), queue);
}

async function compare(store: Store, shadow: StrategyName): Promise<ShadowComparison> {
  const { engines } = await ask(() => store.listEngines());
  const tallies = engines.map(({ load }) => decodeLoad(load).shadow);
  const { placed, agreed, waitMs, shadowWaitMs } = sumTallies(shadow, tallies);
  const mean = (sum: number): number | null => (placed === 0 ? null : sum / placed);
  return {
    placed,
    agreement: mean(agreed),
    waitMs: mean(waitMs),
    shadowWaitMs: mean(shadowWaitMs),
  };
}

/** @throws INVALID_ARGUMENT, UNKNOWN_OPTION. */
export async function putStrategy(
  store: Store,
  strategy: StrategyName | null,
  options: RuleOptions,
): Promise<void> {
  const value = strategy === null ? undefined : encodeRule(ruleOf(strategy, options, 'setStrategy'));
  await ask(() => store.putSetting(RULE_SETTING, value));
}

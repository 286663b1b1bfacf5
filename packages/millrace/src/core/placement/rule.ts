import { bytesOf, fieldsOf, recordOf } from '../cluster/fields.ts';
import { checkOptions } from '../errors.ts';
import { checkQueue } from '../names.ts';
import { parseStrategy, STRATEGIES, type StrategyName } from './strategy.ts';

/** The setting in which the rule for all engines stands. */
export const RULE_SETTING = 'strategy';

/** Which strategy places what. */
export interface PlacementRule {
  readonly strategy: StrategyName;
  /** Chooses too, to no effect, so that it can be compared. */
  readonly shadow: StrategyName | undefined;
  /** Of queues that have another one. */
  readonly queues: Readonly<Record<string, StrategyName>>;
}

/** What `setStrategy` takes besides the strategy. */
export interface RuleOptions {
  /** Another strategy, which is compared with the one that places. */
  shadow?: string | undefined;
  /** Strategies of queues that have one of their own. */
  queues?: Readonly<Record<string, string>> | undefined;
}

/** @throws INVALID_ARGUMENT, UNKNOWN_OPTION. */
export function ruleOf(strategy: unknown, options: RuleOptions, where: string): PlacementRule {
  checkOptions(where, options, ['shadow', 'queues']);
  const { shadow, queues } = options;
  const own = Object.entries(queues ?? {}).map(([queue, name]) => {
    checkQueue(queue);
    return [queue, parseStrategy(name, `${where}, queue "${queue}"`)] as const;
  });
  return {
    strategy: parseStrategy(strategy, where),
    shadow: shadow === undefined ? undefined : parseStrategy(shadow, `${where}, shadow`),
    queues: Object.fromEntries(own),
  };
}

export function encodeRule(rule: PlacementRule): Uint8Array {
  return bytesOf(rule);
}

/**
 * The rule as it was set.
 * @param bytes - undefined: none is set. Strategies that this version does not know are left out.
 * @param fallback - what holds where none is set.
 */
export function decodeRule(bytes: Uint8Array | undefined, fallback: StrategyName): PlacementRule {
  const fields = bytes === undefined ? {} : fieldsOf(bytes);
  const own = Object.entries(recordOf(fields['queues'])).flatMap(([queue, name]) => {
    const strategy = knownStrategy(name);
    return strategy === undefined ? [] : [[queue, strategy] as const];
  });
  return {
    strategy: knownStrategy(fields['strategy']) ?? fallback,
    shadow: knownStrategy(fields['shadow']),
    queues: Object.fromEntries(own),
  };
}

export function strategyFor({ strategy, queues }: PlacementRule, queue: string): StrategyName {
  return (Object.hasOwn(queues, queue) ? queues[queue] : undefined) ?? strategy;
}

/** Whether anything goes by what `adaptive` follows. */
export function usesAdaptive({ strategy, shadow, queues }: PlacementRule): boolean {
  return [strategy, shadow, ...Object.values(queues)].includes('adaptive');
}

function knownStrategy(name: unknown): StrategyName | undefined {
  return STRATEGIES.find((known) => known === name);
}

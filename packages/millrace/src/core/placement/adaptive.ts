import { bytesOf, fieldsOf, textOr } from '../cluster/fields.ts';
import type { EngineView } from '../policy/eligibility.ts';
import { PLAIN_STRATEGIES, type PlainStrategy } from './strategy.ts';

/** What the rules look at, over all engines that are there. */
export interface Measurements {
  /** Mean, 0 to 100. */
  readonly cpuUsage: number;
  /** Mean round trip of a beat, ms. */
  readonly latencyMs: number;
  /** Mean share of steps that failed, 0 to 1. */
  readonly failureRate: number;
}

/** Which rules hold, which strategy that means, and since when it is followed. */
export interface AdaptiveState {
  readonly strategy: PlainStrategy;
  /** Why, one clause. */
  readonly reason: string;
  /** When it was switched to; undefined: it is the first, and may be left at once. */
  readonly sinceMs: number | undefined;
  readonly holding: ReadonlySet<keyof Measurements>;
}

/** A rule begins to hold above `enter` (the seed's threshold) and ends below `leave`. */
interface Rule {
  readonly measure: keyof Measurements;
  readonly enter: number;
  readonly leave: number;
  readonly strategy: PlainStrategy;
  readonly phrase: (value: number) => string;
}

/**
 * The first that holds decides. @source seeds/001, section 2.2. The seed has no `leave`: a value that wavers about
 * the threshold would switch each time.
 */
const RULES: readonly Rule[] = [
  {
    measure: 'cpuUsage',
    enter: 80,
    leave: 70,
    strategy: 'load-balanced',
    phrase: (value) => `mean CPU usage ${value.toFixed(0)} %`,
  },
  {
    measure: 'latencyMs',
    enter: 100,
    leave: 80,
    strategy: 'locality',
    phrase: (value) => `mean latency ${value.toFixed(0)} ms`,
  },
  {
    measure: 'failureRate',
    enter: 0.1,
    leave: 0.07,
    strategy: 'affinity',
    phrase: (value) => `failure rate ${value.toFixed(3)}`,
  },
];

/**
 * A strategy is kept for at least so long: ten beats, until a switch shows in the measurements. So whatever the noise,
 * there is at most one switch in this time, and whatever lasts is answered within it.
 */
export const DWELL_MS = 10_000;

export const FIRST_STATE: AdaptiveState = {
  strategy: 'round-robin',
  reason: 'nothing is out of the ordinary',
  sinceMs: undefined,
  holding: new Set(),
};

/**
 * Which strategy `adaptive` follows from now on.
 * @param measurements - undefined when there is no engine: everything stays as it is.
 * @param nowMs - of a monotonic clock.
 */
export function nextAdaptive(
  state: AdaptiveState,
  measurements: Measurements | undefined,
  nowMs: number,
): AdaptiveState {
  if (measurements === undefined) return state;
  const holds = ({ measure, enter, leave }: Rule): boolean =>
    state.holding.has(measure) ? measurements[measure] >= leave : measurements[measure] > enter;
  const rules = RULES.filter(holds);
  const holding = new Set(rules.map(({ measure }) => measure));
  const [first] = rules;
  const strategy = first?.strategy ?? 'round-robin';
  const rests = state.sinceMs !== undefined && nowMs - state.sinceMs < DWELL_MS;
  if (strategy === state.strategy || rests) return { ...state, holding };
  const reason = first === undefined ? FIRST_STATE.reason : first.phrase(measurements[first.measure]);
  return { strategy, reason, sinceMs: nowMs, holding };
}

/** The means over the engines that are not suspected to be dead: what those measured last is no news. */
export function measurementsOf(engines: readonly EngineView[]): Measurements | undefined {
  const heard = engines.filter(({ state }) => state !== 'suspect');
  if (heard.length === 0) return undefined;
  const mean = (measure: keyof Measurements): number =>
    heard.reduce((sum, { load }) => sum + load[measure], 0) / heard.length;
  return { cpuUsage: mean('cpuUsage'), latencyMs: mean('latencyMs'), failureRate: mean('failureRate') };
}

/** The setting in which the engine that leads publishes what `adaptive` follows, so that all do the same. */
export const ADAPTIVE_SETTING = 'adaptive';

export function encodeAdaptive({ strategy, reason }: AdaptiveState): Uint8Array {
  return bytesOf({ strategy, reason });
}

/**
 * What was published, as if it had been switched to now: its rules hold, and it is kept for the dwell.
 * @param bytes - undefined, or of another version: as in the beginning.
 */
export function decodeAdaptive(bytes: Uint8Array | undefined, nowMs: number): AdaptiveState {
  const fields = bytes === undefined ? {} : fieldsOf(bytes);
  const strategy = PLAIN_STRATEGIES.find((known) => known === fields['strategy']);
  if (strategy === undefined) return FIRST_STATE;
  const holding = new Set(RULES.filter((rule) => rule.strategy === strategy).map(({ measure }) => measure));
  return { strategy, reason: textOr(fields['reason'], 'it was published'), sinceMs: nowMs, holding };
}

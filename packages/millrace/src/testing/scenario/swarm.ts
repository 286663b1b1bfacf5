import type { LimitTarget, QueueChange } from '../../api/limits/change.ts';
import type { KeyLimit } from '../../core/limits/limit.ts';
import { STRATEGIES } from '../../core/placement/strategy.ts';
import { CRASH_POINTS } from '../../engine/ports.ts';
import { makeProgram } from '../program/grammar.ts';
import { createRandom, type Random } from '../virtual/random.ts';
import {
  CALL_FAULTS,
  HINT_FAULTS,
  type CallFault,
  type HintFault,
  type Incident,
  type LimitStep,
  type NodeSettings,
  type Scenario,
  type Story,
} from './scenario.ts';
import { joining, leavings, partitions, widthOf } from './wide.ts';

/**
 * The scenario of a seed. Each class of faults is on or off: a few at a time reach states that all at once never reach.
 * @source Swarm testing, Groce et al., ISSTA 2012.
 */
export function scenarioOf(seed: number): Scenario {
  const random = createRandom(`scenario ${seed}`);
  const activeMs = random.pick([3_000, 8_000, 20_000]);
  const few = Array.from({ length: random.between(1, 4) }, (_, slot) => nodeSettings(random, slot));
  const leaseMs = random.pick([2_000, 5_000]);
  const hints = random.chance(0.6);
  const fewStories = Array.from({ length: random.between(1, 12) }, (_, id) => story(random, id, activeMs));
  const { nodes, stories, more } = widened({ seed, activeMs, leaseMs }, few, fewStories);
  return {
    seed,
    nodes,
    latencyMs: random.pick([0.2, 1, 1, 5, 30]),
    callFaults: some<CallFault>(random, CALL_FAULTS, [0.01, 0.04, 0.12]),
    hintFaults: some<HintFault>(random, HINT_FAULTS, [0.1, 0.5]),
    hints,
    batchLimit: random.chance(0.3) ? random.between(1, 3) : undefined,
    leaseMs,
    beatMs: leaseMs / 5,
    stickyMs: random.fork('sticky').pick([0, 20, 200, 200, 2_000]),
    incidents: [
      ...incidents(random, few.length, activeMs, leaseMs),
      ...partitions(random.fork('partitions'), nodes.length, activeMs, leaseMs),
      ...switches(random.fork('strategies'), nodes.length, activeMs),
      ...more,
    ].toSorted((a, b) => a.atMs - b.atMs),
    limits: limitSteps(random.fork('limits'), activeMs),
    stories,
    healAtMs: activeMs + 2_000,
  };
}

interface Frame {
  seed: number;
  activeMs: number;
  leaseMs: number;
}

/** Some seeds have many engines: with more stories, and with engines that join and leave for good meanwhile. */
function widened({ seed, activeMs, leaseMs }: Frame, few: NodeSettings[], stories: Story[]) {
  const random = createRandom(`wide ${seed}`);
  const width = widthOf(random, few.length);
  if (width === undefined) return { nodes: few, stories, more: [] };
  const others = Array.from({ length: width.engines }, (_, at) =>
    joining(random, nodeSettings(random, few.length + at), activeMs),
  );
  const nodes = [...few, ...others];
  const rest = Array.from({ length: Math.max(0, width.stories - stories.length) }, (_, at) =>
    story(random, stories.length + at, activeMs),
  );
  return {
    nodes,
    stories: [...stories, ...rest],
    more: [
      ...incidents(random, nodes.length, activeMs, leaseMs),
      ...leavings(random, nodes.length, activeMs),
    ],
  };
}

function some<K extends string>(
  random: Random,
  kinds: readonly K[],
  rates: readonly number[],
): Partial<Record<K, number>> {
  const chosen: Partial<Record<K, number>> = {};
  for (const kind of kinds) if (random.chance(0.35)) chosen[kind] = random.pick(rates);
  return chosen;
}

function nodeSettings(random: Random, slot: number): NodeSettings {
  return {
    concurrency: random.pick([1, 2, 3, 8, 50]),
    stepConcurrency: random.pick([1, 2, 8, 50]),
    cacheSize: random.pick([1, 2, 100]),
    labelled: slot === 0 || random.fork(`labelled ${slot}`).chance(0.5),
    executes: slot === 0 || random.fork(`executes ${slot}`).chance(0.5),
    drift: random.pick([0, 0, 1e-4, -1e-4]),
    wallOffsetMs: random.pick([0, 0, 3_600_000, -86_400_000]),
  };
}

function story(random: Random, id: number, activeMs: number): Story {
  const anytime = (): number => random.between(0, activeMs);
  const keyed = random.chance(0.7);
  const taste = {
    depth: random.between(0, 2),
    length: random.between(1, 5),
    failures: random.chance(0.5),
    races: random.chance(0.3),
  };
  const program = makeProgram(random.fork(`program ${id}`), taste);
  const made: Story = {
    id,
    program,
    startAtMs: random.between(0, activeMs * 0.7),
    keyed,
    starters: keyed ? random.pick([1, 1, 2, 3]) : 1,
    bySignal: keyed && random.fork(`by signal ${id}`).chance(0.25),
    delayMs: random.chance(0.1) ? random.between(1, 3_000) : 0,
    timeoutMs: random.chance(0.08) ? random.between(500, 20_000) : undefined,
    limits: keyLimits(random.fork(`limits ${id}`)),
    updates: random.chance(0.15) ? [anytime(), anytime()] : [],
    queries: random.chance(0.2) ? [anytime()] : [],
    cancelAtMs: random.chance(0.12) ? anytime() : undefined,
    pauses: pausesOf(random.fork(`pauses ${id}`), activeMs),
    retryAtMs: random.chance(0.2) ? anytime() : undefined,
    retries: 0,
    signalRepeats: random.pick([1, 1, 2, 3]),
    signalPauseMs: random.pick([0, 1, 20, 1_000]),
    awaited: random.chance(0.4),
  };
  if (made.retryAtMs === undefined) return made;
  const kin = { ...taste, depth: taste.depth + 1 };
  return persistent(
    random.fork(`retries ${id}`),
    { ...made, program: makeProgram(random.fork(`kin ${id}`), kin) },
    activeMs,
  );
}

function pausesOf(random: Random, activeMs: number): Story['pauses'] {
  if (!random.chance(0.25)) return [];
  return Array.from({ length: random.between(1, 3) }, () => ({
    atMs: random.between(0, activeMs),
    forMs: random.pick([0, 5, 100, 1_000, activeMs]),
  }));
}

/** Each key allows the same in every story. */
function keyLimits(random: Random): KeyLimit[] {
  if (!random.chance(0.3)) return [];
  return [1, 2].filter(() => random.chance(0.6)).map((max) => ({ key: `key-${max}`, max }));
}

const TARGETS: readonly LimitTarget[] = ['all', { queue: 'default' }, { workflow: 'simulated' }];

/** Most stories play without: limits make everything slower. */
function limitSteps(random: Random, activeMs: number): LimitStep[] {
  if (!random.chance(0.4)) return [];
  return Array.from({ length: random.between(1, 6) }, () => {
    const change = random.pick<QueueChange>([
      { maxConcurrent: random.pick([1, 2, 3, null]) },
      { maxConcurrent: random.between(1, 5) },
      { ratePerSecond: random.pick([1, 5, 50, null]) },
      { paused: random.chance(0.5) },
    ]);
    return { atMs: random.between(0, activeMs * 0.8), target: random.pick(TARGETS), change };
  }).toSorted((a, b) => a.atMs - b.atMs);
}

/** Most runs end well: one that is to be retried is cancelled more often, and has more children. */
function persistent(random: Random, once: Story, activeMs: number): Story {
  const retryAtMs = random.chance(0.7) ? 0 : once.retryAtMs;
  const cancelAtMs = random.chance(0.5) ? random.between(0, activeMs) : once.cancelAtMs;
  return { ...once, retryAtMs, cancelAtMs, retries: random.between(1, 3) };
}

function incidents(random: Random, nodes: number, activeMs: number, leaseMs: number): Incident[] {
  const found: Incident[] = [];
  const maybe = (
    probability: number,
    most: number,
    make: (at: { atMs: number; node: number }) => Incident,
  ): void => {
    if (!random.chance(probability)) return;
    const count = random.between(1, most);
    for (let at = 0; at < count; at++) {
      found.push(make({ atMs: random.between(0, activeMs), node: random.between(0, nodes - 1) }));
    }
  };
  const downMs = (): number => random.pick([1, 300, leaseMs * 2]);
  maybe(0.35, 3, (at) => ({ kind: 'crash', ...at, downMs: downMs() }));
  maybe(0.4, 4, (at) => ({
    kind: 'crash-point',
    ...at,
    point: random.pick(CRASH_POINTS),
    pass: random.between(1, 4),
    downMs: downMs(),
  }));
  maybe(0.35, 3, (at) => ({
    kind: 'pause',
    ...at,
    forMs: random.pick([200, leaseMs, leaseMs * 2, leaseMs * 3]),
  }));
  maybe(0.2, 2, (at) => ({ kind: 'drain', ...at, graceMs: random.pick([0, 50, 2_000]), downMs: downMs() }));
  maybe(0.2, 2, (at) => ({
    kind: 'clock-step',
    ...at,
    byMs: random.pick([3_600_000, -3_600_000, 500, -500]),
  }));
  maybe(0.15, 2, ({ atMs }) => ({
    kind: 'store-stall',
    atMs,
    forMs: random.pick([300, leaseMs, leaseMs * 2]),
  }));
  maybe(0.15, 2, ({ atMs }) => ({
    kind: 'store-away',
    atMs,
    forMs: random.pick([300, leaseMs, leaseMs * 2]),
  }));
  return found;
}

function switches(random: Random, nodes: number, activeMs: number): Incident[] {
  if (!random.chance(0.6)) return [];
  return Array.from({ length: random.between(1, 4) }, () => ({
    kind: 'strategy',
    atMs: random.between(0, activeMs),
    node: random.between(0, nodes - 1),
    strategy: random.pick(STRATEGIES),
    shadow: random.chance(0.5) ? random.pick(STRATEGIES) : undefined,
  }));
}

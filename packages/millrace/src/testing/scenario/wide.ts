import type { Random } from '../virtual/random.ts';
import type { Incident, NodeSettings } from './scenario.ts';

/** What a scenario has beyond a handful of engines: one seed in so many is a wide one. */
export interface Width {
  /** How many engines join those of the scenario. */
  engines: number;
  stories: number;
}

const SHARE_OF_WIDE = 0.05;
/** Engines in all; a wide cluster has at least one more than any narrow one. */
const SIZES = [5, 8, 8, 16, 16, 32, 64];

/** @returns undefined for most: a wide cluster costs as much as fifty narrow ones. */
export function widthOf(random: Random, narrow: number): Width | undefined {
  if (!random.chance(SHARE_OF_WIDE)) return undefined;
  const size = random.pick(SIZES);
  return { engines: size - narrow, stories: random.between(size >> 1, Math.min(size * 2, 40)) };
}

/** Some engines of a wide cluster join while it works. */
export function joining(random: Random, settings: NodeSettings, activeMs: number): NodeSettings {
  if (!random.chance(0.3)) return settings;
  return { ...settings, joinsAtMs: random.between(1, activeMs) };
}

/** Processes that cannot reach the store while others can: one alone, or neighbours together. */
export function partitions(random: Random, nodes: number, activeMs: number, leaseMs: number): Incident[] {
  if (!random.chance(0.2)) return [];
  return Array.from({ length: random.between(1, 3) }, () => ({
    kind: 'partition',
    atMs: random.between(0, activeMs),
    node: random.between(0, nodes - 1),
    count: random.between(1, Math.max(1, nodes >> 1)),
    forMs: random.pick([100, leaseMs / 2, leaseMs * 1.5, leaseMs * 3]),
  }));
}

/** Engines that go for good. The first one stays, so that somebody is left. */
export function leavings(random: Random, nodes: number, activeMs: number): Incident[] {
  const going = Array.from({ length: nodes - 1 }, (_, at) => at + 1).filter(() => random.chance(0.2));
  return going.map((node) => ({
    kind: 'leave',
    atMs: random.between(0, activeMs),
    node,
    graceMs: random.pick([0, 50, 2_000]),
  }));
}

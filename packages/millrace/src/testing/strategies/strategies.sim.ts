import { describe, expect, it } from 'vitest';
import type { StrategyName } from '../../core/placement/strategy.ts';
import { playStrategy, type PlayResult } from './play-strategy.ts';
import { WORKLOADS, type Workload } from './workload.ts';

const [uniform, skewed, slow] = WORKLOADS as [Workload, Workload, Workload];
const seeds = [1, 2, 3];
const play = (strategy: StrategyName, workload: Workload, engines: number, seed: number): PlayResult =>
  playStrategy({ strategy, workload, engines, seed });

describe.each(seeds)('with loads of up to a second ago and a placer on every engine, SEED=%i', (seed) => {
  it('depends on nothing but the seed', () => {
    expect(play('adaptive', skewed, 3, seed)).toEqual(play('adaptive', skewed, 3, seed));
    expect(play('adaptive', skewed, 3, seed)).not.toEqual(play('adaptive', skewed, 3, seed + 1));
  });

  it('placers do not herd: engines that are alike get alike', () => {
    for (const strategy of ['round-robin', 'least-load', 'load-balanced', 'geographic'] as const) {
      const { waitP99Ms, imbalance } = play(strategy, uniform, 8, seed);
      expect(imbalance, strategy).toBeLessThan(1.1);
      expect(waitP99Ms, strategy).toBeLessThan(100);
    }
  });

  it('those who look at load spare a slow engine, turns do not', () => {
    const turns = play('round-robin', slow, 8, seed);
    for (const strategy of ['least-load', 'load-balanced'] as const) {
      expect(play(strategy, slow, 8, seed).waitP99Ms, strategy).toBeLessThan(turns.waitP99Ms / 2);
    }
  });

  it('locality and affinity find their keys in memory', () => {
    const anywhere = play('round-robin', skewed, 8, seed).cold;
    expect(play('locality', skewed, 8, seed).cold).toBeLessThan(anywhere / 2);
    expect(play('affinity', skewed, 8, seed).cold).toBeLessThan(anywhere / 2);
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideScale, type PoolLoad } from './scale.ts';

const RULE = { min: 2, max: 10, scaleUpThreshold: 20, scaleDownThreshold: 5, jobsPerWorker: 1 };

describe('the size of a pool', () => {
  it.each([
    ['grows by one above the upper threshold', [21, 2, 2], 'grow 3: 21 queued, more than 20'],
    ['stays at the upper threshold', [20, 2, 2], 'stay 2: 20 queued, between 5 and 20'],
    ['grows by several for a long queue', [100, 2, 2], 'grow 6: 100 queued, more than 20'],
    ['grows to the maximum, not beyond', [999, 2, 2], 'grow 10: 999 queued, more than 20'],
    ['can grow no more', [21, 10, 10], 'at-maximum 10: 21 queued, more than 20, but the maximum is 10'],
    ['shrinks by one below the lower threshold', [4, 0, 6], 'shrink 5: 4 queued, fewer than 5'],
    ['stays at the lower threshold', [5, 0, 6], 'stay 6: 5 queued, between 5 and 20'],
    ['does not give up busy workers', [0, 6, 6], 'stay 6: 6 running, as many as there is room for'],
    ['gives up the idle one of six', [0, 5, 6], 'shrink 5: 0 queued, fewer than 5'],
    ['stays at the minimum', [0, 0, 2], 'stay 2: the minimum is 2'],
    ['comes up to the minimum', [0, 0, 1], 'grow 2: fewer than the minimum of 2'],
    ['comes down to the maximum', [99, 11, 11], 'shrink 10: more than the maximum of 10'],
  ] as const)('%s', (_name, [queued, running, workers], verdict) => {
    const { kind, target, reason } = decideScale({ queued, running, workers }, RULE);
    expect(`${kind} ${target}: ${reason}`).toBe(verdict);
  });

  it('counts all places of a worker', () => {
    const rule = { ...RULE, jobsPerWorker: 4 };
    expect(decideScale({ queued: 0, running: 9, workers: 3 }, rule).kind).toBe('stay');
    expect(decideScale({ queued: 0, running: 8, workers: 3 }, rule).kind).toBe('shrink');
  });

  it('may be none, until something waits', () => {
    const rule = { ...RULE, min: 0, scaleDownThreshold: 0 };
    expect(decideScale({ queued: 0, running: 0, workers: 1 }, rule)).toMatchObject({
      kind: 'shrink',
      target: 0,
    });
    expect(decideScale({ queued: 0, running: 0, workers: 0 }, rule).kind).toBe('stay');
    expect(decideScale({ queued: 1, running: 0, workers: 0 }, rule)).toMatchObject({
      kind: 'grow',
      target: 1,
    });
  });
});

describe('whatever the load', () => {
  const size = fc.nat({ max: 40 });
  const rules = fc
    .record({
      min: fc.nat({ max: 10 }),
      more: fc.integer({ min: 0, max: 10 }),
      down: size,
      wider: size,
      places: size,
    })
    .map(({ min, more, down, wider, places }) => ({
      ...{ min, max: Math.max(1, min + more), jobsPerWorker: 1 + places },
      ...{ scaleDownThreshold: down, scaleUpThreshold: Math.max(1, down + wider) },
    }));
  const loads = fc.record({ queued: fc.nat({ max: 500 }), running: size, workers: fc.nat({ max: 25 }) });

  it('the target is within the limits, and the kind says what it means', () => {
    fc.assert(
      fc.property(loads, rules, (load, rule) => {
        const { kind, target, reason } = decideScale(load, rule);
        expect(target).toBeGreaterThanOrEqual(rule.min);
        expect(target).toBeLessThanOrEqual(rule.max);
        const meant = { grow: 1, shrink: -1, stay: 0, 'at-maximum': 0 }[kind];
        expect(Math.sign(target - load.workers)).toBe(meant);
        expect(reason).not.toBe('');
      }),
    );
  });

  it('a steady load leads to a steady size', () => {
    fc.assert(
      fc.property(loads, rules, (load, rule) => {
        let now: PoolLoad = load;
        const kinds: string[] = [];
        for (let look = 0; look < 60; look++) {
          const { kind, target } = decideScale(now, rule);
          if (kind === 'grow' || kind === 'shrink') kinds.push(kind);
          now = { ...now, workers: target };
        }
        expect(new Set(kinds).size, kinds.join(' ')).toBeLessThanOrEqual(1);
        expect(['stay', 'at-maximum']).toContain(decideScale(now, rule).kind);
      }),
    );
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { engineView } from '../../../testbed/placement/engine-views.ts';
import { bytesOf } from '../cluster/fields.ts';
import {
  decodeAdaptive,
  DWELL_MS,
  encodeAdaptive,
  FIRST_STATE,
  measurementsOf,
  nextAdaptive,
} from './adaptive.ts';
import type { AdaptiveState, Measurements } from './adaptive.ts';

const calm: Measurements = { cpuUsage: 20, latencyMs: 5, failureRate: 0 };

describe('nextAdaptive', () => {
  it.each<[Partial<Measurements>, string, string]>([
    [{}, 'round-robin', 'nothing is out of the ordinary'],
    [{ cpuUsage: 80, latencyMs: 100, failureRate: 0.1 }, 'round-robin', 'nothing is out of the ordinary'],
    [{ cpuUsage: 81 }, 'load-balanced', 'mean CPU usage 81 %'],
    [{ latencyMs: 101 }, 'locality', 'mean latency 101 ms'],
    [{ failureRate: 0.11 }, 'affinity', 'failure rate 0.110'],
    [{ latencyMs: 101, failureRate: 0.11 }, 'locality', 'mean latency 101 ms'],
    [{ cpuUsage: 81, latencyMs: 101, failureRate: 0.11 }, 'load-balanced', 'mean CPU usage 81 %'],
  ])('at %j follows %s', (measured, strategy, reason) => {
    expect(nextAdaptive(FIRST_STATE, { ...calm, ...measured }, 0)).toMatchObject({ strategy, reason });
  });

  it('leaves a strategy below the lower threshold only', () => {
    const hot = nextAdaptive(FIRST_STATE, { ...calm, cpuUsage: 90 }, 0);
    expect(nextAdaptive(hot, { ...calm, cpuUsage: 70 }, DWELL_MS * 2).strategy).toBe('load-balanced');
    const cool = nextAdaptive(hot, { ...calm, cpuUsage: 69 }, DWELL_MS * 2);
    expect(cool).toMatchObject({ strategy: 'round-robin', reason: 'nothing is out of the ordinary' });
  });

  it('keeps a strategy for the dwell, then does what still holds', () => {
    const hot = nextAdaptive(FIRST_STATE, { ...calm, cpuUsage: 90 }, 0);
    const early = nextAdaptive(hot, { ...calm, latencyMs: 200 }, DWELL_MS - 1);
    expect(early.strategy).toBe('load-balanced');
    // 90 is between the thresholds: it holds on because it held within the dwell.
    expect(nextAdaptive(early, { ...calm, latencyMs: 90 }, DWELL_MS).strategy).toBe('locality');
  });

  it('stays as it is while no engine is heard', () => {
    expect(nextAdaptive(FIRST_STATE, undefined, 5)).toBe(FIRST_STATE);
  });

  it('does not switch at all while a value wavers between the thresholds', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 70, max: 80, noNaN: true })), fc.boolean(), (noise, hot) => {
        let state = hot ? nextAdaptive(FIRST_STATE, { ...calm, cpuUsage: 95 }, 0) : FIRST_STATE;
        const { strategy } = state;
        for (const [at, cpuUsage] of noise.entries()) {
          state = nextAdaptive(state, { ...calm, cpuUsage }, (at + 1) * DWELL_MS);
          expect(state.strategy).toBe(strategy);
        }
      }),
    );
  });

  const anyMeasurements = fc.record({
    cpuUsage: fc.double({ min: 0, max: 100, noNaN: true }),
    latencyMs: fc.double({ min: 0, max: 300, noNaN: true }),
    failureRate: fc.double({ min: 0, max: 0.3, noNaN: true }),
  });

  it('switches at most once in a dwell, whatever the noise', () => {
    fc.assert(
      fc.property(fc.array(anyMeasurements, { maxLength: 100 }), (noise) => {
        let state: AdaptiveState = FIRST_STATE;
        const switches: number[] = [];
        for (const [second, measured] of noise.entries()) {
          const next = nextAdaptive(state, measured, second * 1000);
          if (next.strategy !== state.strategy) switches.push(second * 1000);
          state = next;
        }
        for (const [at, ms] of switches.slice(1).entries()) {
          expect(ms - (switches[at] as number)).toBeGreaterThanOrEqual(DWELL_MS);
        }
      }),
    );
  });

  it('answers what lasts within the dwell, whatever was before', () => {
    fc.assert(
      fc.property(fc.array(anyMeasurements, { maxLength: 30 }), (noise) => {
        let state: AdaptiveState = FIRST_STATE;
        let nowMs = 0;
        for (const measured of noise) state = nextAdaptive(state, measured, (nowMs += 1000));
        const end = nowMs + DWELL_MS;
        while (nowMs < end) state = nextAdaptive(state, { ...calm, cpuUsage: 95 }, (nowMs += 1000));
        expect(state.strategy).toBe('load-balanced');
      }),
    );
  });
});

describe('what is published', () => {
  it('goes on elsewhere where it was left: with its rule, and for its dwell', () => {
    const hot = nextAdaptive(FIRST_STATE, { ...calm, cpuUsage: 90 }, 0);
    const resumed = decodeAdaptive(encodeAdaptive(hot), 1000);
    expect(resumed).toEqual({ ...hot, sinceMs: 1000 });
    expect(nextAdaptive(resumed, { ...calm, cpuUsage: 75 }, DWELL_MS * 2).strategy).toBe('load-balanced');
    expect(nextAdaptive(resumed, calm, 1000 + DWELL_MS - 1).strategy).toBe('load-balanced');
    expect(nextAdaptive(resumed, calm, 1000 + DWELL_MS).strategy).toBe('round-robin');
  });

  it('is as in the beginning where it is nothing, or of another version', () => {
    expect(decodeAdaptive(undefined, 5)).toBe(FIRST_STATE);
    expect(decodeAdaptive(bytesOf({ strategy: 'adaptive' }), 5)).toBe(FIRST_STATE);
    expect(decodeAdaptive(bytesOf({ strategy: 'locality' }), 5)).toMatchObject({
      reason: 'it was published',
    });
  });
});

describe('measurementsOf', () => {
  it('is the mean over the engines that are heard', () => {
    const engines = [
      engineView('a', { load: { cpuUsage: 50, latencyMs: 10, failureRate: 0.2 } }),
      engineView('b', { load: { cpuUsage: 100, latencyMs: 30, failureRate: 0 }, state: 'draining' }),
      engineView('c', { load: { cpuUsage: 0, latencyMs: 9999, failureRate: 1 }, state: 'suspect' }),
    ];
    expect(measurementsOf(engines)).toEqual({ cpuUsage: 75, latencyMs: 20, failureRate: 0.1 });
  });

  it('is nothing without any', () => {
    expect(measurementsOf([])).toBeUndefined();
    expect(measurementsOf([engineView('a', { state: 'suspect' })])).toBeUndefined();
  });
});

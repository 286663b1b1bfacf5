import { describe, expect, it } from 'vitest';
import { desiredEngines, type QueuePressure } from './autoscaling.ts';

const quiet: QueuePressure = {
  ...{ open: true, depth: 0, oldestAgeSeconds: null, running: 0, paused: false },
  ...{ maxConcurrent: null, ratePerSecond: null, engines: [] },
};
const engines = (...usages: number[]) => usages.map((cpuUsage) => ({ room: 100, cpuUsage }));
const wanted = (pressure: Partial<QueuePressure>): number => desiredEngines({ ...quiet, ...pressure });

describe('the engines that a queue wants', () => {
  it('are none while no run is open, and one while any is', () => {
    expect(wanted({ open: false })).toBe(0);
    expect(wanted({})).toBe(1);
  });

  it('have room for what runs and what is queued', () => {
    expect(wanted({ depth: 1_001 })).toBe(2);
    expect(wanted({ depth: 150, running: 60, engines: engines(0, 0) })).toBe(3);
    expect(wanted({ depth: 2, engines: [{ room: 0, cpuUsage: 0 }] })).toBe(2);
  });

  it('are not more than a pause or a limit lets work', () => {
    expect(wanted({ depth: 900, running: 10, paused: true, engines: engines(0) })).toBe(1);
    expect(wanted({ depth: 900, running: 10, maxConcurrent: 150, engines: engines(0) })).toBe(2);
    expect(wanted({ depth: 900, running: 210, maxConcurrent: 150, engines: engines(0) })).toBe(3);
  });

  it('bring the processors of those that are there to 70 %', () => {
    expect(wanted({ running: 5, engines: engines(90, 95) })).toBe(3);
    expect(wanted({ running: 5, engines: engines(20, 20, 20) })).toBe(1);
    expect(wanted({ running: 0, engines: engines(90, 95) })).toBe(1);
  });

  it('are one more while work waits for nothing but engines', () => {
    const late = { depth: 5, oldestAgeSeconds: 11, engines: engines(10, 10) };
    expect(wanted(late)).toBe(3);
    expect(wanted({ ...late, oldestAgeSeconds: 10 })).toBe(1);
    expect(wanted({ ...late, paused: true })).toBe(1);
    expect(wanted({ ...late, ratePerSecond: 1 })).toBe(1);
    expect(wanted({ ...late, running: 2, maxConcurrent: 2 })).toBe(1);
  });
});

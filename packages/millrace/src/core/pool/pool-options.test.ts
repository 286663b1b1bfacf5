import { describe, expect, it } from 'vitest';
import { poolSettings, type PoolOptions } from './pool-options.ts';

const settings = (options?: PoolOptions) => poolSettings(options, 'pool');

describe('options of the pool', () => {
  it('have the defaults of the documents', () => {
    expect(settings()).toEqual({
      min: 2,
      max: 10,
      scaleUpThreshold: 20,
      scaleDownThreshold: 5,
      checkIntervalMs: 30_000,
      healthIntervalMs: 1000,
      jobsPerWorker: 1,
      memoryMb: 512,
      unresponsiveMs: 10_000,
      maxBlockMs: 600_000,
      abortGraceMs: 5000,
      maxQueued: 1000,
    });
  });

  it('are read', () => {
    const options = { min: 0, max: 4, checkInterval: '5s', abortGrace: 0, memoryMb: 64 } as const;
    expect(settings(options)).toMatchObject({
      ...{ min: 0, max: 4, checkIntervalMs: 5000, abortGraceMs: 0, memoryMb: 64 },
    });
  });

  it('one limit alone moves the default of the other', () => {
    expect(settings({ max: 1 })).toMatchObject({ min: 1, max: 1 });
    expect(settings({ min: 16 })).toMatchObject({ min: 16, max: 16 });
    expect(settings({ scaleUpThreshold: 3 })).toMatchObject({ scaleDownThreshold: 3 });
  });

  it.each([
    [{ min: 3, max: 2 }, 'pool: min 3 is more than max 2. Raise max or lower min.'],
    [{ max: 0 }, 'pool: max is 0. Pass a whole number from 1 to 1000.'],
    [{ max: 'ten' as never }, 'pool: max is "ten"'],
    [{ min: -1 }, 'pool: min is -1'],
    [{ max: 1001 }, 'pool: max is 1001'],
    [{ jobsPerWorker: 1.5 }, 'pool: jobsPerWorker is 1.5'],
    [{ scaleDownThreshold: 21 }, 'scaleDownThreshold 21 is more than scaleUpThreshold 20'],
    [{ checkInterval: 1 }, 'pool: checkInterval is 1 ms. Pass at least 10 ms.'],
    [{ healthInterval: 'soon' as never }, 'pool, healthInterval: "soon" is not a valid duration'],
    [{ memoryMb: 1 }, 'pool: memoryMb is 1'],
    [{ minimum: 1 } as never, 'pool: unknown option "minimum"'],
  ])('%o is refused', (options: PoolOptions, message) => {
    expect(() => settings(options)).toThrow(message);
  });
});

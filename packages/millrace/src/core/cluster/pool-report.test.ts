import { describe, expect, it } from 'vitest';
import type { PoolDecision, PoolState, WorkerState } from '../pool/state.ts';
import { bytesOf } from './fields.ts';
import { decodeLoad } from './load.ts';
import { MAX_REPORTED_WORKERS, reportPool } from './pool-report.ts';

const WORKER: WorkerState = {
  ...{ pid: 7, state: 'busy', cpu: 0.97, rssMb: 80.5, jobs: 1, jobsDone: 3, startedAt: 5, restarts: 2 },
};
const GREW: PoolDecision = { at: 1, kind: 'grow', from: 2, to: 4, reason: '48 queued, more than 20' };
const REPLACED: PoolDecision = { at: 2, kind: 'replace', from: 4, to: 4, reason: 'worker 6 died' };
const POOL: PoolState = {
  ...{ target: 4, min: 2, max: 10, queued: 5, running: 1 },
  workers: [WORKER],
  decisions: [GREW],
};
/** As others read it after a beat. */
function told(pool: unknown) {
  return decodeLoad(bytesOf({ pool })).pool;
}

describe('what engines tell of their worker pools', () => {
  it('is read as it was told', () => {
    const { startedAt: _, ...worker } = WORKER;
    const report = {
      ...{ target: 4, min: 2, max: 10, queued: 5, running: 1 },
      ...{ workers: [worker], scaled: GREW, replaced: null },
    };
    expect(reportPool(POOL)).toEqual(report);
    expect(told(reportPool(POOL))).toEqual(report);
  });

  it('has the last decision of each kind', () => {
    const shrank: PoolDecision = { at: 3, kind: 'shrink', from: 4, to: 3, reason: 'none queued' };
    const full: PoolDecision = { at: 4, kind: 'at-maximum', from: 3, to: 3, reason: 'x'.repeat(1_000) };
    const last = (decisions: PoolDecision[]) => told(reportPool({ ...POOL, decisions }));
    expect(last([GREW, shrank, REPLACED])).toMatchObject({ scaled: shrank, replaced: REPLACED });
    expect(last([REPLACED])).toMatchObject({ scaled: null, replaced: REPLACED });
    expect(last([full])?.scaled?.reason, 'a beat stays small').toHaveLength(200);
  });

  it('says what was not measured yet as null', () => {
    const starting: WorkerState = { ...WORKER, state: 'starting', cpu: undefined, rssMb: undefined };
    expect(told(reportPool({ ...POOL, workers: [starting] }))?.workers).toMatchObject([
      { state: 'starting', cpu: null, rssMb: null },
    ]);
  });

  it('lists as many workers as a beat has room for', () => {
    const workers = Array.from({ length: MAX_REPORTED_WORKERS + 1 }, (_, pid) => ({ ...WORKER, pid }));
    expect(reportPool({ ...POOL, workers }).workers).toHaveLength(MAX_REPORTED_WORKERS);
  });

  it('is nothing where there is no pool, and is read without what another version tells otherwise', () => {
    expect([told(undefined), told(null), told(17)]).toEqual([undefined, undefined, undefined]);
    const nothing = {
      ...{ target: 0, min: 0, max: 0, queued: 0, running: 0 },
      ...{ workers: [], scaled: null, replaced: null },
    };
    expect(told({})).toEqual(nothing);
    const odd = [{ pid: 'x', state: 'busy' }, { pid: 1, state: 'asleep' }, 7];
    expect(told({ target: 'many', workers: odd, scaled: { kind: 'explode' } })).toEqual(nothing);
    expect(told({ scaled: { kind: 'grow' }, workers: [{ pid: 1, state: 'idle' }] })).toMatchObject({
      scaled: { kind: 'grow', at: 0, from: 0, to: 0, reason: '' },
      workers: [{ pid: 1, state: 'idle', cpu: null, jobs: 0 }],
    });
  });
});

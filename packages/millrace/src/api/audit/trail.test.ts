import { describe, expect, it } from 'vitest';
import type { Act } from '../../core/audit/act.ts';
import type { EngineLog, Ports } from '../../engine/ports.ts';
import type { AuditEntry } from '../../store/port/access/audit.ts';
import { StoreError } from '../../store/port/errors.ts';
import { nodePorts } from '../../ports/node-ports.ts';
import { createTrail, type Trail, type TrailParts } from './trail.ts';

const DOWN = new StoreError('congestion', 'the database is away');

interface Bench {
  trail: Trail;
  /** What the store has, call by call. */
  calls: AuditEntry[][];
  logs: EngineLog[];
  /** What the next calls answer; undefined: all is well. */
  failures: Error[];
  /** Lets the longest pause that anybody waits for be over. */
  elapse(): void;
}

function bench(more: Partial<TrailParts> = {}): Bench {
  const calls: AuditEntry[][] = [];
  const logs: EngineLog[] = [];
  const failures: Error[] = [];
  const timers = new Set<() => void>();
  const after: Ports['after'] = (_, callback) => {
    timers.add(callback);
    return () => timers.delete(callback);
  };
  const ports = { ...nodePorts((entry) => void logs.push(entry)), after };
  const appendAudit = async (entries: readonly AuditEntry[]): Promise<void> => {
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    calls.push([...entries]);
  };
  const parts = { store: { appendAudit }, ports, namespace: 'ours', storeTime: () => 1_000, ...more };
  const elapse = (): void => {
    const due = [...timers];
    timers.clear();
    for (const callback of due) callback();
  };
  return { trail: createTrail(parts), calls, logs, failures, elapse };
}

function act(action: string): Act {
  return { actor: 'key:a', action, outcome: 'done' };
}

function actionsIn(calls: readonly AuditEntry[][]): string[] {
  return calls.flat().map(({ action }) => action);
}

describe('the trail of acts', () => {
  it('is written before whoever acted goes on, and many share one call', async () => {
    const { trail, calls } = bench();
    await Promise.all(Array.from({ length: 1_200 }, (_, at) => trail.record(act(`a${at}`))));
    expect(calls.map(({ length }) => length)).toEqual([500, 500, 200]);
    const ids = calls.flat().map(({ id }) => id);
    expect(ids, 'in the order in which they were made').toEqual(ids.toSorted());
    expect(new Set(ids).size).toBe(1_200);
    expect(calls[0]?.[0]).toMatchObject({ namespace: 'ours', actor: 'key:a', action: 'a0' });
  });

  it('keeps ids in order where more are made in a millisecond than it can tell apart', async () => {
    const { trail, calls } = bench();
    await Promise.all(Array.from({ length: 5_000 }, () => trail.record(act('a'))));
    const ids = calls.flat().map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted());
    expect(new Set(ids).size).toBe(5_000);
  });

  it('holds nobody up while the store is away, and is written when it is back', async () => {
    const { trail, calls, logs, failures, elapse } = bench();
    failures.push(DOWN, DOWN);
    await trail.record(act('first'));
    await trail.record(act('second'));
    expect(calls).toEqual([]);
    await trail.record(act('third'));
    const written = (): string[] => (elapse(), actionsIn(calls));
    await expect.poll(written, { interval: 1 }).toEqual(['first', 'second', 'third']);
    expect(logs.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'the audit log is not written at present, entries are kept in memory: the database is away'],
      ['info', 'the audit log is written again'],
    ]);
  });

  it('does not wait for a store that does not answer', async () => {
    const answer = Promise.withResolvers<void>();
    const { trail, elapse } = bench({ store: { appendAudit: () => answer.promise } });
    const recorded = trail.record(act('first'));
    await new Promise((resolve) => void setImmediate(resolve));
    elapse();
    await recorded;
    await trail.record(act('second'));
    answer.resolve();
    await expect(trail.stop()).resolves.toBeUndefined();
  });

  it('logs in full what it has no room for, and what the store will never take', async () => {
    const { trail, logs, failures, calls } = bench({ mostKept: 1 });
    failures.push(DOWN);
    await trail.record(act('first'));
    await trail.record(act('second'));
    expect(logs.at(-1)).toMatchObject({ level: 'error', fields: { action: 'second', actor: 'key:a' } });
    failures.push(new StoreError('definite', 'no such table'));
    await trail.stop();
    expect(logs.at(-1)).toMatchObject({ level: 'error', fields: { action: 'first' } });
    expect(calls).toEqual([]);
  });

  it('writes what is left when the process ends, or logs it in full', async () => {
    const [well, ill] = [bench(), bench()];
    for (const { trail, failures } of [well, ill]) {
      failures.push(DOWN);
      // oxlint-disable-next-line no-await-in-loop -- each has one entry left
      await trail.record(act('last'));
    }
    ill.failures.push(DOWN);
    await Promise.all([well.trail.stop(), ill.trail.stop()]);
    expect([actionsIn(well.calls), actionsIn(ill.calls)]).toEqual([['last'], []]);
    expect(ill.logs.at(-1)).toMatchObject({ level: 'error', fields: { action: 'last' } });
  });
});

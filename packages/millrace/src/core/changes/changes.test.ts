import { describe, expect, it } from 'vitest';
import { runIdOf } from '../ids.ts';
import {
  begun,
  ended,
  engineChanged,
  held,
  queueChanged,
  recorded,
  reopened,
  resumed,
  type ToldRun,
} from './change.ts';
import { checkFilter, filterKey, matches, type ChangeFilter } from './filter.ts';
import { placeOf } from './place.ts';

const AT = Date.UTC(2026, 0, 2);
const runId = runIdOf(AT, 0, () => 0.5);
const run: ToldRun = {
  ...{ runId, workflow: 'order', workflowVersion: '2+gpu', queue: 'mail', priority: 'high' },
  ...{ key: 'order-17', tags: ['urgent'], parentRunId: undefined, createdAt: AT + 5 },
};
const limits = { maxConcurrent: 3, ratePerSecond: null, maxDepth: null };
const queue = { queue: 'mail', paused: true, pausedBy: 'ann', limits };
const engine = { engineId: 'alpha', incarnation: 'i-1', status: 'dead', region: null } as const;

describe('a change', () => {
  it('tells of a run what it is, and nothing that it carries', () => {
    expect(begun(run)).toEqual({
      ...{ id: `${AT}.${runId}.started`, kind: 'run', type: 'started', at: '2026-01-02T00:00:00.005Z' },
      ...{ runId, workflow: 'order', version: '2', status: 'queued', priority: 'high', queue: 'mail' },
      ...{ key: 'order-17', tags: ['urgent'], parentRunId: null },
    });
    expect(begun({ ...run, key: undefined, parentRunId: 'p' })).toMatchObject({
      key: null,
      parentRunId: 'p',
    });
  });

  it('has another id each time that a run ends', () => {
    const end = { ...run, status: 'failed', closedAt: AT + 7, events: 4 } as const;
    expect(ended(end)).toMatchObject({ type: 'failed', status: 'failed', at: '2026-01-02T00:00:00.007Z' });
    expect(ended(end).id).not.toBe(ended({ ...end, events: 9 }).id);
  });

  it('says what somebody did with a run', () => {
    expect(reopened({ ...run, reopenedAt: AT })).toMatchObject({ type: 'retried', status: 'queued' });
    const blocked = held({ ...run, status: 'blocked', blockCode: 'QUARANTINED' }, AT);
    expect(blocked).toMatchObject({ type: 'blocked', status: 'blocked', code: 'QUARANTINED' });
    expect(held({ ...run, status: 'paused', blockCode: undefined }, AT)).not.toHaveProperty('code');
    expect(resumed({ ...run, status: 'waiting' }, AT)).toMatchObject({ type: 'resumed', status: 'waiting' });
  });

  it('says of a queue whether it was paused, resumed or limited', () => {
    expect(queueChanged(queue, false, AT).type).toBe('paused');
    expect(queueChanged({ ...queue, paused: false }, true, AT).type).toBe('resumed');
    expect(queueChanged(queue, true, AT)).toMatchObject({ type: 'limited', limits });
  });

  it('says how an engine is seen', () => {
    expect(engineChanged(engine, AT)).toMatchObject({ kind: 'engine', type: 'dead', engineId: 'alpha' });
  });

  it('tells of an event in a history its name and attempt, and of the last one how the run ended', () => {
    const at = { at: AT, engine: 'alpha' };
    const step = {
      type: 'step-completed',
      ordinal: 1,
      name: 'charge',
      attempt: 2,
      payload: '"secret"',
    } as const;
    const told = recorded(runId, { seq: 3, ...at, event: step });
    expect(told).toEqual({
      ...{ id: '3', kind: 'run', type: 'step-completed', at: '2026-01-02T00:00:00.000Z', runId, seq: 3 },
      ...{ name: 'charge', attempt: 2, engineId: 'alpha' },
    });
    const end = recorded(runId, { seq: 4, ...at, event: { type: 'completed', payload: '1' } });
    expect(end).toMatchObject({ type: 'completed', status: 'completed' });
    expect(end).not.toHaveProperty('name');
  });
});

describe('the place of a change', () => {
  it('is the time that its id begins with', () => {
    expect([placeOf(begun(run).id), placeOf('17')]).toEqual([AT, 17]);
  });

  it.each(['', 'yesterday', '12x', '-1', '1234567890123456'])('is refused where it is %j', (id) => {
    expect(() => placeOf(id)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe('a filter', () => {
  const changes = [begun(run), engineChanged(engine, AT), queueChanged(queue, false, AT)];
  const through = (filter: ChangeFilter): string[] =>
    changes.filter((change) => matches(filter, change)).map(({ kind }) => kind);

  it.each<[ChangeFilter, string[]]>([
    [{}, ['run', 'engine', 'queue']],
    [{ types: ['engine', 'queue.paused'] }, ['engine', 'queue']],
    [{ types: ['run.failed', 'queue.resumed'] }, []],
    [{ queue: 'mail' }, ['run', 'queue']],
    [{ queue: 'post' }, []],
    [{ workflow: 'order' }, ['run']],
    [{ workflow: 'other' }, []],
    [{ tag: 'urgent', runId }, ['run']],
    [{ tag: 'calm' }, []],
    [{ runId: 'another' }, []],
    [{ types: ['queue'], workflow: 'order' }, []],
  ])('%j lets through what it says', (filter, kinds) => {
    expect(through(filter)).toEqual(kinds);
  });

  it('refuses types that do not exist', () => {
    checkFilter({});
    checkFilter({ types: ['run', 'run.timed-out', 'batch'] });
    for (const types of [['runs'], ['run.exploded'], ['queue.failed']])
      expect(() => checkFilter({ types })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  it('is the same as another that says the same', () => {
    expect(filterKey({ types: ['run', 'queue'], tag: 'a' })).toBe(
      filterKey({ tag: 'a', types: ['queue', 'run'] }),
    );
    expect(filterKey({ tag: 'a' })).not.toBe(filterKey({ workflow: 'a' }));
    expect(filterKey({})).toBe(filterKey({ types: undefined }));
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admit, type Candidate, hindrances, limitsByName } from './admission.ts';
import { checkCount, checkLimits, checkRate } from './check-limits.ts';
import { describeLimit, describeQueues, type ReportedLimit } from './describe-queue.ts';
import { LIMIT_CODE, LIMIT_KINDS, limitKindOf, type LimitState, obstacleOf } from './limit.ts';
import { msToToken, nextTokenAt, tokensAt } from './rate.ts';

const free: LimitState = {
  kind: 'queue',
  name: 'mail',
  max: undefined,
  inUse: 0,
  tokens: undefined,
  paused: false,
};
const run: Candidate = { queue: 'mail', workflow: 'send', keys: [], granted: false };

describe('a limit', () => {
  it.each([
    ['has room', {}, undefined],
    ['has room below its max', { max: 2, inUse: 1 }, undefined],
    ['is full', { max: 2, inUse: 2 }, 'full'],
    ['is over full when it was lowered', { max: 2, inUse: 5 }, 'full'],
    ['waits for its rate', { tokens: 0.9 }, 'rate'],
    ['has a token', { tokens: 1 }, undefined],
    ['is paused, whatever else', { paused: true, max: 1, inUse: 1, tokens: 0 }, 'paused'],
  ])('%s', (_, more, obstacle) => {
    expect(obstacleOf({ ...free, ...more })).toBe(obstacle);
  });

  it('keeps the numbers of its kinds', () => {
    expect(LIMIT_KINDS.map((kind) => limitKindOf(LIMIT_CODE[kind]))).toEqual(LIMIT_KINDS);
    expect(() => limitKindOf(9)).toThrow('unknown kind of limit 9');
  });
});

describe('admission', () => {
  it('asks all limits that apply, widest first, and no others', () => {
    const limits = limitsByName([
      { ...free, kind: 'key', name: 'ada', paused: true },
      { ...free, kind: 'workflow', name: 'send', max: 1, inUse: 1 },
      { ...free, kind: 'queue', name: 'mail', tokens: 0 },
      { ...free, kind: 'queue', name: 'other', paused: true },
      { ...free, kind: 'global', name: '', paused: true },
    ]);
    const told = hindrances({ ...run, keys: ['bob', 'ada'] }, limits).map(({ limit, obstacle }) => [
      ...[limit.kind, obstacle],
    ]);
    expect(told).toEqual([
      ...[
        ['global', 'paused'],
        ['queue', 'rate'],
        ['workflow', 'full'],
        ['key', 'paused'],
      ],
    ]);
    expect(hindrances({ ...run, granted: true, keys: ['ada'] }, limits)).toEqual([]);
  });

  it('takes a part of each limit, or of none', () => {
    const limits = limitsByName([
      { ...free, kind: 'global', name: '', max: 5, inUse: 1 },
      { ...free, tokens: 2 },
      { ...free, kind: 'key', name: 'ada', max: 1, inUse: 0 },
    ]);
    expect(admit({ ...run, keys: ['ada'] }, limits)).toBeUndefined();
    expect(admit({ ...run, keys: ['ada'] }, limits)).toMatchObject({
      limit: { name: 'ada' },
      obstacle: 'full',
    });
    expect(admit({ ...run, granted: true }, limits)).toBeUndefined();
    expect([...limits.values()]).toMatchObject([{ inUse: 2 }, { inUse: 1, tokens: 1 }, { inUse: 1 }]);
  });

  it('never lets more than the least of the limits in', () => {
    const count = fc.option(fc.nat(8), { nil: undefined });
    const limit = fc.record({ max: count, inUse: fc.nat(8), tokens: count, paused: fc.boolean() });
    fc.assert(
      fc.property(limit, limit, limit, (all, queue, key) => {
        const states = [
          { ...all, kind: 'global' as const, name: '' },
          { ...queue, kind: 'queue' as const, name: 'mail' },
          { ...key, kind: 'key' as const, name: 'ada' },
        ];
        const limits = limitsByName<LimitState>(states);
        let granted = 0;
        while (granted < 100 && admit({ ...run, keys: ['ada'] }, limits) === undefined) granted += 1;
        const rooms = states.map(({ max = Infinity, inUse, tokens = Infinity, paused }) =>
          paused ? 0 : Math.max(0, Math.min(max - inUse, tokens)),
        );
        expect(granted).toBe(Math.min(100, ...rooms));
      }),
    );
  });
});

describe('a rate', () => {
  it('fills up to what one second brings, at least one', () => {
    expect(tokensAt({ perSecond: 4, tokens: 0, refilledAt: 0 }, 250)).toBe(1);
    expect(tokensAt({ perSecond: 4, tokens: 3, refilledAt: 0 }, 60_000)).toBe(4);
    expect(tokensAt({ perSecond: 0.1, tokens: 0, refilledAt: 0 }, 60_000)).toBe(1);
    expect(tokensAt({ perSecond: 4, tokens: 2, refilledAt: 1_000 }, 0), 'the clock went back').toBe(2);
  });

  it('tells when the next token is there, in whole milliseconds', () => {
    expect(nextTokenAt({ perSecond: 4, tokens: 0, refilledAt: 0 }, 100)).toBe(250);
    expect(nextTokenAt({ perSecond: 3, tokens: 0, refilledAt: 0 }, 0)).toBe(334);
    expect(nextTokenAt({ perSecond: 3, tokens: 2, refilledAt: 0 }, 7)).toBe(7);
    expect(msToToken(0.000_01, 0), 'no more than a day').toBe(86_400_000);
  });
});

describe('limits of a start', () => {
  it('are none, or keys with what each allows', () => {
    expect(checkLimits('start', undefined)).toBeUndefined();
    expect(checkLimits('start', [])).toBeUndefined();
    const limits = [
      { key: 'a', max: 1 },
      { key: 'b', max: 2 },
    ];
    expect(checkLimits('start', limits)).toEqual(limits);
  });

  it.each([[null], ['a'], [[7]], [[null]], [[{ key: 'a' }]], [[{ max: 1 }]], [[{ key: 'a', max: 1.5 }]]])(
    'are not %j',
    (limits) => {
      expect(() => checkLimits('start', limits)).toThrow('start: limits');
    },
  );

  it('name each key once, and ten at most', () => {
    const twice = [1, 2].map((max) => ({ key: 'a', max }));
    expect(() => checkLimits('start', twice)).toThrow('names key "a" twice');
    const many = Array.from({ length: 11 }, (_, at) => ({ key: `k${at}`, max: 1 }));
    expect(() => checkLimits('start', many)).toThrow('limits is');
  });

  it('have numbers that every store can count with', () => {
    expect([checkCount('x', 1), checkCount('x', 1e9), checkRate('x', 0.5)]).toEqual([1, 1e9, 0.5]);
    for (const wrong of [0, 1e9 + 1, '1']) expect(() => checkCount('x', wrong)).toThrow('x is');
    for (const wrong of [0, Number.NaN, 1e10, '1']) expect(() => checkRate('x', wrong)).toThrow('x is');
  });
});

describe('a queue as it is shown', () => {
  const reported: ReportedLimit = {
    ...{
      ...free,
      max: 3,
      inUse: 2,
      ratePerSecond: 5,
      maxDepth: 9,
      paused: true,
      pausedBy: 'ada',
      pausedAt: 1_000,
    },
    holders: ['r1', 'r2'],
  };

  it('is there with open runs or with a limit, by name', () => {
    const queues = [{ queue: 'a', depth: 2, oldestReadyAt: 500, running: 1 }];
    expect(describeQueues(queues, [reported, { ...reported, kind: 'workflow' }], 2_000)).toEqual([
      {
        ...{
          queue: 'a',
          depth: 2,
          oldestAgeSeconds: 1.5,
          running: 1,
          paused: false,
          pausedBy: null,
          pausedAt: null,
        },
        limits: { maxConcurrent: null, ratePerSecond: null, maxDepth: null, inUse: null },
      },
      {
        ...{ queue: 'mail', depth: 0, oldestAgeSeconds: null, running: 0, paused: true, pausedBy: 'ada' },
        pausedAt: '1970-01-01T00:00:01.000Z',
        limits: { maxConcurrent: 3, ratePerSecond: 5, maxDepth: 9, inUse: 2 },
      },
    ]);
  });

  it('has an age of nothing where its clock is behind', () => {
    const queues = [{ queue: 'a', depth: 1, oldestReadyAt: 500, running: 0 }];
    expect(describeQueues(queues, [], 0)).toMatchObject([{ oldestAgeSeconds: 0 }]);
  });

  it('has limits with their holders', () => {
    expect(describeLimit(reported)).toMatchObject({ maxConcurrent: 3, inUse: 2, holders: ['r1', 'r2'] });
    const nobody = { ...reported, paused: false, pausedBy: undefined, pausedAt: undefined };
    expect(describeLimit(nobody)).toMatchObject({ paused: false, pausedBy: null, pausedAt: null });
  });
});

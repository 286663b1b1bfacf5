import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { engineView } from '../../../testbed/placement/engine-views.ts';
import { bytesOf } from '../cluster/fields.ts';
import { activated, firstRoute, rolledBack, rolledOut, takenBack, type Author } from './change.ts';
import { describeDefinition, type NameFacts } from './describe.ts';
import { countedSince, guardOf, judge } from './guard.ts';
import { highestVersion } from './order.ts';
import {
  chooseVersion,
  decodeRoute,
  encodeRoute,
  MOST_CHANGES,
  MOST_PREVIOUS,
  percentOf,
  routedVersions,
  routeText,
  sinceOf,
  type Route,
} from './route.ts';
import { UNITS } from './slices.ts';
import type { Outcome } from './tally.ts';

const NOW = Date.UTC(2026, 0, 1);
const ANNA: Author = { at: NOW, by: 'anna' };
const at = (ms: number): Author => ({ at: NOW + ms, by: 'anna' });
const FIRST = firstRoute('1', ANNA);
const KEYS = Array.from({ length: 4_000 }, (_, n) => `order-${n}`);

function rollout(before: Route, weights: Record<string, number>, author = ANNA): Route {
  return rolledOut(before, { weights, guard: 'keep' }, author);
}
function outcome(version: string, status: Outcome['status'], runs: number, meanMs?: number): Outcome {
  return { version, status, runs, meanMs };
}
function refusal(message: RegExp): Error {
  return expect.objectContaining({
    code: 'INVALID_ARGUMENT',
    message: expect.stringMatching(message),
  }) as Error;
}

describe('the version of a new run', () => {
  it('is the active one where none is rolled out', () => {
    expect(chooseVersion(FIRST, 'order', 'any')).toBe('1');
    expect(percentOf(FIRST, '1')).toBe(100);
  });

  it('stays the same for a name and key, for ever', () => {
    const route = rollout(FIRST, { 2: 30, 3: 30 });
    const chosen = KEYS.slice(0, 24).map((key) => chooseVersion(route, 'order', key));
    expect(chosen.join('')).toBe('121113112131231333221313');
    expect(KEYS.slice(0, 24).map((key) => chooseVersion(route, 'bill', key))).not.toEqual(chosen);
  });

  it('is drawn in the proportions that were asked for', () => {
    const route = rollout(FIRST, { 2: 10, 3: 20 });
    const share = (version: string): number =>
      KEYS.filter((key) => chooseVersion(route, 'order', key) === version).length / KEYS.length;
    expect(share('1')).toBeCloseTo(0.7, 1);
    expect(share('2')).toBeCloseTo(0.1, 1);
    expect(share('3')).toBeCloseTo(0.2, 1);
  });

  it('has exactly the percent that were asked for, however often they are changed', () => {
    fc.assert(
      fc.property(fc.array(anyWeights, { minLength: 1, maxLength: 12 }), (steps) => {
        let route = FIRST;
        for (const weights of steps) route = rollout(route, weights);
        const last = steps.at(-1) ?? {};
        for (const version of ['2', '3', '4'])
          expect(percentOf(route, version)).toBeCloseTo(last[version] ?? 0, 6);
        const slices = route.rollout?.shares.flatMap((share) => share.slices) ?? [];
        const taken = slices.flatMap(([from, to]) => Array.from({ length: to - from }, (_, n) => from + n));
        expect(new Set(taken).size).toBe(taken.length);
        expect(taken.every((unit) => unit >= 0 && unit < UNITS)).toBe(true);
      }),
    );
  });

  it('is never taken from who has it by a version that grows, but from the active one', () => {
    fc.assert(
      fc.property(anyWeights, fc.integer({ min: 0, max: 400 }), (weights, more) => {
        const before = rollout(FIRST, weights);
        const room = Math.round(percentOf(before, '1') * 10);
        const grown = { ...weights, 3: ((weights['3'] ?? 0) * 10 + Math.min(more, room)) / 10 };
        const after = rollout(before, grown);
        const moved = KEYS.slice(0, 300).filter((key) => {
          const had = chooseVersion(before, 'order', key);
          return had !== '1' && chooseVersion(after, 'order', key) !== had;
        });
        expect(moved).toEqual([]);
      }),
    );
  });
});

/** Of versions 2, 3 and 4: at least one, together at most 100. */
const anyWeights: fc.Arbitrary<Record<string, number>> = fc
  .array(fc.integer({ min: 0, max: 333 }), { minLength: 1, maxLength: 3 })
  .map((tenths) => Object.fromEntries(tenths.map((tenth, n) => [String(n + 2), tenth / 10])));

describe('a route', () => {
  it('is read as it was written', () => {
    const guard = guardOf({ window: '1 hour' });
    const route = rolledOut(activated(FIRST, '2', at(1)), { weights: { 3: 12.5 }, guard }, at(2));
    expect(decodeRoute(encodeRoute(route))).toEqual(route);
    const named = activated(route, '1', { at: NOW, by: 'anna', id: 'change-1' });
    expect(decodeRoute(encodeRoute(named)), 'its id is kept').toEqual(named);
    const judged = takenBack(route, [{ version: '3', reason: 'it failed' }], NOW + 3);
    expect(decodeRoute(encodeRoute(judged))).toEqual(judged);
    expect(decodeRoute(encodeRoute(FIRST))).toEqual(FIRST);
  });

  it('is read without what another version of the program wrote otherwise', () => {
    expect(decodeRoute(bytesOf({ previous: ['1'] }))).toBeUndefined();
    const odd = {
      ...{ active: '1', changes: [{ act: 'paint' }, { act: 'deploy' }], previous: [7, '0'] },
      rollout: { shares: [{ version: 2 }, { version: '3', slices: [[0, 'x'], 7, [0, 10]] }], guard: {} },
    };
    expect(decodeRoute(bytesOf(odd))).toEqual({
      active: '1',
      previous: ['0'],
      rollout: { since: 0, shares: [{ version: '3', slices: [[0, 10]] }], guard: undefined },
      changes: [{ at: 0, by: null, act: 'deploy', to: '' }],
    });
    const guarded = { active: '1', rollout: { shares: [{ version: '2' }], guard: { maxErrorRate: 0.5 } } };
    expect(decodeRoute(bytesOf(guarded))?.rollout?.guard).toEqual({
      ...{ maxErrorRate: 0.5, minRuns: 20, windowMs: undefined },
    });
  });

  it('remembers what was active, and goes back through it', () => {
    const route = activated(activated(FIRST, '2', at(1)), '3', at(2));
    expect(route.previous).toEqual(['1', '2']);
    const back = rolledBack(route, at(3));
    expect(back).toMatchObject({ active: '2', previous: ['1'] });
    const first = rolledBack(back, at(4));
    expect(first).toMatchObject({ active: '1', previous: [] });
    expect(first.changes.map(({ act, to }) => `${act} ${to}`)).toEqual([
      ...['deploy 1', 'activate 2', 'activate 3', 'rollback 2', 'rollback 1'],
    ]);
    expect(() => rolledBack(first, at(5))).toThrow(refusal(/no other was before it/));
  });

  it('is made by activating where there is none, and does not remember the same version twice', () => {
    const route = activated(undefined, '2', ANNA);
    expect(route).toMatchObject({ active: '2', previous: [], changes: [{ act: 'activate', to: '2' }] });
    expect(activated(route, '2', at(1)).previous).toEqual([]);
  });

  it('goes back to the active version alone while another is rolled out', () => {
    const route = rollout(FIRST, { 2: 10 });
    expect([routedVersions(FIRST), routedVersions(route)]).toEqual([['1'], ['1', '2']]);
    expect(rolledBack(route, at(1))).toMatchObject({ active: '1', rollout: undefined });
    expect(activated(route, '2', at(1))).toMatchObject({ active: '2', previous: ['1'], rollout: undefined });
  });

  it('counts outcomes from when the youngest version joined', () => {
    const begun = rollout(FIRST, { 2: 10 }, at(10));
    const grown = rollout(begun, { 2: 20 }, at(20));
    expect([sinceOf(FIRST), sinceOf(begun), sinceOf(grown)]).toEqual([NOW, NOW + 10, NOW + 10]);
    expect(sinceOf(rollout(grown, { 2: 20, 3: 0.1 }, at(30)))).toBe(NOW + 30);
    expect(sinceOf({ ...FIRST, changes: [] })).toBe(0);
    expect(rollout(grown, { 2: 0 }, at(40)).rollout).toBeUndefined();
  });

  it('keeps the guard of a roll-out that goes on, unless it is told otherwise', () => {
    const guard = guardOf({});
    const begun = rolledOut(FIRST, { weights: { 2: 10 }, guard }, ANNA);
    expect(rollout(begun, { 2: 20 }).rollout?.guard).toEqual(guard);
    expect(rolledOut(begun, { weights: { 2: 20 }, guard: undefined }, ANNA).rollout?.guard).toBeUndefined();
  });

  it('grows no further than what people read', () => {
    let route = FIRST;
    for (let n = 0; n < 200; n++) route = activated(route, `v${n}`, at(n));
    expect(route.previous).toHaveLength(MOST_PREVIOUS);
    expect(route.changes).toHaveLength(MOST_CHANGES);
    expect(route.changes.at(-1)).toMatchObject({ to: 'v199', by: 'anna' });
  });

  it.each([
    [{}, /no version is named/],
    [{ 1: 10 }, /version 1 is the active one/],
    [{ 2: 60, 3: 41 }, /101 % together/],
    [{ 2: 101 }, /part of version 2 is 101/],
    [{ 2: -1 }, /part of version 2 is -1/],
    [{ 2: 0.05 }, /part of version 2 is 0\.05/],
    [{ 2: Number.NaN }, /part of version 2 is NaN/],
    [{ 2: '10' as unknown as number }, /part of version 2 is "10"/],
    [Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`v${n}`, 1])), /21 versions are too many/],
  ])('refuses the parts %j', (weights, message) => {
    expect(() => rollout(FIRST, weights)).toThrow(refusal(message));
  });
});

describe('a guard', () => {
  const guard = guardOf({ maxErrorRate: 0.1, minRuns: 20 });
  const who = { active: '1', tried: ['2', '3'] };

  it('takes back a version that fails too often, and says what it saw', () => {
    const outcomes = [
      ...[outcome('1', 'completed', 97, 5), outcome('1', 'failed', 3, 5)],
      ...[outcome('2', 'completed', 15, 5), outcome('2', 'failed', 3, 5), outcome('2', 'timed-out', 2, 5)],
      outcome('3', 'completed', 40, 5),
    ];
    const [verdict, ...others] = judge(guard, who, outcomes);
    expect(others).toEqual([]);
    expect(verdict).toEqual({
      version: '2',
      reason:
        'of version 2 5 of 20 runs failed (25 %), more than 10 %; of version 1 3 of 100 runs failed (3 %)',
    });
    const route = rolledOut(FIRST, { weights: { 2: 10, 3: 20 }, guard }, ANNA);
    const after = takenBack(route, verdict === undefined ? [] : [verdict], NOW + 7);
    expect(routeText(after)).toBe('1, 3=20%');
    expect(after.changes.at(-1)).toMatchObject({ act: 'guard', by: null, reason: verdict?.reason });
    expect(takenBack(after, [{ version: '3', reason: 'x' }], NOW + 8).rollout).toBeUndefined();
    expect(takenBack(FIRST, [], NOW).rollout).toBeUndefined();
  });

  it('concludes nothing from few runs, or from ones that were cancelled or are open', () => {
    const few = [outcome('2', 'failed', 19), outcome('2', 'cancelled', 50), outcome('2', 'running', 9)];
    expect(judge(guard, who, few)).toEqual([]);
  });

  it('lets a version stay at the limit, and one that fails no more often than the active one', () => {
    expect(judge(guard, who, [outcome('2', 'failed', 2), outcome('2', 'completed', 18)])).toEqual([]);
    const broken = [outcome('1', 'failed', 20), outcome('2', 'failed', 15), outcome('2', 'continued', 5)];
    expect(judge(guard, who, broken)).toEqual([]);
    const unknown = [outcome('1', 'failed', 19), outcome('2', 'failed', 20)];
    expect(judge(guard, who, unknown)).toHaveLength(1);
    expect(judge(guard, who, [outcome('2', 'failed', 20)])[0]?.reason).toBe(
      'of version 2 20 of 20 runs failed (100 %), more than 10 %',
    );
  });

  it('counts what began in its window, and nothing before the roll-out', () => {
    expect(countedSince(guard, NOW, NOW + 9_000)).toBe(NOW);
    const short = guardOf({ window: '1s' });
    expect(countedSince(short, NOW, NOW + 9_000)).toBe(NOW + 8_000);
    expect(countedSince(short, NOW, NOW + 500)).toBe(NOW);
  });

  it.each([
    [{ maxErrorRate: 1 }, /maxErrorRate is 1/],
    [{ maxErrorRate: -0.1 }, /maxErrorRate is -0\.1/],
    [{ minRuns: 0 }, /minRuns is 0/],
    [{ minRuns: 1.5 }, /minRuns is 1\.5/],
  ])('refuses %j', (options, message) => {
    expect(() => guardOf(options)).toThrow(refusal(message));
  });
});

describe('the versions of a name', () => {
  const stored = { hash: 'ab', bytes: 12, draft: false, storedAt: NOW, storedBy: 'anna' };
  const facts = (more: Partial<NameFacts>): NameFacts => ({
    ...{ name: 'order', stored: [], route: undefined, outcomes: [], counted: false, engines: [] },
    ...more,
  });

  it('are told with what they hold, how they fare and who can run them', () => {
    const described = describeDefinition(
      facts({
        stored: [{ version: '2', ...stored }],
        route: rolledOut(FIRST, { weights: { 2: 10 }, guard: guardOf({}) }, at(5)),
        counted: true,
        outcomes: [
          ...[outcome('1', 'waiting', 3), outcome('1', 'running', 1), outcome('0', 'queued', 2)],
          ...[outcome('2', 'completed', 3, 100), outcome('2', 'failed', 1, 9)],
        ],
        engines: [
          engineView('b', { workflows: [{ workflow: 'order', version: '2' }] }),
          engineView('a', { workflows: ['1', '2'].map((version) => ({ workflow: 'order', version })) }),
          engineView('c', { state: 'suspect', workflows: [{ workflow: 'order', version: '0' }] }),
        ],
      }),
    );
    expect(described).toMatchObject({
      ...{ name: 'order', active: '1', since: '2026-01-01T00:00:00.005Z', stranded: 2 },
      guard: { minRuns: 20 },
      changes: [
        { at: '2026-01-01T00:00:00.005Z', by: 'anna', act: 'rollout', to: '1, 2=10%', reason: null },
        { act: 'deploy', to: '1' },
      ],
    });
    const [two, one, zero] = described.versions;
    expect(two).toEqual({
      ...{ version: '2', kind: 'definition', hash: 'ab', bytes: 12, draft: false },
      ...{ deployedAt: '2026-01-01T00:00:00.000Z', deployedBy: 'anna', active: false, percent: 10 },
      ...{ open: 0, openRuns: {}, closed: 4, failed: 1, successRate: 0.75, meanMs: 100 },
      ...{ engines: ['a', 'b'], stranded: 0 },
    });
    expect(one).toMatchObject({
      ...{ version: '1', kind: 'code', hash: null, bytes: null, deployedAt: null, deployedBy: null },
      ...{ active: true, percent: 90, open: 4, openRuns: { waiting: 3, running: 1 }, successRate: null },
      ...{ meanMs: null, engines: ['a'] },
    });
    expect(zero).toMatchObject({ version: '0', open: 2, stranded: 2, engines: [], percent: 0 });
  });

  it('are taken by their order where nobody set a route: drafts and what nobody has left out', () => {
    const versions = ['9', '10', '11'].map((version) => ({ workflow: 'order', version }));
    const described = describeDefinition(
      facts({
        stored: [{ version: '11', ...stored, draft: true, storedBy: undefined }],
        outcomes: [outcome('12', 'running', 1)],
        engines: [engineView('a', { workflows: [...versions, { workflow: 'bill', version: '77' }] })],
      }),
    );
    expect(described).toMatchObject({ active: null, since: null, guard: null, changes: [], stranded: 1 });
    expect(described.versions.map(({ version, percent }) => [version, percent])).toEqual([
      ...[['12', 0] as const, ['11', 0] as const, ['10', 100] as const, ['9', 0] as const],
    ]);
    expect(described.versions[1]).toMatchObject({ draft: true, deployedBy: null });
    expect(highestVersion([])).toBeUndefined();
  });

  it.each([
    [['9', '10', '2'], '10'],
    [['1.9', '1.10'], '1.10'],
    [['zz', '3', 'v9'], '3'],
  ])('of %j the highest is %s', (versions, highest) => {
    expect(highestVersion(versions)).toBe(highest);
  });
});

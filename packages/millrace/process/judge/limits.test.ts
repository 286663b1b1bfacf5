import { describe, expect, it } from 'vitest';
import { declaredDead, madeUp, type Deed } from './made-up.ts';
import { judgeOwners } from './attempts.ts';
import { judgeLimits } from './limits.ts';

const CAPS = [{ name: 'the queue', max: 2, holds: () => true }];
const LIMIT = { namespace: 'default', kind: 'queue', name: 'the queue', max: 2, holders: [] } as const;
const UNSET = {
  ...{ maxConcurrent: 2, askedMax: undefined, ratePerSecond: undefined, maxDepth: undefined, paused: false },
  ...{ pausedBy: undefined, pausedAt: undefined, tokens: undefined, nextTokenAt: undefined },
};

function judged(deeds: readonly Deed[]): readonly string[] {
  return judgeLimits(madeUp(deeds), CAPS).violations;
}

describe('the judge of limits', () => {
  it('takes as many at once as the limit says, and one that begins when another ends', () => {
    const deeds = [
      { run: 'a', from: 0, to: 10 },
      { run: 'b', from: 5, to: 20 },
      { run: 'c', from: 10, to: 30 },
    ];
    expect(judgeLimits(madeUp(deeds), CAPS)).toEqual({ violations: [], atOnce: { 'the queue': 2 } });
  });

  it('sees one too many', () => {
    const deeds = [
      { run: 'a', from: 0, to: 10 },
      { run: 'b', from: 5, to: 20 },
      { run: 'c', from: 9, to: 30 },
    ];
    expect(judged(deeds)).toEqual(['3 runs at once under the queue of 2, at 9: a, b, c']);
  });

  it('counts only runs that the limit is for', () => {
    const deeds = [
      { run: 'a', from: 0, to: 10 },
      { run: 'b', from: 0, to: 10 },
    ];
    const caps = [{ name: 'one', max: 1, holds: ({ runId }: { runId: string }) => runId === 'b' }];
    expect(judgeLimits(madeUp(deeds), caps)).toEqual({ violations: [], atOnce: { one: 1 } });
  });

  it('keeps the place of a run from step to step and from one engine to another', () => {
    const deeds = [
      { run: 'a', from: 0 },
      { run: 'a', from: 50, to: 60, engine: 'two', epoch: 2 },
      { run: 'b', from: 0, to: 10, step: 'first' },
      { run: 'b', from: 40, to: 50, step: 'second' },
      { run: 'c', from: 20, to: 30 },
    ];
    expect(judged(deeds)).toEqual(['3 runs at once under the queue of 2, at 20: a, b, c']);
  });

  it('sees a run that was cut short and never went on', () => {
    expect(judged([{ run: 'a', from: 0 }])).toEqual([
      'run a under the queue was cut short and never went on',
    ]);
  });

  it('counts what a zombie does until its run goes on elsewhere, and not afterwards', () => {
    const zombie = { run: 'a', from: 0, to: 90, engine: 'zombie' };
    const others = [
      { run: 'a', from: 50, to: 60, engine: 'other', epoch: 2 },
      { run: 'b', from: 0, to: 80 },
    ];
    expect(judged([zombie, ...others, { run: 'c', from: 61, to: 70 }])).toEqual([]);
    expect(judged([zombie, ...others, { run: 'c', from: 49, to: 70 }])).toHaveLength(1);
  });

  it('sees what is still in use in the end', () => {
    const limits = [{ ...UNSET, ...LIMIT, inUse: 1, holders: ['a'] }];
    const { violations } = judgeLimits(madeUp([], { limits }), CAPS);
    expect(violations).toEqual(['limit of queue the queue is still in use: 1, by a']);
    const free = [{ ...UNSET, ...LIMIT, inUse: 0, holders: [] }];
    expect(judgeLimits(madeUp([], { limits: free }), CAPS).violations).toEqual([]);
  });
});

describe('the judge of owners', () => {
  const { entries } = madeUp([
    { run: 'a', from: 0, to: 90, engine: 'first' },
    { run: 'a', from: 50, to: 60, engine: 'second', epoch: 2 },
  ]);

  it('sees two at once where nobody was declared dead', () => {
    expect(judgeOwners(entries)).toEqual([expect.stringContaining('first was in step work of made-up a')]);
    expect(judgeOwners([...entries, declaredDead('second', 40)])).toHaveLength(1);
  });

  it('lets be who was', () => {
    expect(judgeOwners([...entries, declaredDead('first', 40)])).toEqual([]);
  });
});

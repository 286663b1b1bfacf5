import { describe, expect, it } from 'vitest';
import {
  CLOSED_STATUSES,
  OPEN_STATUSES,
  PRIORITIES,
  PRIORITY_CODE,
  STATUS_CODE,
  isClosed,
  priorityOf,
  rank,
  statusOf,
} from './status.ts';

describe('statuses', () => {
  it('are stored as numbers and come back as words', () => {
    for (const status of [...OPEN_STATUSES, ...CLOSED_STATUSES])
      expect(statusOf(STATUS_CODE[status])).toBe(status);
    expect(() => statusOf(99)).toThrow(/unknown run status code 99/);
  });

  it('are open or closed, and their numbers say which', () => {
    for (const status of OPEN_STATUSES)
      expect([isClosed(status), STATUS_CODE[status] < 10]).toEqual([false, true]);
    for (const status of CLOSED_STATUSES)
      expect([isClosed(status), STATUS_CODE[status] < 10]).toEqual([true, false]);
  });
});

describe('priorities', () => {
  it('are stored as numbers and come back as words', () => {
    for (const priority of PRIORITIES) expect(priorityOf(PRIORITY_CODE[priority])).toBe(priority);
    expect(() => priorityOf(0)).toThrow(/unknown priority code 0/);
  });

  it('rank what is more urgent first, and what has waited long enough before that', () => {
    const ranks = PRIORITIES.map((priority) => rank(priority, 1_000_000));
    expect(ranks).toEqual(ranks.toSorted((a, b) => b - a));
    expect(rank('low', 0), 'a minute older').toBeLessThan(rank('normal', 60_001));
    expect(rank('low', 0)).toBeGreaterThan(rank('normal', 59_999));
  });
});

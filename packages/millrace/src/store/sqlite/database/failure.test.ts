import { describe, expect, test } from 'vitest';
import { classify, isBusy } from './failure.ts';

function sqliteError(errcode: number): Error {
  return Object.assign(new Error('from SQLite'), { code: 'ERR_SQLITE_ERROR', errcode });
}

describe('an error of SQLite', () => {
  test.each([
    ['busy', 5, 'congestion', true],
    ['busy in recovery', 261, 'congestion', true],
    ['out of memory', 7, 'congestion', true],
    ['a full disk', 13, 'congestion', true],
    ['an I/O error', 10, 'congestion', true],
    ['interrupted', 9, 'definite', true],
    ['read-only', 8, 'definite', false],
    ['read-only folder', 1544, 'definite', false],
    ['corrupt', 11, 'definite', false],
    ['a constraint', 19, 'definite', false],
    ['too big', 18, 'definite', false],
    ['not a database', 26, 'definite', false],
  ])('%s (%i) while acting is %s', (_name, code, failure, retryable) => {
    const told = classify(sqliteError(code), 'a.db', 'act');
    expect(told).toMatchObject({
      name: 'StoreError',
      failure,
      retryable,
      message: expect.stringMatching(/a\.db/),
    });
  });

  test('an I/O error of the commit itself is ambiguous', () => {
    expect(classify(sqliteError(1034), 'a.db', 'commit')).toMatchObject({ failure: 'ambiguous' });
  });

  test('other errors pass unchanged', () => {
    const error = new TypeError('a bug');
    expect(classify(error, 'a.db', 'act')).toBe(error);
    expect([isBusy(error), isBusy(undefined), isBusy(sqliteError(5)), isBusy(sqliteError(19))]).toEqual([
      false,
      false,
      true,
      false,
    ]);
  });
});

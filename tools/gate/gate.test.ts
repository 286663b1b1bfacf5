import { describe, expect, test } from 'vitest';
import { ROOT } from '../bootstrap/run-child.mjs';
import { nameStray } from './strays-reporter.mjs';
import { tally } from './suites.mjs';
import { closing } from './tally.mjs';

const result = (status: string, title = 'a promise', ...ancestorTitles: string[]) => ({
  status,
  title,
  ancestorTitles,
});
const PLACE = 'packages/millrace/src/store/postgres/postgres.contract.ts';
/** What vitest leaves behind where every error is in a test. */
const left = (status: number, ...files: ReturnType<typeof file>[]) => ({ files, strays: [], status });
const file = (status: string, ...assertionResults: ReturnType<typeof result>[]) => ({
  name: `${ROOT}${PLACE}`,
  status,
  assertionResults,
});

describe('the tally of a suite', () => {
  test('counts tests', () => {
    const files = [file('passed', result('passed'), result('passed')), file('failed', result('failed'))];
    expect(tally('unit', left(1, ...files))).toEqual({
      ...{ passed: 2, skipped: [] },
      failed: [`unit: a promise (${PLACE})`],
    });
  });

  test('counts a file that did not load as a failure', () => {
    expect(tally('unit', left(1, file('failed'))).failed).toEqual([`unit: ${PLACE} as a whole`]);
  });

  test('counts an error outside every test as a failure, by name', () => {
    const name = nameStray({
      ...{ name: 'Error', message: 'enough\nof that', type: 'Unhandled Rejection' },
      ...{ VITEST_TEST_NAME: 'a promise', VITEST_TEST_PATH: `${ROOT}${PLACE}` },
    });
    const files = [file('passed', result('passed'))];
    expect(tally('unit', { files, strays: [name], status: 1 })).toEqual({
      ...{ passed: 1, skipped: [] },
      failed: [`unit: Unhandled Rejection: enough, during or after "a promise" (${PLACE})`],
    });
    expect(nameStray({ message: 'gone' })).toBe('Error: gone');
  });

  test('counts what shows in the exit status alone as a failure', () => {
    expect(tally('unit', left(1, file('passed', result('passed'))))).toEqual({
      ...{ passed: 1, skipped: [] },
      failed: ['unit: every test passed, and yet: status 1'],
    });
    expect(tally('unit', left(1)).failed).toHaveLength(1);
    expect(tally('unit', left(0)).failed).toEqual([]);
  });

  test('names what was skipped, once for each group', () => {
    const skipped = [
      result('skipped', 'a', 'the PostgreSQL store', 'starts'),
      result('skipped', 'b', 'the PostgreSQL store'),
      result('pending', 'a promise of its own'),
    ];
    expect(tally('contract', left(0, file('passed', ...skipped))).skipped).toEqual([
      'contract: the PostgreSQL store (packages/millrace/src/store/postgres/postgres.contract.ts, 2 tests)',
      'contract: a promise of its own (packages/millrace/src/store/postgres/postgres.contract.ts, 1 test)',
    ]);
  });
});

describe('the closing report', () => {
  test('ends well where nothing failed', () => {
    expect(closing({ passed: 3, failed: [], skipped: [] }, true)).toEqual({
      text: '\n3 passed, 0 failed',
      status: 0,
    });
  });

  test('lists what failed', () => {
    expect(closing({ passed: 3, failed: ['unit: a promise'], skipped: [] }, true)).toEqual({
      text: '\nfailed\n  unit: a promise\n\n3 passed, 1 failed',
      status: 1,
    });
  });

  test('lists what was skipped, which fails on a CI machine alone', () => {
    const total = { passed: 3, failed: [], skipped: ['process: a server'] };
    expect(closing(total, false)).toEqual({
      text: '\nskipped\n  process: a server\n\n3 passed, 0 failed',
      status: 0,
    });
    const { text, status } = closing(total, true);
    expect(status).toBe(1);
    expect(text.split('\n').at(-1)).toBe('3 passed, 0 failed');
  });
});

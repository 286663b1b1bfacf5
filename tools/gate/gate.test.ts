import { describe, expect, test } from 'vitest';
import { ROOT } from '../bootstrap/run-child.mjs';
import { tally } from './suites.mjs';
import { closing } from './tally.mjs';

const result = (status: string, title = 'a promise', ...ancestorTitles: string[]) => ({
  status,
  title,
  ancestorTitles,
});
const PLACE = 'packages/millrace/src/store/postgres/postgres.contract.ts';
const file = (status: string, ...assertionResults: ReturnType<typeof result>[]) => ({
  name: `${ROOT}${PLACE}`,
  status,
  assertionResults,
});

describe('the tally of a suite', () => {
  test('counts tests', () => {
    const files = [file('passed', result('passed'), result('passed')), file('failed', result('failed'))];
    expect(tally('unit', files, 1)).toEqual({
      ...{ passed: 2, skipped: [] },
      failed: [`unit: a promise (${PLACE})`],
    });
  });

  test('counts a file that did not load as a failure', () => {
    expect(tally('unit', [file('failed')], 1).failed).toEqual([`unit: ${PLACE} as a whole`]);
  });

  test('counts an error outside every test as a failure', () => {
    expect(tally('unit', [file('passed', result('passed'))], 1)).toEqual({
      ...{ passed: 1, skipped: [] },
      failed: ['unit: every test passed, and yet: status 1'],
    });
    expect(tally('unit', [], 1).failed).toHaveLength(1);
    expect(tally('unit', [], 0).failed).toEqual([]);
  });

  test('names what was skipped, once for each group', () => {
    const skipped = [
      result('skipped', 'a', 'the PostgreSQL store', 'starts'),
      result('skipped', 'b', 'the PostgreSQL store'),
      result('pending', 'a promise of its own'),
    ];
    expect(tally('contract', [file('passed', ...skipped)], 0).skipped).toEqual([
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

import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { ROOT } from '../bootstrap/run-child.mjs';

/** @typedef {import('vitest/node').Reporter} Reporter */
/** @typedef {Parameters<NonNullable<Reporter['onTestRunEnd']>>[1][number]} Stray */

/** Where a run of vitest under this reporter leaves the names of its strays, as a JSON array. */
export const STRAYS_FILE = 'MILLRACE_GATE_STRAYS';

/**
 * An error that came outside of every test, such as a rejection that nobody handles, in one line.
 * @param {Stray} error
 */
export function nameStray({ type, message, VITEST_TEST_PATH: path, VITEST_TEST_NAME: test }) {
  const what = `${typeof type === 'string' ? type : 'Error'}: ${message.split('\n')[0] ?? ''}`;
  const when = typeof test === 'string' ? `, during or after "${test}"` : '';
  return `${what}${when}${typeof path === 'string' ? ` (${relative(ROOT, path)})` : ''}`;
}

/** A reporter of vitest: its other reporters only print these errors, or only count tests. */
export default class Strays {
  /** @type {NonNullable<Reporter['onTestRunEnd']>} */
  onTestRunEnd(_modules, errors) {
    const file = process.env[STRAYS_FILE];
    if (file !== undefined) writeFileSync(file, JSON.stringify(errors.map(nameStray)));
  }
}

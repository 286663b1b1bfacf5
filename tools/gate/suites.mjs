import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { ROOT, runScript } from '../bootstrap/run-child.mjs';
import { STRAYS_FILE } from './strays-reporter.mjs';

/** @typedef {import('./tally.mjs').Tally} Tally */
/** @typedef {{ ancestorTitles: string[], title: string, status: string }} Test */
/** @typedef {{ name: string, status: string, assertionResults: Test[] }} File */

/**
 * What a suite has to show beyond passing: the core has every branch covered (thresholds in vitest.config.ts).
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const PROOFS = {
  unit: [
    '--coverage',
    '--coverage.include=packages/millrace/src/core/**/*.ts',
    '--coverage.reporter=text-summary',
  ],
};

const SKIPPED = ['skipped', 'pending', 'todo', 'disabled'];

/**
 * Runs one project of vitest.config.ts, with its output on the terminal.
 * @param {string} suite
 * @returns {Promise<Tally>}
 */
export async function runSuite(suite) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-suite-'));
  const results = join(folder, 'results.json');
  const strays = join(folder, 'strays.json');
  const reporters = ['default', 'json', './tools/gate/strays-reporter.mjs'].map(
    (reporter) => `--reporter=${reporter}`,
  );
  try {
    const status = await runScript(
      'node_modules/vitest/vitest.mjs',
      ['run', '--project', suite, ...reporters, `--outputFile.json=${results}`, ...(PROOFS[suite] ?? [])],
      { env: { ...process.env, [STRAYS_FILE]: strays } },
    );
    /** @type {File[]} */
    const files = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')).testResults : [];
    return tally(suite, {
      files,
      strays: existsSync(strays) ? JSON.parse(readFileSync(strays, 'utf8')) : [],
      status,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * What a run of vitest left behind.
 * @typedef {object} Outcome
 * @property {readonly File[]} files
 * @property {readonly string[]} strays - by name, errors outside of every test.
 * @property {number} status - vitest's own exit status.
 */

/**
 * @param {string} suite
 * @param {Outcome} outcome
 * @returns {Tally}
 */
export function tally(suite, { files, strays, status }) {
  const tests = files.flatMap((file) => file.assertionResults);
  const passed = tests.filter((test) => test.status === 'passed').length;
  const failed = [
    ...files.flatMap((file) => failuresIn(suite, file)),
    ...strays.map((stray) => `${suite}: ${stray}`),
  ];
  // What a suite does not prove shows in the exit status alone.
  if (failed.length === 0 && status !== 0)
    failed.push(`${suite}: every test passed, and yet: status ${status}`);
  return { passed, failed, skipped: files.flatMap((file) => skippedGroups(suite, file)) };
}

/**
 * @param {string} suite
 * @param {File} file
 */
function failuresIn(suite, { name, status, assertionResults }) {
  const failed = assertionResults.filter((test) => test.status === 'failed');
  const place = relative(ROOT, name);
  // A file that does not load, or a hook that fails, has no failed test of its own.
  if (failed.length === 0) return status === 'failed' ? [`${suite}: ${place} as a whole`] : [];
  return failed.map(
    ({ ancestorTitles, title }) => `${suite}: ${[...ancestorTitles, title].join(' > ')} (${place})`,
  );
}

/**
 * @param {string} suite
 * @param {File} file
 */
function skippedGroups(suite, file) {
  /** @type {Map<string, number>} */
  const groups = new Map();
  for (const { status, ancestorTitles, title } of file.assertionResults) {
    if (!SKIPPED.includes(status)) continue;
    const group = ancestorTitles[0] ?? title;
    groups.set(group, (groups.get(group) ?? 0) + 1);
  }
  return [...groups].map(
    ([group, count]) =>
      `${suite}: ${group} (${relative(ROOT, file.name)}, ${count} ${count === 1 ? 'test' : 'tests'})`,
  );
}

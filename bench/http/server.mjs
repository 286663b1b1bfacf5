import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const MODULE = join(import.meta.dirname, 'module.mjs');

/** Keys of the two namespaces of a case, as long as real ones. */
export const KEYS = { default: 'bench-default-'.padEnd(48, 'k'), noisy: 'bench-noisy-'.padEnd(48, 'k') };

/**
 * One server process as people run it. Its engine takes runs from a queue that nobody uses, unless `works`: what is measured
 * is the way in, not what runs do.
 */
export async function startServer({ engine, url, works = false, env = {} }) {
  const cli = join(engine, '..', 'cli', 'main.js');
  const child = spawn(process.execPath, [cli, 'serve', '--json'], {
    env: {
      ...{ PATH: process.env.PATH, DATABASE_URL: url, PORT: '0', MILLRACE_MODULE: MODULE, LOG_LEVEL: 'warn' },
      ...{ NAMESPACES: 'default,noisy', API_KEYS: `admin:${KEYS.default},admin@noisy:${KEYS.noisy}` },
      ...(works ? {} : { QUEUES: 'nobody' }),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the server ended with ${signal ?? code}`);
  });
  gone.catch(() => undefined);
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), gone]);
  return {
    url: JSON.parse(line).url,
    pid: child.pid,
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

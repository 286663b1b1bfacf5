import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Redis from 'ioredis';
import { freePort } from './port.mjs';

/**
 * Starts a private Redis on loopback, its files in a new folder of `parent`, that logs every write and syncs
 * the log each second.
 */
export async function startRedis(parent) {
  const folder = mkdtempSync(join(parent, 'millrace-redis-'));
  const port = await freePort();
  const settings = {
    port,
    bind: '127.0.0.1',
    dir: folder,
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    'maxmemory-policy': 'noeviction',
  };
  const words = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = spawn('redis-server', words, { stdio: 'ignore' });
  const kill = () => server.kill('SIGKILL');
  process.once('exit', kill);
  await once(server, 'spawn');
  const admin = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 50, maxRetriesPerRequest: 100 });
  const version = /redis_version:(\S+)/.exec(await admin.info('server'))[1];

  return {
    pid: server.pid,
    port,
    version: `Redis ${version}`,
    clear: () => admin.flushall(),
    async stop() {
      admin.disconnect();
      const gone = once(server, 'exit');
      kill();
      await gone;
      process.off('exit', kill);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

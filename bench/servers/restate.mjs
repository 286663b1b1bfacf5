import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { until } from '../measure/clock.mjs';
import { freePort } from './port.mjs';

/*
 * A private Restate server, fresh for every repetition, single node, default durability. Its own look-up of
 * newer releases is why its repetitions run in a network of their own (see plan/launch.mjs).
 */

const PLATFORM = `@restatedev/restate-server-${process.platform}-${process.arch}`;

function program() {
  const require = createRequire(import.meta.url);
  const launcher = createRequire(require.resolve('@restatedev/restate-server/package.json'));
  return join(dirname(launcher.resolve(`${PLATFORM}/package.json`)), 'bin', 'restate-server');
}

/** Starts the server in `folder`; resolves when it takes calls. */
export async function startRestate(folder) {
  const [ingressPort, adminPort, fabricPort] = [await freePort(), await freePort(), await freePort()];
  const data = join(folder, 'restate');
  mkdirSync(data);
  const log = openSync(join(folder, 'restate.log'), 'a');
  const server = spawn(program(), ['--no-logo', '--base-dir', data, '--bind-ip', '127.0.0.1'], {
    cwd: data,
    stdio: ['ignore', log, log],
    env: {
      ...process.env,
      DO_NOT_TRACK: '1',
      RESTATE_DISABLE_TELEMETRY: 'true',
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_LOG_FILTER: 'error',
      RESTATE_BIND_PORT: String(fabricPort),
      RESTATE_INGRESS__BIND_PORT: String(ingressPort),
      RESTATE_ADMIN__BIND_PORT: String(adminPort),
    },
  });
  const kill = () => server.kill('SIGKILL');
  process.once('exit', kill);
  const ingress = `http://127.0.0.1:${ingressPort}`;
  const admin = `http://127.0.0.1:${adminPort}`;
  const isUp = () => answers(`${admin}/health`).then((up) => up && answers(`${ingress}/restate/health`));
  if (!(await until(isUp, { everyMs: 100, limitMs: 60_000 }))) throw new Error('Restate did not start');

  return {
    pid: server.pid,
    ingress,
    admin,
    async stop() {
      const gone = once(server, 'exit');
      kill();
      await gone;
      process.off('exit', kill);
    },
  };
}

async function answers(url) {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { difference, readStatements, readTotals } from '../measure/writes.mjs';
import { WORKLOADS } from '../workloads/index.mjs';

const REPETITION = join(import.meta.dirname, '..', 'repetition.mjs');
const LIMIT_MS = 600_000;

/**
 * Runs one repetition of a workload for a subject in processes of its own, on an empty store.
 * Answers `{ measured, usage, counters, started, durable, store, statements }` or `{ failed }`.
 */
export async function launch({ subject, workload, servers, options }) {
  const folder = mkdtempSync(join(options.folder, 'millrace-bench-'));
  const place = await preparePlace({ subject, workload, servers, options, folder });
  try {
    const before = place.postgres === undefined ? undefined : await readTotals(place.postgres);
    const failed = await runProcess(subject, place, options);
    if (failed !== undefined) return { failed };
    const result = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8'));
    if (before !== undefined) {
      result.store = difference(before, await readTotals(place.postgres));
      if (options.statements) result.statements = await readStatements(place.postgres);
    }
    return result;
  } finally {
    if (place.postgres !== undefined) await servers.postgres.dropDatabase(place.postgres);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the processes of a repetition need to know; goes to them as JSON. */
async function preparePlace({ subject, workload, servers, options, folder }) {
  const { sizes, scaled, traced, split, keyed } = WORKLOADS[workload];
  const own = { ...sizes, ...subject.sizes?.[workload] };
  for (const name of scaled) own[name] = Math.max(1, Math.round(own[name] * options.scale));
  const place = {
    driver: subject.driver,
    store: subject.store,
    processes: split ? 2 : subject.processes,
    workload,
    engine: options.engine,
    keyed,
    encrypt: options.encrypt,
    sizes: own,
    folder,
    workerFlags: [],
  };
  if (traced) {
    place.trace = join(folder, 'trace');
    writeFileSync(place.trace, '');
  }
  if (subject.store === 'postgres') {
    place.postgres = await servers.postgres.createDatabase();
    place.storePid = servers.postgres.pid;
  }
  if (subject.store === 'redis') {
    await servers.redis.clear();
    place.redisPort = servers.redis.port;
    place.storePid = servers.redis.pid;
  }
  return place;
}

/** Answers undefined when all went well, else the end of what the processes said. */
async function runProcess(subject, place, options) {
  const profile = options.profile ? ['--cpu-prof', `--cpu-prof-dir=${options.out}`] : [];
  const engineFlags = [...(subject.flags ?? []), ...profile];
  if (place.processes === 2) place.workerFlags = engineFlags;
  const flags = place.processes === 1 ? engineFlags : [];
  const command = [process.execPath, ...flags, REPETITION, JSON.stringify(place)];
  const [program, ...words] = subject.ownNetwork ? inOwnNetwork(command) : command;

  const logPath = join(place.folder, 'log');
  const log = openSync(logPath, 'a');
  const child = spawn(program, words, { stdio: ['ignore', log, log] });
  const stop = () => child.kill('SIGTERM');
  process.once('exit', stop);
  const timer = setTimeout(stop, LIMIT_MS);
  const [code, signal] = await once(child, 'exit');
  clearTimeout(timer);
  process.off('exit', stop);
  if (code === 0) return undefined;
  return `${signal ?? `exit ${code}`}: ${readFileSync(logPath, 'utf8').slice(-1500)}`;
}

/** A network with nothing but loopback: what runs in it reaches nobody. */
function inOwnNetwork(command) {
  const namespaces = process.getuid() === 0 ? '-n' : '-rn';
  return ['unshare', namespaces, 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...command];
}

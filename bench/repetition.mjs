/*
 * The client's process of one repetition: `node repetition.mjs ASSIGNMENT`, an assignment being the JSON that
 * plan/launch.mjs writes. Fresh for every repetition, so that none inherits compiled code or garbage from
 * another. With one process it is the engine as well; with two it starts worker.mjs. The result goes to
 * result.json.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMeter } from './measure/meter.mjs';
import { openTrace } from './measure/trace.mjs';
import { WORKLOADS } from './workloads/index.mjs';

const place = JSON.parse(process.argv[2]);
const driver = await import(`./${place.driver}`);
const workload = WORKLOADS[place.workload];

let worker;
const bench = {
  sizes: place.sizes,
  tracePath: place.trace,
  /** Runs started so far, by workflow: what must be found completed. */
  started: new Map(),
  meter: createMeter({ workerPid: () => worker?.pid, storePid: () => place.storePid }),
  get worker() {
    return worker;
  },
  async startWorker() {
    worker = fork(join(import.meta.dirname, 'worker.mjs'), [JSON.stringify(place)], {
      execArgv: place.workerFlags,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const [said] = await Promise.race([once(worker, 'message'), once(worker, 'exit')]);
    if (said !== 'ready') throw new Error(`the worker ended before it was ready (${said})`);
  },
  async killWorker() {
    const gone = once(worker, 'exit');
    worker.kill('SIGKILL');
    await gone;
  },
};

/** Asks the worker to end in order; answers what it counted. */
async function stopWorker() {
  if (worker === undefined || worker.exitCode !== null) return {};
  const answer = once(worker, 'message');
  worker.send('stop');
  const [counters] = await Promise.race([answer, once(worker, 'exit').then(() => [{}])]);
  if (worker.exitCode === null) await bench.killWorker();
  return counters;
}

const server = await driver.serve?.(place);
const stopAll = () => worker?.kill('SIGKILL');
process.once('exit', stopAll);
process.once('SIGTERM', () => process.exit(143));
if (place.processes === 2) await bench.startWorker();
const trace = openTrace(place.processes === 1 ? place.trace : undefined);
bench.client = await driver.connect(place, trace, () => worker);

const measured = await workload.run(bench);
const clientCounters = (await bench.client.close()) ?? {};
const workerCounters = (await stopWorker()) ?? {};
const durable = await driver.verify?.(place, bench.started);
await server?.stop();

const result = {
  measured,
  usage: bench.meter.usage(),
  started: Object.fromEntries(bench.started),
  counters: { client: clientCounters, worker: workerCounters },
  durable,
};
writeFileSync(join(place.folder, 'result.json'), JSON.stringify(result));
process.exit(0);

import { DBOS, DBOSClient } from '@dbos-inc/dbos-sdk';
import { Client } from 'pg';
import { inLanes } from '../measure/clock.mjs';

/*
 * DBOS Transact on PostgreSQL. Two processes: the client enqueues, the worker polls the queue every 10 ms,
 * the setting that did best. One process: workflows are started directly in it, 100 at a time.
 */

const QUEUE = 'bench';
const POLL_MS = 10;
const POOL = 20;
const IN_FLIGHT = 100;
const SLEEP_MS = 5000;
// A sleeper keeps its slot of the queue: with fewer slots than sleepers they would sleep in waves.
const SLOTS = { W6: 6000 };

function registerWorkflows(trace) {
  const step = (id, index) =>
    DBOS.runStep(
      async () => {
        trace.step(id, index);
        return index;
      },
      { name: `s${index}` },
    );
  const sequence = (length) => async (id) => {
    for (let index = 0; index < length; index++) await step(id, index);
    return id;
  };
  const fan = async (id) => {
    const results = await Promise.allSettled(Array.from({ length: 1000 }, (_, index) => step(id, index)));
    return results.length;
  };
  const sleeper = async (id) => {
    const before = await DBOS.now();
    await DBOS.sleep(SLEEP_MS);
    trace.late(id, Date.now() - before - SLEEP_MS);
    return id;
  };
  const programs = { one: sequence(1), ten: sequence(10), hundred: sequence(100), fan, sleeper };
  return Object.fromEntries(
    Object.entries(programs).map(([name, program]) => [name, DBOS.registerWorkflow(program, { name })]),
  );
}

async function launch(place, trace) {
  const workflows = registerWorkflows(trace);
  DBOS.setConfig({
    name: 'bench',
    systemDatabaseUrl: place.postgres,
    systemDatabasePoolSize: POOL,
    logLevel: 'error',
    runAdminServer: false,
    applicationVersion: 'v1',
  });
  await DBOS.launch();
  return workflows;
}

export async function work(place, trace) {
  await launch(place, trace);
  await DBOS.registerQueue(QUEUE, {
    workerConcurrency: SLOTS[place.workload] ?? 500,
    minPollingIntervalMs: POLL_MS,
  });
  return {};
}

export async function connect(place, trace) {
  const database = new Client(place.postgres);
  await database.connect();
  const side = place.processes === 1 ? await connectDirect(place, trace) : await connectQueue(place);
  return {
    ...side,
    async done(workflow) {
      const sql = "select count(*) as n from dbos.workflow_status where status = 'SUCCESS' and name = $1";
      const { rows } = await database.query(sql, [workflow]);
      return Number(rows[0].n);
    },
    async close() {
      await database.end();
      await side.close();
    },
  };
}

async function connectQueue(place) {
  const client = await DBOSClient.create({ systemDatabaseUrl: place.postgres, systemDatabasePoolSize: POOL });
  const enqueue = (workflowName, id) => client.enqueue({ workflowName, queueName: QUEUE }, id);
  return {
    start: (workflow, from, count) => inLanes(POOL, count, (index) => enqueue(workflow, `i${from + index}`)),
    async call(index) {
      const handle = await enqueue('one', `c${index}`);
      await handle.getResult({ pollingIntervalMs: 5 });
    },
    close: () => client.destroy(),
  };
}

async function connectDirect(place, trace) {
  const workflows = await launch(place, trace);
  return {
    complete: (workflow, from, count) =>
      inLanes(IN_FLIGHT, count, async (index) => {
        const handle = await DBOS.startWorkflow(workflows[workflow])(`i${from + index}`);
        await handle.getResult();
      }),
    async call(index) {
      const handle = await DBOS.startWorkflow(workflows.one)(`c${index}`);
      await handle.getResult();
    },
    close: () => DBOS.shutdown(),
  };
}

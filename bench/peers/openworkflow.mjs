import { DatabaseSync } from 'node:sqlite';
import { OpenWorkflow } from 'openworkflow';
import { Client } from 'pg';
import { inLanes } from '../measure/clock.mjs';

/*
 * OpenWorkflow on PostgreSQL in two processes, on SQLite in one. Results are polled every 5 ms, not every
 * second.
 */

const CONCURRENCY = 100;
const SLEEP_MS = 5000;
const sqliteFile = (place) => `${place.folder}/openworkflow.db`;

async function openBackend(place) {
  if (place.store === 'sqlite') {
    const { BackendSqlite } = await import('openworkflow/sqlite');
    return BackendSqlite.connect(sqliteFile(place));
  }
  const { BackendPostgres } = await import('openworkflow/postgres');
  return BackendPostgres.connect(place.postgres);
}

function defineWorkflows(ow, trace) {
  const record = (step, id, index) =>
    step.run({ name: `s${index}` }, async () => {
      trace?.step(id, index);
      return index;
    });
  const sequence = (length) =>
    async function program({ input, step }) {
      for (let index = 0; index < length; index++) await record(step, input.id, index);
      return input.id;
    };
  const fan = async ({ input, step }) => {
    const steps = Array.from({ length: 1000 }, (_, index) => record(step, input.id, index));
    return (await Promise.all(steps)).length;
  };
  const sleeper = async ({ input, step }) => {
    const before = await step.run({ name: 'before' }, async () => Date.now());
    await step.sleep('sleep', '5s');
    await step.run({ name: 'after' }, async () => {
      trace?.late(input.id, Date.now() - before - SLEEP_MS);
      return true;
    });
    return input.id;
  };
  const programs = { one: sequence(1), ten: sequence(10), hundred: sequence(100), fan, sleeper };
  return Object.fromEntries(
    Object.entries(programs).map(([name, program]) => [name, ow.defineWorkflow({ name }, program)]),
  );
}

async function startWorker(ow) {
  const worker = ow.newWorker({ concurrency: CONCURRENCY });
  await worker.start();
  return worker;
}

export async function work(place, trace) {
  const ow = new OpenWorkflow({ backend: await openBackend(place) });
  defineWorkflows(ow, trace);
  await startWorker(ow);
  return {};
}

export async function connect(place, trace) {
  const alone = place.processes === 1;
  const backend = await openBackend(place);
  const ow = new OpenWorkflow({ backend });
  const workflows = defineWorkflows(ow, trace);
  const worker = alone ? await startWorker(ow) : undefined;
  const counter = await openCounter(place);
  return {
    start: (workflow, from, count) =>
      inLanes(alone ? 1 : 10, count, (index) => workflows[workflow].run({ id: `i${from + index}` })),
    done: (workflow) => counter.done(workflow),
    async call(index) {
      const handle = await workflows.one.run({ id: `c${index}` });
      handle.resultPollIntervalMs = 5;
      await handle.result();
    },
    async close() {
      await worker?.stop();
      await counter.close();
      await backend.stop?.();
    },
  };
}

const FINISHED = "status in ('completed', 'succeeded')";

async function openCounter(place) {
  if (place.store === 'sqlite') {
    const database = new DatabaseSync(sqliteFile(place));
    const sql = `select count(*) as n from workflow_runs where workflow_name = ? and ${FINISHED}`;
    const statement = database.prepare(sql);
    return { done: (workflow) => statement.get(workflow).n, close: () => database.close() };
  }
  const client = new Client(place.postgres);
  await client.connect();
  const sql = `select count(*) as n from openworkflow.workflow_runs where workflow_name = $1 and ${FINISHED}`;
  return {
    done: async (workflow) => Number((await client.query(sql, [workflow])).rows[0].n),
    close: () => client.end(),
  };
}

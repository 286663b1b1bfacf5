import { createRequire } from 'node:module';
import * as sqlite from 'node:sqlite';
import { inLanes } from '../measure/clock.mjs';
import { countPostgresCalls, countSqliteCalls } from '../measure/calls.mjs';
import { countSteps, keysOf, readable, verifyDurable } from './durable.mjs';
import { openTables, sqlitePath } from './tables.mjs';
import { defineWorkflows } from './workflows.mjs';

const IN_FLIGHT = 1000;

/** Loads the engine with its database driver counted, and opens it on the place's store with its defaults. */
async function openEngine(place, trace, { works }) {
  const { engine: path } = place;
  const counters =
    place.store === 'postgres' ? countPostgresCalls(createRequire(path)('pg')) : countSqliteCalls(sqlite);
  const { Millrace, workflow } = await import(path);
  const programs = defineWorkflows(workflow, trace);
  const engine = await Millrace.open({
    store: place.postgres ?? `file:${sqlitePath(place)}`,
    workflows: Object.values(programs),
    work: works,
    payloadKeys: keysOf(place),
    log: (line) => console.error(line),
  });
  return { engine, programs, counters };
}

/** The worker's process. */
export async function work(place, trace) {
  const { engine, counters } = await openEngine(place, trace, { works: true });
  return {
    async stop() {
      await engine.close();
      return counters;
    },
  };
}

/** The client's process; with one process it does the work as well. */
export async function connect(place, trace) {
  const alone = place.processes === 1;
  const { engine, programs, counters } = await openEngine(place, trace, { works: alone });
  const tables = await openTables(place);
  const options = (index) => (place.keyed ? { key: `key-${index}` } : {});
  const start = (workflow, index) => engine.start(programs[workflow], { id: `i${index}` }, options(index));

  const client = {
    start: (workflow, from, count) => inLanes(IN_FLIGHT, count, (index) => start(workflow, from + index)),
    done: (workflow) => tables.completed(workflow),
    async call(index) {
      const run = await start('one', index);
      await run.result();
    },
    durableSteps: async () => countSteps(await readable(place, await tables.chunks())),
    async close() {
      await tables.close();
      await engine.close();
      return counters;
    },
  };
  // One process knows when a run ends; two are timed like the peers, by what the store says. All sleep at
  // once.
  if (alone) {
    client.complete = (workflow, from, count) =>
      inLanes(workflow === 'sleeper' ? count : IN_FLIGHT, count, async (index) => {
        const run = await start(workflow, from + index);
        await run.result();
      });
  }
  return client;
}

export const verify = verifyDurable;

/*
 * A process of a case: `node actor.mjs ASSIGNMENT`, an assignment being JSON. It answers when it is ready,
 * then each thing that it is asked, and closes its engine when it is told to leave.
 */
import { createRequire } from 'node:module';
import * as sqlite from 'node:sqlite';
import { countPostgresCalls, countSqliteCalls } from '../measure/calls.mjs';
import { quantile } from '../measure/statistics.mjs';
import { residentMb } from '../measure/proc.mjs';
import { sleep } from '../measure/clock.mjs';
import { serveActs } from './serve-acts.mjs';

const assignment = JSON.parse(process.argv[2]);
const { url, store, engine: path } = assignment;
const counters =
  store === 'postgres' ? countPostgresCalls(createRequire(path)('pg')) : countSqliteCalls(sqlite);
const { Millrace, workflow } = await import(path);

const STARTS = 500;
const { steps: STEPS = 5 } = assignment;

/** Steps that wait for a service, some longer, some shorter: in step with each other, runs would end in waves. */
const service = workflow('service', async (ctx, { stepMs }) => {
  for (let index = 0; index < STEPS; index++)
    await ctx.step(`s${index}`, () => sleep(stepMs * (0.5 + Math.random())));
});

const late = [];
/** Sleeps until an instant of the wall clock, which engine and database share here. */
const sleeper = workflow('sleeper', async (ctx, { wakeAt }) => {
  await ctx.sleep(Math.max(1, wakeAt - ctx.now()));
  late.push(Date.now() - wakeAt);
});

let begun = 0;
const release = Promise.withResolvers();
/** A step that is under way until all are. */
const active = workflow('active', (ctx) =>
  ctx.step('work', async () => {
    begun += 1;
    await release.promise;
  }),
);

const millrace = await Millrace.open({
  store: url,
  workflows: [service, sleeper, active],
  log: (line) => line.level === 'debug' || console.error(line),
  ...assignment.options,
});

/** Starts as many runs as are asked for. */
async function startAll(program, count, inputOf) {
  for (let from = 0; from < count; from += STARTS) {
    const batch = Array.from({ length: Math.min(STARTS, count - from) }, (_, at) => ({
      workflow: program,
      input: inputOf(from + at),
    }));
    await millrace.startMany(batch);
  }
}

/** What this process holds when nothing is left to collect. */
function memory() {
  globalThis.gc?.();
  globalThis.gc?.();
  return { residentMb: residentMb(process.pid), heapMb: process.memoryUsage().heapUsed / 2 ** 20 };
}

async function untilTrue(look) {
  while (!look()) await sleep(50);
}

const ACTS = {
  startServices: ({ count, stepMs }) => startAll(service, count, () => ({ stepMs })),
  memory,
  async startSleepers({ count, firstAt, spreadMs }) {
    await startAll(sleeper, count, (index) => ({ wakeAt: firstAt + (index / count) * spreadMs }));
    // Those that wait for their time are nobody's: what is held is not asleep yet.
    await untilTrue(() => millrace.engine.held.size === 0 || Date.now() > firstAt);
    if (Date.now() > firstAt) throw new Error(`the first run woke before all ${count} were asleep`);
  },
  async untilAwake({ count }) {
    await untilTrue(() => late.length >= count);
    const of = (share) => quantile(late, share);
    return { p50: of(0.5), p99: of(0.99), most: of(1), earliest: of(0), woken: late.length };
  },
  async startActive({ count }) {
    await startAll(active, count, () => null);
    await untilTrue(() => begun >= count);
  },
  async finishActive() {
    const startedAt = performance.now();
    release.resolve();
    await untilTrue(() => millrace.engine.held.size === 0);
    return { ms: performance.now() - startedAt };
  },
  counters: () => ({ ...counters }),
};

serveActs(millrace, ACTS);

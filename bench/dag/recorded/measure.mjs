import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { now, sleep } from '../../measure/clock.mjs';
import { onStage } from '../../scale/stage.mjs';
import { makespanOf, mostAtOnce, neverEnded, orderViolations, readLedger } from './ledger.mjs';
import { definitionOf } from '../programs.mjs';
import { listSchedule } from './schedule.mjs';

const ACTOR = join(import.meta.dirname, '..', 'actor.mjs');
const WARM_UPS = 20;
/** Processes that share the work: several where a store is made for several machines. */
const ENGINES = { sqlite: 1, postgres: 3 };

/** A recorded execution with so many slots, from the start to the result as a client sees it. */
export async function measureRecorded({ store, slots, tasks }, { postgres, options }) {
  return onStageOf(store, { postgres, options }, async (stage) => {
    const { client, ledger } = await openHouse(stage, { store, slots, tasks, options });
    const { ms: resultMs } = await client.ask({ act: 'run', name: 'recorded' });
    const best = listSchedule(tasks, slots);
    const entries = readLedger(ledger);
    const makespan = makespanOf(entries);
    return { ...judge(tasks, entries, slots), best, makespan, ratio: makespan / best, resultMs };
  });
}

/** The same, and in the middle the process is killed that executes the run. */
export async function measureKilled({ store, slots, tasks }, { postgres, options }) {
  return onStageOf(store, { postgres, options }, async (stage) => {
    const house = await openHouse(stage, { store, slots, tasks, options });
    const { client, ledger, engines } = house;
    const best = listSchedule(tasks, slots);
    const startedAt = now();
    const runId = await client.ask({ act: 'start', name: 'recorded' });
    await sleep(best / 2);
    let seen = await client.ask({ act: 'look', runId });
    // Some executions begin with a task of more than half of the time.
    while (seen.recorded.length === 0) {
      await sleep(10);
      seen = await client.ask({ act: 'look', runId });
    }
    const { engineId } = seen;
    const victim = engines.find(({ name }) => name === engineId) ?? engines[0];
    await victim.process.kill();
    const killedAt = Number(process.hrtime.bigint()) / 1e6;
    const { recorded, status } = await client.ask({ act: 'look', runId });
    if (status === 'completed') throw new Error('it had ended before the kill');
    if (engines.length === 1) await house.enter('another');
    await client.ask({ act: 'untilEnded', runId });
    const ms = now() - startedAt;
    const entries = readLedger(ledger);
    const again = entries.filter(
      ({ what, at, id }) => what === 'begin' && at > killedAt && recorded.includes(nodeId(id)),
    );
    if (again.length > 0)
      throw new Error(`run again though recorded: ${again.map(({ id }) => id).join(', ')}`);
    return {
      ...judge(tasks, entries),
      ms,
      best,
      recorded: recorded.length,
      repeated: entries.filter(({ what }) => what === 'begin').length - tasks.length,
    };
  });
}

async function openHouse(stage, { store, slots, tasks, options }) {
  const ledger = join(stage.folder, 'ledger');
  const common = { engine: options.engine, ledger };
  const enter = async (name) => ({ name, process: await stage.enter({ ...common, options: { name } }) });
  const engines = [];
  for (let at = 1; at <= ENGINES[store]; at++) engines.push(await enter(`engine-${at}`));
  const client = await stage.enter({ ...common, options: { work: false, name: 'client' } });
  const needs = tasks.map((task) => task.needs);
  const input = (at) => ({ id: tasks[at].id, ms: tasks[at].ms });
  const definition = definitionOf('recorded', needs, {
    ...{ executor: 'task', input, concurrency: slots },
    idOf: (at) => nodeId(tasks[at].id),
  });
  await client.ask({ act: 'deploy', definition });
  await client.ask({ act: 'deploy', definition: warmUp() });
  // Engines hear of it with their next beat, and of each other.
  await sleep(2_500);
  for (let run = 0; run < WARM_UPS; run++) await client.ask({ act: 'run', name: 'warm-up' });
  writeFileSync(ledger, '');
  return { client, ledger, engines, enter };
}

/** A fork and a join, so that every engine has executed something before. */
function warmUp() {
  const needs = [[], ...Array.from({ length: 30 }, () => [0]), Array.from({ length: 30 }, (_, at) => at + 1)];
  return definitionOf('warm-up', needs, {
    ...{ executor: 'task', input: (at) => ({ id: `warm-up ${at}`, ms: 20 }), concurrency: 30 },
  });
}

/** Ids of recorded tasks have characters that ids of nodes may not have. */
function nodeId(id) {
  return id.replaceAll(/[^A-Za-z0-9_-]/g, '_').replace(/^(?![A-Za-z_])/, '_');
}

function judge(tasks, entries, slots = Infinity) {
  const violations = orderViolations(tasks, entries);
  if (violations.length > 0) throw new Error(`${violations.length} order violations: ${violations[0]}`);
  const left = neverEnded(tasks, entries);
  if (left.length > 0) throw new Error(`${left.length} tasks did not end: ${left[0]}`);
  const most = mostAtOnce(entries);
  if (most > slots) throw new Error(`${most} tasks ran at once with ${slots} slots`);
  return { tasks: tasks.length, violations: 0, most };
}

function onStageOf(store, { postgres, options: { folder } }, use) {
  return onStage({ store, folder, postgres, actor: ACTOR }, use);
}

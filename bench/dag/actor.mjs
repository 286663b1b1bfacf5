/*
 * A process of a case: `node actor.mjs ASSIGNMENT`, an assignment being JSON. It answers when it is ready, then each thing
 * that it is asked.
 */
import { sleep } from '../measure/clock.mjs';
import { residentMb } from '../measure/proc.mjs';
import { SHAPES } from './graphs.mjs';
import { openLedger } from './recorded/ledger.mjs';
import { definitionOf, programOf } from './programs.mjs';
import { serveActs } from '../scale/serve-acts.mjs';

const assignment = JSON.parse(process.argv[2]);
const { url, engine: path, ledger: ledgerPath } = assignment;
const { Millrace, workflow } = await import(path);

const ledger = ledgerPath === undefined ? undefined : openLedger(ledgerPath);

/** A task of a recorded execution: it takes its time. */
async function task({ id, ms }, step) {
  ledger.begin(id);
  await sleep(ms, undefined, { signal: step.signal });
  ledger.end(id);
}

/** What is cheapest to execute: only the engine is measured. */
const nothing = () => null;

const { code } = assignment;
const workflows =
  code === undefined
    ? []
    : [workflow('code', { maxEvents: 1_000_000 }, programOf(SHAPES[code.shape](code.size), 'nothing'))];

const millrace = await Millrace.open({
  store: url,
  workflows,
  executors: { task, nothing },
  log: (line) => line.level === 'debug' || line.level === 'info' || console.error(line),
  ...assignment.options,
});

let highest = 0;
const watch = setInterval(() => (highest = Math.max(highest, residentMb(process.pid))), 20);
watch.unref();

const ACTS = {
  async deploy({ definition }) {
    await millrace.deploy(definition);
  },
  async deployGraph({ name, shape, size, executor, signal, concurrency = 64 }) {
    const definition = definitionOf(name, SHAPES[shape](size), { executor, concurrency });
    if (signal !== undefined) definition.nodes.last = { needs: Object.keys(definition.nodes), signal };
    await millrace.deploy(definition);
  },
  /** Starts a run and waits for its end. */
  async run({ name }) {
    const program = name === 'code' ? workflows[0] : name;
    const cpu = process.cpuUsage();
    const startedAt = performance.now();
    const run = await millrace.start(program, {});
    await run.result();
    const ms = performance.now() - startedAt;
    const { user, system } = process.cpuUsage(cpu);
    return { runId: run.runId, ms, cpuMs: (user + system) / 1_000, highestMb: highest };
  },
  async start({ name }) {
    return (await millrace.start(name, {})).runId;
  },
  async untilEnded({ runId }) {
    await millrace.run(runId).result();
  },
  async untilWaiting({ runId }) {
    for (;;) {
      const { status } = await millrace.run(runId).describe();
      if (status === 'waiting') return { events: (await millrace.run(runId).history()).length };
      await sleep(20);
    }
  },
  async signal({ runId, signal }) {
    const cpu = process.cpuUsage();
    const startedAt = performance.now();
    await millrace.run(runId).signal(signal, null);
    await millrace.run(runId).result();
    const ms = performance.now() - startedAt;
    const { user, system } = process.cpuUsage(cpu);
    return { ms, cpuMs: (user + system) / 1_000 };
  },
  /** Which nodes the history holds an outcome of, and who owns the run. */
  async look({ runId }) {
    const history = await millrace.run(runId).history();
    const { engineId, status } = await millrace.run(runId).describe();
    const recorded = history.filter(({ type }) => type === 'step-completed').map(({ name }) => name);
    return { recorded, engineId, status, events: history.length };
  },
};

serveActs(millrace, ACTS);

import { parseArgs } from 'node:util';
import { createTally, missingSightings } from './check/tally.ts';
import type { Scenario } from './scenario/scenario.ts';
import { shrink } from './scenario/shrink.ts';
import { simulateScenario, type Outcome } from './scenario/simulate-scenario.ts';
import { scenarioOf } from './scenario/swarm.ts';
import { compareStrategies } from './strategies/compare-strategies.ts';

/*
 * Command line of the simulation: `--seeds N [--from S]`, or `--seed S` for one seed with its trace. `--keep` goes on
 * after a failure; `--no-shrink` prints it as it is. Leaves with 1 when an invariant broke.
 * `--strategies [--seed S]` compares the placement strategies in a model instead.
 */
const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    keep: { type: 'boolean', default: false },
    shrink: { type: 'boolean', default: true },
    trace: { type: 'boolean', default: false },
    strategies: { type: 'boolean', default: false },
  },
  allowNegative: true,
});

const TRACE_LINES = 60;
const SHRINK_TRIES = 400;
/** One seed in so many is played twice: its traces must be the same. */
const TWICE = 100;

if (options.strategies) {
  for (const text of compareStrategies(Number(options.seed ?? 1))) say(text);
} else await main();

async function main(): Promise<void> {
  const from = Number(options.seed ?? options.from);
  const to = from + (options.seed === undefined ? Number(options.seeds) : 1);
  const total = createTally();
  const sum = { seeds: 0, failures: 0, runs: 0, calls: 0, events: 0 };
  const begun = performance.now();
  for (let seed = from; seed < to; seed++) {
    // oxlint-disable-next-line no-await-in-loop -- seeds share the microtask queue
    const outcome = await playSeed(seed);
    total.merge(outcome.tally);
    sum.seeds++;
    sum.runs += outcome.runs;
    sum.calls += outcome.calls;
    sum.events += outcome.events;
    if (outcome.failure === undefined) continue;
    sum.failures++;
    process.exitCode = 1;
    if (!options.keep) break;
  }
  report(sum, total, (performance.now() - begun) / 1000);
}

async function playSeed(seed: number): Promise<Outcome> {
  const scenario = scenarioOf(seed);
  const outcome = await simulateScenario(scenario);
  if (options.trace) say(outcome.trace.join('\n'));
  if (outcome.failure !== undefined) {
    say(`SEED=${seed} ${outcome.failure.message}`);
    if (options.shrink && !options.keep) await sayShrunk(scenario, outcome);
    else if (!options.trace && !options.keep) say(tail(outcome));
    return outcome;
  }
  if (seed % TWICE !== 0) return outcome;
  const again = await simulateScenario(scenario);
  if (again.fingerprint === outcome.fingerprint) return outcome;
  const message = `two plays of one seed differ: ${outcome.fingerprint} and ${again.fingerprint}`;
  say(`SEED=${seed} ${message}`);
  return { ...outcome, failure: { rule: 'not deterministic', message } };
}

async function sayShrunk(scenario: Scenario, outcome: Outcome): Promise<void> {
  const shrunk = await shrink(scenario, outcome, { tries: SHRINK_TRIES });
  say(`shrunk in ${shrunk.tries} tries to ${JSON.stringify(shrunk.scenario)}`);
  say(tail(shrunk.outcome));
  say(`${shrunk.outcome.failure?.message}`);
}

function tail({ trace }: Outcome): string {
  return trace
    .slice(-TRACE_LINES)
    .map((line) => `  ${line}`)
    .join('\n');
}

function report(
  sum: { seeds: number; failures: number; runs: number; calls: number; events: number },
  total: ReturnType<typeof createTally>,
  seconds: number,
): void {
  for (const [name, count] of total.entries()) say(`${String(count).padStart(9)}  ${name}`);
  const missing = missingSightings(total);
  if (missing.length > 0) say(`never seen: ${missing.join(', ')}`);
  const { seeds, failures, runs, calls, events } = sum;
  const speed = `${Math.round((seeds / seconds) * 60)} seeds/min, ${Math.round(events / seconds)} events/s`;
  say(`${seeds} seeds, ${failures} failures; ${runs} runs, ${calls} store calls, ${events} events; ${speed}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

import type { StepContext } from '../../core/workflow/context.ts';
import type { Store } from '../../store/port/store.ts';
import { isClosed } from '../../core/status.ts';
import { encryptedStore } from '../../store/encrypted/encrypted-store.ts';
import { openSqlite } from '../../store/sqlite/open-sqlite.ts';
import { checkAtRest, rootsOf } from '../check/final.ts';
import { createLedger } from '../check/ledger.ts';
import { createTally, type Tally } from '../check/tally.ts';
import { createTrace } from '../check/trace.ts';
import { violated, Violation } from '../check/violation.ts';
import { createWatcher, type Watcher } from '../check/watcher.ts';
import { createClients, type Clients } from '../cluster/clients.ts';
import { createCluster, type Cluster } from '../cluster/cluster.ts';
import { createFaults } from '../store/faults.ts';
import { createHintHub } from '../store/hints.ts';
import { createNetwork } from '../store/network.ts';
import { createSimStore } from '../store/sim-store.ts';
import { EPOCH_MS } from '../virtual/ports.ts';
import { createRandom } from '../virtual/random.ts';
import { createScheduler } from '../virtual/scheduler.ts';
import type { PlantedBug } from '../planted/planted.ts';
import type { Scenario } from './scenario.ts';

export interface Outcome {
  /** Undefined: every invariant held. */
  failure: { rule: string; message: string } | undefined;
  fingerprint: string;
  trace: readonly string[];
  tally: Tally;
  events: number;
  calls: number;
  runs: number;
}

/** Everything must be quiet this long (virtual) after everything is healed. */
const LIVENESS_MS = 30 * 60_000;
const TRACE_LINES = 2_000;
const LONGEST_BURST = 20_000;
const SEALED_EVERY = 7;
const KEY = { id: 'simulated', key: new Uint8Array(32) };

/**
 * Plays one scenario: first with its faults (safety), then healed until all is quiet (liveness), then everything is
 * checked. The same scenario gives the same outcome.
 */
export async function simulateScenario(scenario: Scenario, mutation?: PlantedBug): Promise<Outcome> {
  const random = createRandom(`run ${scenario.seed}`);
  const scheduler = createScheduler(random.fork('ties'), LONGEST_BURST);
  const tally = createTally();
  const trace = createTrace(EPOCH_MS, TRACE_LINES);
  const storeTime = (): number => EPOCH_MS + Math.floor(scheduler.now());
  const opened = await openStore(storeTime, random.fork('sqlite').next);
  // Encrypted or not, everything must be the same.
  const store = encryptedStore(opened, scenario.seed % SEALED_EVERY === 0 ? [KEY] : [], 'default');
  const ledger = createLedger(tally);
  const watcher = createWatcher(store, ledger, tally);
  const faults = createFaults(scenario, random.fork('faults'), tally);
  const network = createNetwork({ watcher, scheduler, faults, tally, trace });
  const hub = scenario.hints ? createHintHub(scheduler, faults, (actor) => network.isCut(actor)) : undefined;
  const subject = mutation?.store?.(store, storeTime) ?? store;
  const connect = createSimStore({ subject, network, watcher, hub, tally, batchLimit: scenario.batchLimit });
  let broken: unknown;
  const broke = (error: unknown): void => {
    broken ??= error;
  };
  const cluster = createCluster({
    ...{ scenario, scheduler, ledger, broke, connect, network, tally, trace, storeTime },
    random: random.fork('cluster'),
    wrapPorts: (ports) => mutation?.ports?.(ports) ?? ports,
    token: (story, id, token) => clients.token(story, id, token),
    checkBegin: (step) => checkBegin(watcher, step, storeTime(), scenario.leaseMs * HEARD_LEASES),
  });
  const clients: Clients = createClients({
    ...{ stories: scenario.stories, limits: scenario.limits, scheduler, cluster, tally, broke },
    rootsOf: (story) => rootsOf(watcher, story),
  });
  const isBroken = (): boolean => broken !== undefined || network.failure() !== undefined;
  try {
    await play({
      scenario,
      scheduler,
      cluster,
      clients,
      watcher,
      isBroken,
      heal: () => (faults.heal(), network.heal()),
    });
    const failure = broken ?? network.failure();
    if (failure !== undefined) throw failure as Error;
    const machines = cluster.machines().filter(({ actor }) => actor.state !== 'down');
    await checkAtRest({ store, watcher, acknowledged: clients.acknowledged, machines, scheduler });
  } catch (error) {
    broke(error);
  } finally {
    for (const { actor } of cluster.machines()) actor.state = 'down';
    await store.close();
  }
  tally.add('attempt', ledger.size);
  tally.add('attempt unrecorded', ledger.unclaimed());
  return {
    failure: broken === undefined ? undefined : describeFailure(broken),
    fingerprint: trace.fingerprint(),
    trace: trace.lines(),
    ...{ tally, events: scheduler.count(), calls: network.executed(), runs: watcher.runs.size },
  };
}

async function openStore(now: () => number, random: () => number): Promise<Store> {
  const store = await openSqlite({ path: ':memory:', now, random, sleep: neverWaits, schedule: neverWaits });
  await store.migrate();
  return store;
}

function neverWaits(): never {
  throw new Error('a store in memory never waits');
}

interface Stage {
  scenario: Scenario;
  scheduler: ReturnType<typeof createScheduler>;
  cluster: Cluster;
  clients: Clients;
  watcher: Watcher;
  isBroken(): boolean;
  heal(): void;
}

async function play({
  scenario,
  scheduler,
  cluster,
  clients,
  watcher,
  isBroken,
  heal,
}: Stage): Promise<void> {
  cluster.boot();
  clients.begin();
  for (const incident of scenario.incidents) {
    scheduler.after(incident.atMs, undefined, () => cluster.happen(incident));
  }
  await scheduler.run(isBroken, scenario.healAtMs);
  if (isBroken()) return;
  heal();
  cluster.heal();
  clients.heal();
  const isQuiet = (): boolean => clients.isDone() && allClosed(watcher);
  const until = scenario.healAtMs + LIVENESS_MS;
  const ended = await scheduler.run(() => isBroken() || isQuiet(), until);
  if (isBroken()) return;
  if (ended !== 'done') violated('not quiet', [...clients.open(), ...openRuns(watcher)].join('; '));
  // What came last may still be on its way back.
  await scheduler.run(isBroken, scheduler.now() + scenario.latencyMs * 10 + 2_000);
}

function allClosed(watcher: Watcher): boolean {
  for (const { row } of watcher.runs.values()) if (!isClosed(row.status)) return false;
  return true;
}

function openRuns(watcher: Watcher): string[] {
  const open: string[] = [];
  for (const { row } of watcher.runs.values()) {
    if (isClosed(row.status)) continue;
    const waits = row.waits === undefined ? '' : new TextDecoder().decode(row.waits);
    open.push(
      `run ${row.runId} is ${row.status}, owner ${row.ownerId}, wakeAt ${row.wakeAt}, waits ${waits}`,
    );
  }
  return open;
}

/** After so many leases every engine has heard that a run was paused, or is a zombie no more. */
const HEARD_LEASES = 8;

/** A retry must not begin before its pause is over, and nothing of a run that has been paused for so long. */
function checkBegin(watcher: Watcher, step: StepContext, now: number, heardMs: number): void {
  const pause = watcher.runs.get(step.runId)?.row.pause;
  if (pause !== undefined && now - pause.at > heardMs)
    violated(
      'begun while paused',
      `step "${step.name}" of run ${step.runId}, paused ${now - pause.at} ms ago`,
    );
  const history = watcher.runs.get(step.runId)?.history;
  const ordinal = Number(step.idempotencyKey.split(':').at(-1));
  const retrying = history?.retrying.get(ordinal);
  // A former owner may yet begin an attempt that has been recorded as failed long since.
  if (retrying === undefined || step.attempt <= retrying.attempt || now >= retrying.retryAt) return;
  violated('retry early', `step "${step.name}" of run ${step.runId} by ${retrying.retryAt - now} ms`);
}

function describeFailure(error: unknown): { rule: string; message: string } {
  if (error instanceof Violation) return { rule: error.rule, message: error.message };
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { rule: 'crash of the simulation', message: text };
}

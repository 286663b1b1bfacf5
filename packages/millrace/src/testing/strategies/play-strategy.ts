import { measurementsOf, nextAdaptive } from '../../core/placement/adaptive.ts';
import { choose } from '../../core/placement/placement.ts';
import { createPlacementState, DEFAULT_WEIGHTS } from '../../core/placement/state.ts';
import type { PlacementState } from '../../core/placement/state.ts';
import type { StrategyName } from '../../core/placement/strategy.ts';
import type { EngineView, Work } from '../../core/policy/eligibility.ts';
import { createRandom, type Random } from '../virtual/random.ts';
import { createModelEngine, type ModelEngine } from './model-engine.ts';
import { jobsOf, type Job, type Workload } from './workload.ts';

/** One cell of the comparison. */
export interface Play {
  readonly workload: Workload;
  readonly strategy: StrategyName;
  readonly engines: number;
  readonly seed: number;
}

export interface PlayResult {
  readonly waitP50Ms: number;
  readonly waitP99Ms: number;
  /** How busy the busiest engine was, as a multiple of the mean. */
  readonly imbalance: number;
  /** Share of the jobs whose key had to be loaded. */
  readonly cold: number;
}

const SLOTS = 4;
const BEAT_MS = 1000;
/** Enough jobs for a 99th percentile, and enough beats for load to go stale often. */
const JOBS = 10_000;
const SECONDS = 6;
const WARM_UP = 0.1;

/**
 * Jobs arrive, somebody chooses an engine by beats that are up to a second old, and the job waits there for a slot.
 * Without a queue of events: what an engine will do is known the moment that it takes a job.
 */
export function playStrategy(play: Play): PlayResult {
  const { workload, engines: count, seed } = play;
  const random = createRandom(`strategies/${seed}`);
  const engines = Array.from({ length: count }, (_, at) =>
    createModelEngine({ at, slots: SLOTS, speed: at === 0 ? workload.firstSpeed : 1 }),
  );
  const power = SLOTS * (count - 1 + workload.firstSpeed);
  const perSecond = (1000 * power * workload.utilisation) / workload.meanServiceMs;
  const jobs = Math.max(JOBS, Math.ceil(SECONDS * perSecond));
  const deal = createDealer(play, engines, random);
  const waits: number[] = [];
  let [taken, cold] = [0, 0];
  for (const job of jobsOf(workload, random.fork('jobs'), power)) {
    if (taken === jobs) break;
    const done = deal(job);
    taken++;
    if (done.cold) cold++;
    if (taken > jobs * WARM_UP) waits.push(done.waitMs);
  }
  const busy = engines.map((engine) => engine.busyMs());
  return {
    ...percentiles(waits),
    imbalance: (Math.max(...busy) * count) / busy.reduce((sum, ms) => sum + ms, 0),
    cold: cold / taken,
  };
}

/** Keeps what the placers see and remember, and gives one job after the other to an engine. */
function createDealer({ strategy }: Play, engines: readonly ModelEngine[], random: Random) {
  const draw = random.fork('dealer');
  const beats = engines.map((engine) => ({ engine, dueMs: draw.next() * BEAT_MS }));
  let views: readonly EngineView[] = engines.map((engine) => engine.beat(0));
  // Every engine places, by the same beats and knowing nothing of what the others choose meanwhile.
  const states = engines.map(({ engineId }) =>
    createPlacementState({ placerId: engineId, weights: DEFAULT_WEIGHTS }),
  );
  const lastEngines = new Map<string, string>();
  let adaptiveDueMs = 0;

  const hear = (nowMs: number): void => {
    for (const beat of beats.filter(({ dueMs }) => dueMs <= nowMs)) {
      const view = beat.engine.beat(beat.dueMs);
      views = views.map((known) => (known.engineId === view.engineId ? view : known));
      beat.dueMs += BEAT_MS;
    }
    if (nowMs < adaptiveDueMs) return;
    adaptiveDueMs += BEAT_MS;
    const measured = measurementsOf(views);
    for (const [at, state] of states.entries()) {
      states[at] = { ...state, adaptive: nextAdaptive(state.adaptive, measured, nowMs) };
    }
  };
  return (job: Job): { readonly waitMs: number; readonly cold: boolean } => {
    hear(job.atMs);
    const at = draw.between(0, states.length - 1);
    const work = workOf(job, draw.pick(engines).region, lastEngines);
    const { engineId, state } = choose(strategy, work, views, states[at] as PlacementState);
    states[at] = state;
    const engine = engines.find((candidate) => candidate.engineId === engineId) ?? firstFree(engines);
    if (job.key !== undefined) lastEngines.set(job.key, engine.engineId);
    return engine.take(job);
  };
}

function workOf({ key }: Job, region: string, lastEngines: ReadonlyMap<string, string>): Work {
  return {
    kind: 'workflow',
    workflow: 'job',
    version: '1',
    namespace: 'default',
    queue: 'default',
    requires: [],
    region,
    ...(key === undefined ? {} : { affinity: key, lastEngineId: lastEngines.get(key) }),
  };
}

/** Work that nobody was chosen for waits in the queue, until any engine has a free slot. */
function firstFree(engines: readonly ModelEngine[]): ModelEngine {
  return engines.reduce((best, engine) => (engine.freeAtMs() < best.freeAtMs() ? engine : best));
}

function percentiles(waits: number[]): { waitP50Ms: number; waitP99Ms: number } {
  const sorted = waits.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
  return { waitP50Ms: at(0.5), waitP99Ms: at(0.99) };
}

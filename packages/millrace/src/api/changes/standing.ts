import { engineChanged, held, queueChanged, resumed, type ToldQueue } from '../../core/changes/change.ts';
import { engineStatus } from '../../core/cluster/describe-cluster.ts';
import { engineView } from '../../core/cluster/engine-view.ts';
import { describeLimit } from '../../core/limits/describe-queue.ts';
import { isClosed } from '../../core/status.ts';
import { type HeldRun, MAX_CHANGES } from '../../store/port/changes.ts';
import type { Store } from '../../store/port/store.ts';
import type { Found } from './read-changes.ts';

/**
 * How things stand of which nothing says since when: engines, queues with limits, runs that stand still. Looked at again
 * and again; a difference is a change, of the moment in which it was seen.
 */
export interface Standing {
  /** What is different from last time. The first look finds everything, and tells it so. */
  look(): Promise<readonly Found[]>;
  /** The latest change of each thing that is still there. */
  current(): Iterable<Found>;
}

/** What one look saw: for each thing its state, and the change that tells of it. */
type Seen = Map<string, { state: string; tell: (at: number, before: string | undefined) => Found['change'] }>;

/** An engine that has left is still told of so long. */
const RETIRED_MS = 60_000;

export function createStanding(
  store: Pick<Store, 'listEngines' | 'readLimits' | 'listHeld' | 'readRuns'>,
  namespace: string,
  wasRetried: (runId: string) => boolean,
): Standing {
  const known = new Map<string, { state: string; found: Found }>();

  async function look(): Promise<Found[]> {
    const list = await store.listEngines({ retiredMs: RETIRED_MS });
    const now = list.storeTime;
    const runs = await store.listHeld({ namespace, limit: MAX_CHANGES });
    const seen: Seen = new Map([
      ...enginesSeen(list.engines, now, namespace),
      ...queuesSeen(await store.readLimits(namespace)),
      ...heldSeen(runs),
    ]);
    const different: [string, { state: string; found: Found }][] = [];
    for (const [name, { state, tell }] of seen) {
      const before = known.get(name)?.state;
      if (before !== state) different.push([name, { state, found: { change: tell(now, before), at: now } }]);
    }
    const last = runs.length === MAX_CHANGES ? runs.at(-1)?.runId : undefined;
    const gone = [...known.keys()].filter((name) => !seen.has(name) && !isBehind(name, last));
    const parting = await partings(gone, now);
    // Only now: had anything failed, the next look would find the same differences.
    for (const [name, entry] of different) known.set(name, entry);
    for (const name of gone) known.delete(name);
    return [...different.map(([, { found }]) => found), ...parting];
  }

  /** Queues without limits any more, and runs that go on. Of an engine that is gone it was told before. */
  async function partings(gone: readonly string[], now: number): Promise<Found[]> {
    const found: Found[] = [];
    const released: { runId: string }[] = [];
    for (const name of gone) {
      const [kind, id] = split(name);
      const wasPaused = isPaused(known.get(name)?.state);
      if (kind === 'queue') found.push({ change: queueChanged(unlimited(id), wasPaused, now), at: now });
      if (kind === 'run' && !wasRetried(id)) released.push({ runId: id });
    }
    const rows = released.length === 0 ? [] : await store.readRuns(released);
    for (const row of rows)
      if (row !== undefined && !isClosed(row.status)) found.push({ change: resumed(row, now), at: now });
    return found;
  }

  return {
    look,
    *current() {
      for (const { found } of known.values()) yield found;
    },
  };
}

type Engines = Awaited<ReturnType<Store['listEngines']>>['engines'];

function enginesSeen(engines: Engines, now: number, namespace: string): [string, Entry][] {
  return engines.flatMap((engine): [string, Entry][] => {
    const view = engineView(engine, now);
    if (view.namespace !== namespace) return [];
    const status = engineStatus(engine, now);
    const { name: engineId, engineId: incarnation, region = null } = view;
    const tell: Entry['tell'] = (at) => engineChanged({ engineId, incarnation, status, region }, at);
    return [[`engine ${incarnation}`, { state: status, tell }]];
  });
}

type Entry = Seen extends Map<string, infer E> ? E : never;
type Limits = Awaited<ReturnType<Store['readLimits']>>;

function queuesSeen(limits: Limits): [string, Entry][] {
  return limits.flatMap((limit): [string, Entry][] => {
    if (limit.kind !== 'queue') return [];
    const { name, paused, pausedBy, pausedAt, maxConcurrent, ratePerSecond, maxDepth } = describeLimit(limit);
    const queue = { queue: name, paused, pausedBy, limits: { maxConcurrent, ratePerSecond, maxDepth } };
    const state = JSON.stringify([paused, pausedAt, maxConcurrent, ratePerSecond, maxDepth]);
    return [[`queue ${name}`, { state, tell: (at, before) => queueChanged(queue, isPaused(before), at) }]];
  });
}

function isPaused(state: string | undefined): boolean {
  return state?.startsWith('[true') ?? false;
}

function unlimited(queue: string): ToldQueue {
  const limits = { maxConcurrent: null, ratePerSecond: null, maxDepth: null };
  return { queue, paused: false, pausedBy: null, limits };
}

function heldSeen(runs: readonly HeldRun[]): [string, Entry][] {
  return runs.map((run): [string, Entry] => {
    const state = `${run.status} ${run.epoch} ${run.version}`;
    return [`run ${run.runId}`, { state, tell: (at) => held(run, at) }];
  });
}

/** Behind the last of a full list nothing is known. */
function isBehind(name: string, last: string | undefined): boolean {
  const [kind, id] = split(name);
  return kind === 'run' && last !== undefined && id > last;
}

function split(name: string): [kind: string, id: string] {
  const at = name.indexOf(' ');
  return [name.slice(0, at), name.slice(at + 1)];
}

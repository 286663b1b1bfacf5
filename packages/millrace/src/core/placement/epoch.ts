import type { EngineView, Work } from '../policy/eligibility.ts';

/**
 * The time from one look at all loads to the next. It ends when every engine has sent another beat, or when one came
 * or went. Loads stand still within it, and what a placer gives is counted from its beginning, for all engines alike:
 * the load of one that beat just now does not compare with another one's load of a second ago plus all that it was
 * given since, most of which it has finished.
 */
export interface Epoch {
  /** All engines as they were when it began, by id. */
  readonly engines: ReadonlyMap<string, EngineView>;
  /** What this placer has given to each since. */
  readonly placed: ReadonlyMap<string, Placed>;
  /** Which share of works, 0 to 1, outlives an epoch: as it was in the last one. */
  readonly stay: number;
}

export interface Placed {
  readonly workflows: number;
  readonly tasks: number;
}

export const FIRST_EPOCH: Epoch = { engines: new Map(), placed: new Map(), stay: 1 };
const NOTHING: Placed = { workflows: 0, tasks: 0 };

/** The epoch that a choice between these engines belongs to: the same, or a new one. */
export function epochOf(epoch: Epoch, engines: readonly EngineView[]): Epoch {
  const before = epoch.engines;
  const isSame = engines.length === before.size && engines.every(({ engineId }) => before.has(engineId));
  // Beats of a suspect may never come again.
  const isStale = ({ engineId, beat, state }: EngineView): boolean =>
    state !== 'suspect' && before.get(engineId)?.beat === beat;
  if (isSame && engines.some(isStale)) return epoch;
  const could = activeOf([...before.values()]) + sum([...epoch.placed.values()]);
  return {
    engines: new Map(engines.map((engine) => [engine.engineId, engine])),
    placed: new Map(),
    stay: could === 0 ? 1 : Math.min(1, activeOf(engines) / could),
  };
}

/** The epoch after an engine was given a piece of work. */
export function afterGiving(epoch: Epoch, engineId: string, { kind }: Work): Epoch {
  const { workflows, tasks } = placedOf(epoch, engineId);
  const more = kind === 'task' ? { workflows, tasks: tasks + 1 } : { workflows: workflows + 1, tasks };
  return { ...epoch, placed: new Map(epoch.placed).set(engineId, more) };
}

/** What this placer has given to an engine in this epoch. */
export function placedOf({ placed }: Epoch, engineId: string): Placed {
  return placed.get(engineId) ?? NOTHING;
}

/** An engine as it was when the epoch began. */
export function beginOf({ engines }: Epoch, engineId: string): EngineView {
  // An epoch has exactly the engines between which one chooses in it.
  return engines.get(engineId) as EngineView;
}

/**
 * An engine with what it must still have of what it was given: for the question whether it has room. Its newest beat
 * knows a part of that already, so the two are not added.
 */
export function withPlaced(epoch: Epoch, engine: EngineView): EngineView {
  const placed = epoch.placed.get(engine.engineId);
  if (placed === undefined) return engine;
  const { workflows, tasks } = placed;
  const { load } = beginOf(epoch, engine.engineId);
  const activeWorkflows = Math.floor(load.activeWorkflows + epoch.stay * workflows);
  const activeTasks = Math.floor(load.activeTasks + epoch.stay * tasks);
  return {
    ...engine,
    load: {
      ...engine.load,
      activeWorkflows: Math.max(engine.load.activeWorkflows, activeWorkflows),
      activeTasks: Math.max(engine.load.activeTasks, activeTasks),
    },
  };
}

function activeOf(engines: readonly EngineView[]): number {
  return sum(engines.map(({ load }) => ({ workflows: load.activeWorkflows, tasks: load.activeTasks })));
}

function sum(counts: readonly Placed[]): number {
  return counts.reduce((total, { workflows, tasks }) => total + workflows + tasks, 0);
}

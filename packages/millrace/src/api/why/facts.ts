import { shortageOfEngines, isHard } from '../../core/policy/why/engines.ts';
import { AHEAD_COUNTED, type LockFacts, type TaskFacts, type WhyFacts } from '../../core/policy/why/facts.ts';
import type { PlacedEvent } from '../../core/run/event.ts';
import type { Wait } from '../../core/run/command.ts';
import { waitsOf } from '../../core/policy/why.ts';
import type { RunRow, Store } from '../../store/port/store.ts';
import { strategySetFor } from '../cluster/strategy.ts';
import { ask } from '../store-failure.ts';
import type { Scene } from './scene.ts';

/** What an answer about this run depends on besides itself: asked for by its status. */
export async function readFacts(
  store: Store,
  scene: Scene,
  row: RunRow,
  history: readonly PlacedEvent[],
): Promise<WhyFacts> {
  const { now, engines } = scene;
  const known = { now, engines };
  switch (row.status) {
    case 'queued':
      return { ...known, ...(await queueFacts(store, scene, row)) };
    case 'waiting':
    case 'running': {
      const waits = waitsOf(row, history, now);
      const [tasks, locks] = await Promise.all([readTasks(store, row, waits), readLocks(store, row, waits)]);
      const isLost = row.status === 'running' && engines.every(({ engineId }) => engineId !== row.ownerId);
      return { ...known, tasks, locks, departed: isLost ? await scene.departed() : undefined };
    }
    case 'blocked':
      return row.blockCode === 'QUARANTINED' ? { ...known, deaths: await scene.deathsOf(row.runId) } : known;
    default:
      return known;
  }
}

async function queueFacts(store: Store, scene: Scene, row: RunRow): Promise<Partial<WhyFacts>> {
  const { now, engines } = scene;
  const { runId, suspectGroup } = row;
  const [ahead, limits, assigned, deaths] = await Promise.all([
    ask(() => store.countAhead(runId, AHEAD_COUNTED)),
    ask(() => store.limitsOf(runId)),
    readReservation(store, scene, row),
    suspectGroup === undefined ? undefined : scene.deathsOf(runId),
  ]);
  const facts = { ahead, limits, assigned, deaths };
  const shortage = shortageOfEngines(row, { now, engines });
  if (shortage === undefined || !isHard(shortage)) return facts;
  const departed = await scene.departed();
  const isStranded = shortage.code === 'NO_ENGINE_FOR_VERSION';
  return { ...facts, departed, others: isStranded ? await scene.othersOf(row) : undefined };
}

async function readReservation(
  store: Store,
  { engines }: Scene,
  { assignedTo, assignedUntil: until = 0, queue, version }: RunRow,
): Promise<WhyFacts['assigned']> {
  const assignee = engines.find(({ engineId }) => engineId === assignedTo);
  if (assignee === undefined) return undefined;
  // What has had a turn is kept for the engine that has it in memory, whatever the strategy.
  const strategy = version === 0 ? await strategySetFor(store, queue) : undefined;
  return { engine: assignee.name, until, strategy };
}

async function readTasks(
  store: Store,
  { namespace }: RunRow,
  waits: readonly Wait[],
): Promise<readonly TaskFacts[]> {
  const refs = waits.flatMap(({ kind, runId }) =>
    kind === 'task' && runId !== undefined ? [{ runId, namespace }] : [],
  );
  const rows = refs.length === 0 ? [] : await ask(() => store.readRuns(refs));
  return rows.flatMap((task) => {
    if (task === undefined) return [];
    const { runId, status, engineName: engine, startedAt } = task;
    return [{ runId, status, engine, startedAt }];
  });
}

async function readLocks(
  store: Store,
  { namespace }: RunRow,
  waits: readonly Wait[],
): Promise<readonly LockFacts[]> {
  const names = new Set(waits.flatMap(({ kind, name }) => (kind === 'lock' ? [name] : [])));
  const lists = await Promise.all(
    [...names].map((name) => ask(() => store.listLocks({ namespace, name, limit: 1 }))),
  );
  return lists
    .flatMap(({ locks }) => locks)
    .map(({ name, held, waiters }) => ({
      name,
      held: held && { ...held.holder, owner: held.owner, since: held.since, expiresAt: held.expiresAt },
      waiters: waiters.map(({ holder: { id }, request, since }) => ({ id, request, since })),
    }));
}

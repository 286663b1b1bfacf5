import { placedEvents } from '../../core/reading/history-items.ts';
import { openChain, type Link } from '../../core/policy/why/chain/chain.ts';
import { why, type Reason, type Why, type WhyFacts } from '../../core/policy/why.ts';
import type { PlacedEvent } from '../../core/run/event.ts';
import { isClosed, type RunStatus } from '../../core/status.ts';
import type { Library } from '../../engine/claim/repertoire.ts';
import type { Outage } from '../../engine/outage.ts';
import type { RunRow, Store } from '../../store/port/store.ts';
import { ask } from '../store-failure.ts';
import { readFacts } from './facts.ts';
import { openScene, type Scene } from './scene.ts';

/** Where answers come from. */
export interface WhySource {
  readonly store: Store;
  readonly outage?: Outage | undefined;
  /** Whose definitions engines can run besides their code. */
  readonly library?: Library | undefined;
  /** What is known of a run beyond row and history, such as the nodes of its graph: it goes before its waits. */
  readonly nodesOf?:
    | ((run: RunRow, history: readonly PlacedEvent[]) => Promise<readonly Reason[]>)
    | undefined;
}

/**
 * What holds a run up, and what holds that up, to the cause; as the store stands now.
 * @param history - whole and in order.
 */
export async function readWhy(source: WhySource, row: RunRow, history: readonly PlacedEvent[]): Promise<Why> {
  const scene = await openScene(source.store, source.library);
  const trouble = source.outage?.current();
  const outage = trouble && { message: trouble.message, since: scene.now - trouble.forMs };
  const first = await lookAt(source, scene, { row, history, outage });
  const chain = openChain(linkOf(row, first.reasons));
  for (let ids = chain.next(); ids.length > 0; ids = chain.next()) {
    // oxlint-disable-next-line no-await-in-loop -- who is next stands in what was found
    chain.add(await lookUp(source, scene, ids));
  }
  return { ...first, ...chain.tell() };
}

async function lookUp(source: WhySource, scene: Scene, ids: readonly string[]): Promise<Link[]> {
  const { store } = source;
  const rows = await ask(() => store.readRuns(ids.map((runId) => ({ runId }))));
  return Promise.all(rows.flatMap((row) => (row === undefined ? [] : [linkAt(source, scene, row)])));
}

async function linkAt(source: WhySource, scene: Scene, row: RunRow): Promise<Link> {
  if (isClosed(row.status)) return linkOf(row, []);
  // Where nothing is told from the history but since when, its end is enough.
  const from = BY_ROW.has(row.status) ? Math.max(0, row.events - 1) : 0;
  const history = await readHistory(source.store, row.runId, from);
  return linkOf(row, (await lookAt(source, scene, { row, history })).reasons);
}

const BY_ROW: ReadonlySet<RunStatus> = new Set(['queued', 'blocked', 'paused']);

interface Looked {
  readonly row: RunRow;
  readonly history: readonly PlacedEvent[];
  readonly outage?: WhyFacts['outage'];
}

async function lookAt(
  { store, nodesOf }: WhySource,
  scene: Scene,
  { row, history, outage }: Looked,
): Promise<Why> {
  const [facts, nodes] = await Promise.all([
    readFacts(store, scene, row, history),
    isClosed(row.status) ? undefined : nodesOf?.(row, history),
  ]);
  return why(row, { ...facts, nodes, outage }, history);
}

function linkOf({ runId, workflow, status, engineName }: RunRow, reasons: readonly Reason[]): Link {
  return { runId, workflow, status, engineId: engineName ?? null, reasons };
}

async function readHistory(store: Store, runId: string, from?: number): Promise<PlacedEvent[]> {
  return placedEvents(await ask(() => store.readHistory(runId, from)));
}

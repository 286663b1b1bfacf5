import { eventsIn } from '../../core/reading/history-items.ts';
import type { GraphView } from '../../core/dag/view/view-graph.ts';
import { isMillraceError } from '../../core/errors.ts';
import { openChain, type Chain, type Link } from '../../core/policy/why/chain/chain.ts';
import { nodeReasons } from '../../core/policy/why/waits/nodes.ts';
import { why, type Reason, type Why, type WhyFacts } from '../../core/policy/why.ts';
import type { PlacedEvent } from '../../core/run/event.ts';
import { flawIn } from '../../core/payload/unreadable.ts';
import { isClosed, type RunStatus } from '../../core/status.ts';
import type { Library } from '../../engine/claim/repertoire.ts';
import type { Outage } from '../../engine/outage.ts';
import type { HistoryChunk, RunRow, Store } from '../../store/port/store.ts';
import { ask } from '../store-failure.ts';
import { readFacts } from './facts.ts';
import { openScene, type Scene } from './scene.ts';

/** Where answers come from. */
export interface WhySource {
  readonly store: Store;
  readonly outage?: Outage | undefined;
  /** Whose definitions engines can run besides their code. */
  readonly library?: Library | undefined;
  /** The nodes of a run; undefined: its workflow is code. */
  readonly nodesOf?:
    | ((run: RunRow, history: readonly PlacedEvent[]) => Promise<GraphView | undefined>)
    | undefined;
}

/** Whoever changes faster is told as it was read. */
const TRIES = 3;

/**
 * What holds a run up, and what holds that up, to the cause. It is read piece by piece: where a run of the chain moved on
 * meanwhile all is read again, and what moves on all the same is in no deadlock.
 * @returns undefined: the run is gone.
 */
export async function readWhy(source: WhySource, first: RunRow): Promise<Why | undefined> {
  let row: RunRow | undefined = first;
  for (let left = TRIES; row !== undefined; left--) {
    // oxlint-disable no-await-in-loop -- each try is of what is there then
    const told = await readOnce(source, row);
    if (told === undefined) return undefined;
    const { chain, rows } = told;
    const now = await readRows(source.store, first.namespace, [...rows.keys()]);
    const again = new Map(now.map((one) => [one.runId, one]));
    const moved = new Set(
      [...rows.values()].filter((then) => !isSame(then, again.get(then.runId))).map(idOf),
    );
    if (moved.size === 0 || left === 1) return { ...told.why, ...chain.tell(moved) };
    row = again.get(first.runId);
    // oxlint-enable no-await-in-loop
  }
  return undefined;
}

function idOf({ runId }: RunRow): string {
  return runId;
}

function isSame(then: RunRow, now: RunRow | undefined): boolean {
  return then.status === now?.status && then.version === now.version && then.epoch === now.epoch;
}

interface Told {
  readonly why: Why;
  readonly chain: Chain;
  /** All runs of the chain, as they were read. */
  readonly rows: ReadonlyMap<string, RunRow>;
}

async function readOnce(source: WhySource, row: RunRow): Promise<Told | undefined> {
  const { store, outage, library } = source;
  const chunks = await readHistory(store, row.runId);
  if (chunks.length === 0) return undefined;
  const scene = await openScene(store, library, row.namespace);
  const trouble = outage?.current();
  const since = trouble && { message: trouble.message, since: scene.now - trouble.forMs };
  const first = await lookAt(source, scene, { row, chunks, outage: since });
  const chain = openChain(linkOf(row, first.reasons));
  const rows = new Map([[row.runId, row]]);
  for (let ids = chain.next(); ids.length > 0; ids = chain.next()) {
    // oxlint-disable-next-line no-await-in-loop -- who is next stands in what was found
    const found = await readRows(store, row.namespace, ids);
    for (const one of found) rows.set(one.runId, one);
    // oxlint-disable-next-line no-await-in-loop
    chain.add(await Promise.all(found.map((one) => linkAt(source, scene, one))));
  }
  return { why: first, chain, rows };
}

/** Wherever a chain leads, it stays in the namespace that it began in. */
async function readRows(store: Store, namespace: string, ids: readonly string[]): Promise<RunRow[]> {
  const rows = await ask(() => store.readRuns(ids.map((runId) => ({ runId, namespace }))));
  return rows.filter((row) => row !== undefined);
}

async function linkAt(source: WhySource, scene: Scene, row: RunRow): Promise<Link> {
  if (isClosed(row.status)) return linkOf(row, []);
  // Where nothing is told from the history but since when, its end is enough.
  const from = BY_ROW.has(row.status) ? Math.max(0, row.events - 1) : 0;
  const chunks = await readHistory(source.store, row.runId, from);
  return linkOf(row, (await lookAt(source, scene, { row, chunks })).reasons);
}

const BY_ROW: ReadonlySet<RunStatus> = new Set(['queued', 'blocked', 'paused']);
/** Of which nodes may wait for each other. */
const HAS_TURNS: ReadonlySet<RunStatus> = new Set(['waiting', 'running']);

interface Looked {
  readonly row: RunRow;
  readonly chunks: readonly HistoryChunk[];
  readonly outage?: WhyFacts['outage'];
}

async function lookAt(source: WhySource, scene: Scene, looked: Looked): Promise<Why> {
  const { outage } = looked;
  const { row, history, hidden } = readable(looked);
  const [facts, nodes] = await Promise.all([
    readFacts(source.store, scene, row, history),
    readNodes(source, row, history),
  ]);
  return why(row, { ...facts, nodes, outage, hidden }, history);
}

/** What is sealed with a key that is not here hides what it says, and nothing else of the run. */
function readable({ row, chunks }: Looked) {
  const { history, unreadable } = eventsIn(chunks);
  const flaw = flawIn(row.waits);
  const shown = flaw === undefined ? row : { ...row, waits: undefined };
  return { row: shown, history, hidden: unreadable?.details ?? flaw };
}

/** What cannot be read of nodes is no reason to say nothing of the run. */
async function readNodes(
  { nodesOf }: WhySource,
  row: RunRow,
  history: readonly PlacedEvent[],
): Promise<readonly Reason[] | undefined> {
  if (!HAS_TURNS.has(row.status) || history.length === 0) return undefined;
  try {
    const view = await nodesOf?.(row, history);
    return view && nodeReasons(row, view);
  } catch (error) {
    if (isMillraceError(error)) return undefined;
    throw error;
  }
}

function linkOf({ runId, workflow, status, engineName }: RunRow, reasons: readonly Reason[]): Link {
  return { runId, workflow, status, engineId: engineName ?? null, reasons };
}

async function readHistory(store: Store, runId: string, from?: number): Promise<HistoryChunk[]> {
  return ask(() => store.readHistory(runId, from));
}

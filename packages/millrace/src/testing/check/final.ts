import { decodeValue } from '../../core/json.ts';
import { executorOf } from '../../core/names.ts';
import { effective } from '../../core/run/replay.ts';
import { isClosed } from '../../core/status.ts';
import type { Store } from '../../store/port/store.ts';
import { signalsOf, type Acknowledged } from '../cluster/dealings.ts';
import type { Machine } from '../cluster/machine.ts';
import { expectedOf } from '../program/expect.ts';
import type { ProgramInput } from '../program/program.ts';
import { LEDGER_TABLE } from '../program/play.ts';
import type { SqliteTransaction } from '../../store/sqlite/database/transact.ts';
import type { Scheduler } from '../virtual/scheduler.ts';
import { replayRun } from './replay.ts';
import { violated } from './violation.ts';
import type { Watched, Watcher } from './watcher.ts';

export interface FinalFacts {
  store: Store;
  watcher: Watcher;
  acknowledged: readonly Acknowledged[];
  machines: readonly Machine[];
  scheduler: Scheduler;
}

/** Everything that must hold once all is quiet. */
export async function checkAtRest(facts: FinalFacts): Promise<void> {
  const { watcher, acknowledged, machines, scheduler } = facts;
  for (const watched of watcher.runs.values()) {
    if (executorOf(watched.row.workflow) !== undefined) violated('task left', watched.row.runId);
    if (!isClosed(watched.row.status))
      violated('run not closed', `${watched.row.runId} is ${watched.row.status}`);
    // oxlint-disable-next-line no-await-in-loop -- one replay at a time: all share the microtask queue
    await replayRun(watched);
    checkFamily(watched, watcher);
  }
  for (const entry of acknowledged) checkStory(entry, watcher);
  await checkTransactions(facts);
  for (const machine of machines) checkLeaks(machine, scheduler);
}

/** Which runs belong to a story: roots that no other run started or continued as. */
export function rootsOf(watcher: Watcher, story: number): string[] {
  const roots: string[] = [];
  for (const { row, history } of watcher.runs.values()) {
    const { started } = history;
    if (started === undefined || row.parentRunId !== undefined || started.continuedFrom !== undefined)
      continue;
    if ((decodeValue(started.payload ?? 'null') as ProgramInput).story === story) roots.push(row.runId);
  }
  return roots;
}

/** The run and those that it continued as, in order. */
function chainOf(watcher: Watcher, runId: string): Watched[] {
  const chain: Watched[] = [];
  for (let next: string | undefined = runId; next !== undefined;) {
    const watched = watcher.runs.get(next);
    if (watched === undefined) violated('run missing', `${next}, of the chain that begins with ${runId}`);
    chain.push(watched);
    next = watched.row.successor;
  }
  return chain;
}

function checkStory(entry: Acknowledged, watcher: Watcher): void {
  const { story } = entry;
  const roots = rootsOf(watcher, story.id);
  if (story.keyed && roots.length > 1)
    violated('key used twice', `story ${story.id}: runs ${roots.join(', ')}`);
  if (entry.runIds.size > 0 && roots.length === 0) violated('start lost', `story ${story.id}`);
  const [root] = roots;
  if (root === undefined) return;
  const chain = chainOf(watcher, root);
  for (const runId of entry.runIds) {
    if (roots.includes(runId) || chain.some(({ row }) => row.runId === runId)) continue;
    violated('start lost', `story ${story.id}: run ${runId} was acknowledged`);
  }
  checkArrivals(entry, chain);
  checkOutcome(entry, chain);
}

function checkArrivals(
  { story, signals, signalsAgain, cancels, updates }: Acknowledged,
  chain: readonly Watched[],
): void {
  const events = chain.flatMap(({ history }) => history.events.map(({ event }) => event));
  const received = events.flatMap((event) => (event.type === 'signal-received' ? [event.id] : []));
  if (new Set(received).size !== received.length) {
    violated('signal twice', `story ${story.id} received ${received.join(', ')}`);
  }
  const sent = new Set(signalsOf(story).map(({ id }) => id));
  for (const id of received)
    if (!sent.has(id)) violated('signal of nobody', `story ${story.id} received ${id}`);
  const places = signals.map(({ id }) => received.indexOf(id));
  places.forEach((place, at) => {
    const { id } = signals[at] as { id: string };
    if (place < 0) violated('signal lost', `story ${story.id}: ${id} was acknowledged`);
    if (at > 0 && place < (places[at - 1] as number))
      violated('signals out of order', `story ${story.id}: ${id}`);
  });
  for (const { id } of signalsAgain) {
    if (!received.includes(id)) violated('signal lost', `story ${story.id}: ${id} was acknowledged`);
  }
  const ended = events.some(
    ({ type }) => type === 'cancel-requested' || type === 'deadline-passed' || type === 'retried',
  );
  if (cancels > 0 && !ended) violated('cancel lost', `story ${story.id}`);
  for (const id of updates) {
    if (events.filter((event) => event.type === 'update-replied' && event.id === id).length === 1) continue;
    violated('update lost', `story ${story.id}: ${id} was answered`);
  }
}

function checkOutcome({ story, result }: Acknowledged, chain: readonly Watched[]): void {
  const last = chain.at(-1) as Watched;
  const { status } = last.row;
  const payload = last.history.events.at(-1)?.event.payload ?? 'null';
  const tokens = status === 'completed' ? (decodeValue(payload) as string[]) : undefined;
  if (result !== undefined && story.retryAtMs === undefined) {
    const told = 'tokens' in result ? result.tokens.join(' ') : undefined;
    if (told !== tokens?.join(' '))
      violated('result differs', `story ${story.id}: told ${told}, stored ${tokens?.join(' ')}`);
  }
  if (story.cancelAtMs !== undefined || story.timeoutMs !== undefined) return;
  const expected = expectedOf(story.program);
  if (expected === undefined) return;
  const where = `story ${story.id}, run ${last.row.runId}`;
  if (status !== expected.status)
    violated('unexpected end', `${where}: ${status}, expected ${expected.status}`);
  if (expected.status === 'completed' && tokens?.join(' ') !== expected.tokens.join(' ')) {
    violated('unexpected result', `${where}: ${tokens?.join(' ')}, expected ${expected.tokens.join(' ')}`);
  }
}

/** Children exist, and what their parents recorded of them is what became of them. */
function checkFamily({ row, history }: Watched, watcher: Watcher): void {
  for (const { event } of history.events) {
    if (event.type === 'child-started' && !watcher.runs.has(event.runId)) {
      violated('child lost', `run ${row.runId} started ${event.runId}`);
    }
  }
  // What a retry has taken back is over: the child ended once more.
  for (const { event } of effective(history.events)) {
    if (event.type !== 'child-closed') continue;
    const child = watcher.runs.get(event.runId);
    if (child?.row.status !== event.status) {
      violated(
        'child closed otherwise',
        `run ${event.runId} is ${child?.row.status}, its parent has ${event.status}`,
      );
    }
  }
}

/** An author's write in a transaction is there exactly as often as the step is recorded. */
async function checkTransactions({ store, watcher }: FinalFacts): Promise<void> {
  const rows = await readLedgerTable(store);
  const written = new Map<string, number>();
  for (const { run_id: runId, id } of rows) {
    const place = `${String(runId)} ${String(id)}`;
    written.set(place, (written.get(place) ?? 0) + 1);
  }
  const recorded = new Set<string>();
  for (const { row, history } of watcher.runs.values()) {
    for (const { event } of history.events) {
      if (event.type === 'step-completed' && /^t\d+$/.test(event.name))
        recorded.add(`${row.runId} ${event.name}`);
    }
  }
  for (const place of recorded) {
    if (written.get(place) !== 1)
      violated('transaction torn', `${place}: recorded, written ${written.get(place) ?? 0} times`);
  }
  for (const [place, count] of written) {
    if (!recorded.has(place)) violated('transaction torn', `${place}: written ${count} times, not recorded`);
  }
}

async function readLedgerTable(store: Store): Promise<Record<string, unknown>[]> {
  let rows: Record<string, unknown>[] = [];
  const body = (tx: SqliteTransaction): never => {
    const found = tx.all('SELECT 1 FROM sqlite_master WHERE name = ?', LEDGER_TABLE);
    if (found.length > 0) rows = tx.all(`SELECT run_id, id FROM ${LEDGER_TABLE}`);
    throw new Error('only read');
  };
  await store.transact(body as (tx: never) => never, () => undefined as never).catch(() => {});
  return rows;
}

/** Loops, and nothing else, may have timers when nothing is to do. */
const MOST_TIMERS = 12;

function checkLeaks({ actor, millrace }: Machine, scheduler: Scheduler): void {
  const engine = millrace?.engine;
  if (engine === undefined) return;
  for (const { runId, row, busy, arrivals } of engine.held.values()) {
    const state = `epoch ${row.epoch}, version ${row.version}, ${busy ? 'busy' : 'idle'}, ${arrivals.length} arrivals`;
    violated('run held for ever', `${actor.name} holds ${runId} (${state})`);
  }
  const timers = scheduler.waiting(actor);
  if (timers > MOST_TIMERS) violated('timers leaked', `${actor.name} has ${timers}`);
}

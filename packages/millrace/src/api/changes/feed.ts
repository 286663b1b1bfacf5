import type { ChangeEvent } from '../../core/changes/change.ts';
import { matches, type ChangeFilter } from '../../core/changes/filter.ts';
import { startLoop, type Loop } from '../../engine/loop.ts';
import type { Ports } from '../../engine/ports.ts';
import type { ChangePlaces } from '../../store/port/changes.ts';
import type { Store } from '../../store/port/store.ts';
import type { Batch, Listener } from './listener.ts';
import { placesAt, readPage, type Found, type FoundPage } from './read-changes.ts';
import { createRecent, type Recent } from './recent.ts';
import { createStanding, type Standing } from './standing.ts';

/**
 * The one reader of changes of a namespace in this process, while somebody listens. It looks at the store again and again:
 * soon where much happens, and never so often that it takes more than a part of the time.
 *
 *   F1  Nothing is told twice. What is read again is known by its id (recent.ts).
 *   F2  What becomes visible up to `OVERLAP_MS` after its time is found: by looks back, from time to time. Looks at what is
 *       new go back a little.
 *   F3  Who joins is told what happened since he asked, also what the feed found before he was there.
 */
export interface Feed {
  readonly recent: Recent;
  readonly standing: Standing;
  /** Of the latest look. */
  readonly storeTime: number;
  /** What the store's clock showed at least at an instant of the monotonic one. */
  storeTimeAt(mono: number): number;
  /** From now on it is told what is found. */
  add(listener: Listener): void;
  remove(listener: Listener): void;
  /** Something may have happened. */
  nudge(): void;
  /** Everybody is told that it is over. */
  stop(): Promise<void>;
}

/** How late a transaction may become visible after the time that it wrote down. */
export const OVERLAP_MS = 10_000;
/** How far back what was told is remembered. */
const KEPT_MS = 3 * OVERLAP_MS;
const SHORT_OVERLAP_MS = 500;
const SHORTEST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 250;
/** Between two looks back, and two looks at how things stand. */
const SELDOM_MS = 1_000;
/** After a look it pauses as long as that took, after a look back so many times as long: the store has others to serve. */
const SELDOM_REST = 20;
/** The most changes that are told together. */
const MOST_TOGETHER = 250;

/** Begins to look; when it resolves, whatever happens from now on will be told. */
export async function openFeed(store: Store, ports: Ports, namespace: string): Promise<Feed> {
  const { clock } = ports;
  const listeners = new Set<Listener>();
  let storeTime = (await store.listEngines()).storeTime;
  let toldAt = clock.mono();
  const recent = createRecent(storeTime - OVERLAP_MS);
  const standing = createStanding(store, namespace, (runId) => recent.wasRetried(runId));
  const tell = (found: readonly Found[]): void => tellAll(listeners, found);
  const isNew = ({ change, at }: Found): boolean => recent.add(change, at);
  let endedAt = Number.NEGATIVE_INFINITY;
  let stopped = false;
  let [pauseMs, restMs] = [SHORTEST_PAUSE_MS, SHORTEST_PAUSE_MS];

  /** Reads what there is from so far back on, and tells what is new; how much that was. */
  async function look(backMs: number): Promise<number> {
    let after: ChangePlaces | undefined = placesAt(Math.max(storeTime - backMs, recent.from));
    let fresh = 0;
    let seenAt: number | undefined;
    while (after !== undefined) {
      // oxlint-disable-next-line no-await-in-loop -- page by page
      const page: FoundPage = await readPage(store, { namespace, after });
      const found = page.found.filter(isNew);
      fresh += found.length;
      tell(found);
      seenAt ??= page.storeTime;
      after = page.next;
    }
    [storeTime, toldAt] = [seenAt ?? storeTime, clock.mono()];
    return fresh;
  }

  const past = { store, namespace, recent, tell, storeTime: () => storeTime };
  const lookBack = seldom(clock, lookingBack(past));
  const lookAround = seldom(clock, async () => {
    const found = await standing.look();
    tell(found.filter(isNew));
    return true;
  });

  async function tick(): Promise<number> {
    const begunAt = clock.mono();
    const fresh = await look(SHORT_OVERLAP_MS);
    restMs = Math.max(SHORTEST_PAUSE_MS, clock.mono() - begunAt);
    await lookBack();
    await lookAround();
    endedAt = clock.mono();
    pauseMs = fresh > 0 ? SHORTEST_PAUSE_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    return Math.max(pauseMs, restMs);
  }

  await look(OVERLAP_MS);
  // How things stand is no news.
  await standing.look();
  const loop: Loop = startLoop(ports, 'changes', tick);
  loop.within(SHORTEST_PAUSE_MS);
  return {
    recent,
    standing,
    get storeTime() {
      return storeTime;
    },
    storeTimeAt: (mono) => Math.floor(storeTime + mono - toldAt),
    add: (listener) => {
      if (stopped) listener.end();
      else listeners.add(listener);
    },
    remove: (listener) => void listeners.delete(listener),
    nudge: () => loop.within(Math.max(0, endedAt + restMs - clock.mono())),
    async stop() {
      stopped = true;
      for (const listener of listeners) listener.end();
      listeners.clear();
      await loop.stop();
    },
  };
}

interface Past {
  readonly store: Store;
  readonly namespace: string;
  readonly recent: Recent;
  readonly tell: (found: readonly Found[]) => void;
  readonly storeTime: () => number;
}

/**
 * Finds what became visible late, one page a call: a look back over a busy time must not keep what happens now waiting.
 * True: it has come to the end.
 */
function lookingBack({ store, namespace, recent, tell, storeTime }: Past): () => Promise<boolean> {
  let before = storeTime();
  let sweep: { after: ChangePlaces; until: number; at: number } | undefined;
  return async () => {
    const from = Math.max(before - OVERLAP_MS, recent.from);
    sweep ??= { after: placesAt(from), until: storeTime() - SHORT_OVERLAP_MS, at: storeTime() };
    const page = await readPage(store, { namespace, ...sweep });
    tell(page.found.filter(({ change, at }) => recent.add(change, at)));
    if (page.next !== undefined) {
      sweep = { ...sweep, after: page.next };
      return false;
    }
    before = sweep.at;
    sweep = undefined;
    recent.forget(before - KEPT_MS);
    return true;
  };
}

/** Does something bit by bit, until it says that it is done; then not for a while, which is longer where it took long. */
function seldom({ mono }: Ports['clock'], act: () => Promise<boolean>): () => Promise<void> {
  let dueAt = mono() + SELDOM_MS;
  let tookMs = 0;
  return async () => {
    const begunAt = mono();
    if (begunAt < dueAt) return;
    const isDone = await act();
    const endedAt = mono();
    tookMs += endedAt - begunAt;
    if (!isDone) return;
    dueAt = endedAt + Math.max(SELDOM_MS, tookMs * SELDOM_REST);
    tookMs = 0;
  };
}

/** All who follow the same get the same batches. */
function tellAll(listeners: ReadonlySet<Listener>, found: readonly Found[]): void {
  if (found.length === 0) return;
  const changes = found.map(({ change }) => change);
  const byFilter = new Map<string, readonly Batch[]>();
  for (const listener of listeners) {
    let batches = byFilter.get(listener.key);
    if (batches === undefined) byFilter.set(listener.key, (batches = batchesOf(changes, listener.filter)));
    for (const batch of batches) listener.tell(batch);
  }
}

/** Those that a filter lets through, in batches of limited size. */
export function batchesOf(changes: readonly ChangeEvent[], filter: ChangeFilter): Batch[] {
  const wanted = changes.filter((change) => matches(filter, change));
  const batches: Batch[] = [];
  for (let at = 0; at < wanted.length; at += MOST_TOGETHER) {
    const together = wanted.slice(at, at + MOST_TOGETHER);
    batches.push({ changes: together, chars: together.reduce((sum, change) => sum + charsOf(change), 0) });
  }
  return batches;
}

const FIXED_CHARS = 400;

function charsOf(change: ChangeEvent): number {
  if (change.kind !== 'run') return FIXED_CHARS;
  const names = change.workflow.length + change.queue.length + (change.key?.length ?? 0);
  return change.tags.reduce((sum, tag) => sum + tag.length, FIXED_CHARS + names);
}

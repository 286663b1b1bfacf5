import type { Random } from './random.ts';

/** Whose code an event runs: a process that may be stopped, or be gone. */
export interface Actor {
  readonly name: string;
  state: 'up' | 'paused' | 'down';
  /** Events that came due while it was paused, in order. */
  readonly missed: (() => void)[];
}

/**
 * Virtual time: one heap of events ordered by instant, then by a seeded tie-break. After each event every promise
 * reaction that it caused has run before the next one begins, so a run depends on nothing but its seed.
 */
export interface Scheduler {
  /** Milliseconds since the beginning. */
  now(): number;
  /** Calls `act` once after `delayMs`, unless its actor is gone by then; returns the undo. */
  after(delayMs: number, actor: Actor | undefined, act: () => void): () => void;
  /** Lets a paused actor go on: what it missed runs now. */
  resume(actor: Actor): void;
  /** Moves on without running anything: what came due meanwhile is late, as after a computer's sleep. */
  jump(to: number): void;
  /** Runs events until `isDone`, until none is left, or until the next one is later than `until`. */
  run(isDone: () => boolean, until: number): Promise<'done' | 'idle' | 'late'>;
  /** Events run so far. */
  count(): number;
  /** Events that wait for this actor. */
  waiting(actor: Actor): number;
}

interface Scheduled {
  at: number;
  tie: number;
  actor: Actor | undefined;
  act: (() => void) | undefined;
}

export function createActor(name: string): Actor {
  return { name, state: 'up', missed: [] };
}

/** @param longestBurst - as many events at one instant mean a loop that never waits: `run` then throws. */
export function createScheduler(random: Random, longestBurst = Number.POSITIVE_INFINITY): Scheduler {
  const heap: Scheduled[] = [];
  let now = 0;
  let count = 0;
  let burst = 0;

  const fire = async ({ actor, act }: Scheduled): Promise<void> => {
    if (act === undefined || actor?.state === 'down') return;
    if (actor?.state === 'paused') {
      actor.missed.push(act);
      return;
    }
    count++;
    act();
    await settled();
  };
  const after: Scheduler['after'] = (delayMs, actor, act) => {
    const event: Scheduled = { at: now + Math.max(0, delayMs), tie: random.next(), actor, act };
    push(heap, event);
    return () => {
      event.act = undefined;
    };
  };
  return {
    now: () => now,
    after,
    jump: (to) => {
      now = Math.max(now, to);
    },
    resume: (actor) => {
      actor.state = 'up';
      // Their cancellation is not known any more, but a callback that nobody wants does nothing.
      const missed = actor.missed.splice(0);
      missed.forEach((act, at) => after(at * 1e-6, actor, act));
    },
    run: async (isDone, until) => {
      for (;;) {
        if (isDone()) return 'done';
        const next = heap[0];
        if (next === undefined) return 'idle';
        if (next.at > until) return 'late';
        pop(heap);
        burst = next.at > now ? 0 : burst + 1;
        if (burst > longestBurst)
          throw new Error(`time stands still at ${now} ms: ${next.actor?.name} is busy for ever`);
        now = Math.max(now, next.at);
        // Events are the point here: one after the other.
        // oxlint-disable-next-line no-await-in-loop
        await fire(next);
      }
    },
    count: () => count,
    waiting: (actor) => heap.filter((event) => event.actor === actor && event.act !== undefined).length,
  };
}

/** Lets virtual time pass until it is settled. */
export async function settle<T>(scheduler: Scheduler, promise: Promise<T>): Promise<T> {
  let isDone = false;
  const end = (): void => {
    isDone = true;
  };
  promise.then(end, end);
  await scheduler.run(() => isDone, Number.POSITIVE_INFINITY);
  return promise;
}

/** The event loop comes to its immediates only when no tick and no microtask is left. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.at < b.at || (a.at === b.at && a.tie < b.tie);
}

function push(heap: Scheduled[], event: Scheduled): void {
  let at = heap.push(event) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent] as Scheduled;
    if (!isBefore(event, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = event;
}

function pop(heap: Scheduled[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = at * 2 + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1] as Scheduled, heap[child] as Scheduled)) child++;
    if (!isBefore(heap[child] as Scheduled, last)) break;
    heap[at] = heap[child] as Scheduled;
    at = child;
  }
  heap[at] = last;
}

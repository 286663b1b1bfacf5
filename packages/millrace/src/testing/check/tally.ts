/** Counts what happened: a class of faults that never bites proves nothing. */
export interface Tally {
  add(name: string, count?: number): void;
  get(name: string): number;
  merge(other: Tally): void;
  entries(): [string, number][];
}

export function createTally(): Tally {
  const counts = new Map<string, number>();
  const add = (name: string, count = 1): void => void counts.set(name, (counts.get(name) ?? 0) + count);
  return {
    add,
    get: (name) => counts.get(name) ?? 0,
    merge: (other) => {
      for (const [name, count] of other.entries()) add(name, count);
    },
    entries: () => [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)),
  };
}

/** What a batch of seeds must have seen, or it has proved nothing. */
const EXPECTED_SIGHTINGS = [
  'fault refused',
  'fault deadlock',
  'fault ambiguous-applied',
  'fault ambiguous-lost',
  'fault late',
  'fault slow',
  'late call accepted',
  'late call rejected',
  'fault hint-lost',
  'fault hint-doubled',
  'fault hint-late',
  'incident crash',
  'incident crash-point',
  'incident pause',
  'incident drain',
  'incident leave',
  'incident partition',
  'answer cut off',
  'joined late',
  'incident clock-step',
  'incident store-stall',
  'incident store-away',
  'plan conflict',
  'plan already',
  'plan unread',
  'zombie plan refused',
  'zombie start unowned',
  'delivery duplicate',
  'delivery run-closed',
  'reopen of a run ok',
  'reopen of a child ok',
  'child told again',
  'start existing',
  'start repeated',
  'start placed at another',
  'incident strategy',
  'engine retired',
  'assigned run claimed by its engine',
  'assigned run claimed by another',
  'limit changed',
  'claim held back',
  'grant under a limit',
  'grant under a key',
  'task discarded',
  'task handed on',
  'lock asked for',
  'lock passed on',
  'lock expired to another',
  'paused queued',
  'paused running',
  'paused waiting',
  'resumed queued',
  'resumed running',
  'resumed waiting',
  'outcome of a paused run ok',
  'why PAUSED',
  'why EXECUTING',
  'why WAITING_SIGNAL',
  'why WAITING_CHILD',
  'why WAITING_TASK',
  'why WAITING_LOCK',
  'why RETRY_BACKOFF',
  'why SLEEPING',
  'why DELAYED_START',
  'why QUEUE_BACKLOG',
  'why QUEUE_PAUSED',
  'why LIMIT_REACHED',
  'why ASSIGNED_WINDOW',
  'why NO_ENGINE',
  'why leads to a run',
  'why frees by its signal',
  'attempt overlapped',
  'attempt unrecorded',
] as const;

/** The sightings that are missing. */
export function missingSightings(tally: Tally): string[] {
  return EXPECTED_SIGHTINGS.filter((name) => tally.get(name) === 0);
}

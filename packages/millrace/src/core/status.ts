/** The states of a run. Open runs can still change; closed ones are final (only `retry` reopens one). */
export const OPEN_STATUSES = ['queued', 'running', 'waiting', 'paused', 'blocked'] as const;
export const CLOSED_STATUSES = ['completed', 'failed', 'cancelled', 'timed-out', 'continued'] as const;

export type OpenStatus = (typeof OPEN_STATUSES)[number];
export type ClosedStatus = (typeof CLOSED_STATUSES)[number];
export type RunStatus = OpenStatus | ClosedStatus;

/** Whether a run in this status has ended. */
export function isClosed(status: RunStatus): status is ClosedStatus {
  return (CLOSED_STATUSES as readonly string[]).includes(status);
}

/**
 * The small integers that stores keep instead of words: open statuses below 10, closed ones from 10 on.
 * The order is stored data: it never changes.
 */
export const STATUS_CODE: Readonly<Record<RunStatus, number>> = {
  queued: 0,
  running: 1,
  waiting: 2,
  paused: 3,
  blocked: 4,
  completed: 10,
  failed: 11,
  cancelled: 12,
  'timed-out': 13,
  continued: 14,
};

const STATUS_OF_CODE: ReadonlyMap<number, RunStatus> = new Map(
  Object.entries(STATUS_CODE).map(([status, code]) => [code, status as RunStatus]),
);

/** The word for a stored status code; throws on a code that no version of this package writes. */
export function statusOf(code: number): RunStatus {
  const status = STATUS_OF_CODE.get(code);
  if (status === undefined) throw new RangeError(`unknown run status code ${code}`);
  return status;
}

export const PRIORITIES = ['low', 'normal', 'high', 'critical'] as const;
/** How urgent a run is. Higher ones are claimed first; waiting ages a run by one boost step (see `rank`). */
export type Priority = (typeof PRIORITIES)[number];

/** Stored numbers of the priorities, as the seeds name them: LOW=1 NORMAL=2 HIGH=3 CRITICAL=4. */
export const PRIORITY_CODE: Readonly<Record<Priority, number>> = { low: 1, normal: 2, high: 3, critical: 4 };

/** The word for a stored priority. */
export function priorityOf(code: number): Priority {
  const priority = PRIORITIES[code - 1];
  if (priority === undefined) throw new RangeError(`unknown priority code ${code}`);
  return priority;
}

/** Head start of each priority in the claim order, in milliseconds. */
const BOOST_MS: Readonly<Record<Priority, number>> = {
  low: 0,
  normal: 60_000,
  high: 120_000,
  critical: 3_600_000,
};

/**
 * Claim order: runs are taken by ascending rank. A run that became ready at `readyAt` goes before everything
 * of its own priority that became ready later, and a low one overtakes normal ones that became ready a minute
 * after it: ageing without a sort key that changes with time.
 * @param readyAt - store time in ms.
 */
export function rank(priority: Priority, readyAt: number): number {
  return readyAt - BOOST_MS[priority];
}

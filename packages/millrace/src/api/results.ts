import { CancelledError, isMillraceError, MillraceError, TimeoutError } from '../core/errors.ts';
import { errorOf, type Failure } from '../core/failure.ts';
import { decodeValue } from '../core/json.ts';
import { readBlock, type Block } from '../core/reading/waits.ts';
import { closingPayload } from '../core/run/chunk.ts';
import { isUnreadable } from '../core/payload/unreadable.ts';
import { isClosed, type ClosedStatus } from '../core/status.ts';
import { startLoop, type Loop } from '../engine/loop.ts';
import type { Ports } from '../engine/ports.ts';
import { notFound } from './desk.ts';
import type { RunRow, Store } from '../store/port/store.ts';

/** How a run ended. `payload`: its output, its failure, or the input of its successor. */
export interface Ending {
  status: ClosedStatus;
  payload: string;
  successor?: string | undefined;
}

export interface Results {
  /** Resolves when the run (or the run that it continued as) has ended; follows successors. */
  ending(runId: string, timeoutMs: number | undefined, signal?: AbortSignal): Promise<Ending>;
  /** The engine of this process closed a run. */
  settle(runId: string, ending: Ending): void;
  /** Something closed somewhere. */
  nudge(): void;
  /** Whoever still waits is told that no answer will come. */
  stop(): Promise<void>;
}

const FIRST_POLL_MS = 25;
const LONGEST_POLL_MS = 1_000;
const MAX_ASKED = 500;

export interface ResultsParts {
  readonly store: Store;
  readonly ports: Ports;
  /** Runs of another are as unknown as those that do not exist. */
  readonly namespace: string;
  /** Whether this process's engine drives the run at this moment, so that asking the store is idle. */
  isHere(runId: string): boolean;
}

/** Those who wait for runs to end: answered by this process's engine at once, by polling for all others. */
export function createResults({ store, ports, namespace, isHere }: ResultsParts): Results {
  const waiting: Waiting = new Map();
  let pollMs = FIRST_POLL_MS;
  let loop: Loop | undefined;
  let stopped = false;

  const settle = (runId: string, ending: Ending): void => {
    const waiters = waiting.get(runId);
    if (waiters === undefined) return;
    waiting.delete(runId);
    for (const { resolve } of waiters) resolve(ending);
  };
  const refuse = (runId: string, error: MillraceError): void => {
    const waiters = waiting.get(runId) ?? [];
    waiting.delete(runId);
    for (const { reject } of waiters) reject(error);
  };
  const tick = async (): Promise<number> => {
    const asked = awayFrom(waiting, isHere);
    if (asked.length === 0) return waiting.size === 0 ? LONGEST_POLL_MS * 60 : LONGEST_POLL_MS;
    const rows = await store.readRuns(asked.map((runId) => ({ runId, namespace })));
    let found = 0;
    rows.forEach((row, at) => {
      const runId = asked[at] as string;
      if (row === undefined) return refuse(runId, notFound({ runId }));
      if (row.status === 'blocked') return refuse(runId, blocked(row));
      if (!isClosed(row.status)) return rotate(waiting, runId);
      found++;
      const ending = endingOf(row);
      if (isMillraceError(ending)) refuse(runId, ending);
      else settle(row.runId, ending);
    });
    pollMs = found > 0 ? FIRST_POLL_MS : Math.min(pollMs * 2, LONGEST_POLL_MS);
    return pollMs;
  };
  const closedAs = (runId: string, timeoutMs: number | undefined, signal?: AbortSignal): Promise<Ending> => {
    if (stopped) return Promise.reject(closed());
    const ending = enlist(ports, waiting, runId, { timeoutMs, signal });
    loop ??= startLoop(ports, 'results', tick);
    pollMs = FIRST_POLL_MS;
    // Of a run that is here the end is told; any other may have ended already.
    if (isHere(runId)) loop.within(pollMs);
    else loop.nudge();
    return ending;
  };

  return {
    async ending(runId, timeoutMs, signal) {
      const until = timeoutMs === undefined ? undefined : ports.clock.mono() + timeoutMs;
      for (let current = runId; ;) {
        const left = until === undefined ? undefined : Math.max(0, until - ports.clock.mono());
        const ending = await closedAs(current, left, signal);
        if (ending.status !== 'continued' || ending.successor === undefined) return ending;
        current = ending.successor;
      }
    },
    settle,
    nudge: () => {
      if (waiting.size > 0) loop?.nudge();
    },
    async stop() {
      stopped = true;
      for (const runId of [...waiting.keys()]) refuse(runId, closed());
      await loop?.stop();
    },
  };
}

type Waiting = Map<string, Waiter[]>;

interface Waiter {
  resolve(ending: Ending): void;
  reject(error: MillraceError): void;
}

interface Patience {
  timeoutMs: number | undefined;
  signal: AbortSignal | undefined;
}

/** Puts one more into the line of those who wait for a run; after `timeoutMs`, or when it gives up, it is out again. */
function enlist(
  ports: Ports,
  waiting: Waiting,
  runId: string,
  { timeoutMs, signal }: Patience,
): Promise<Ending> {
  if (timeoutMs === undefined && signal === undefined) {
    return new Promise((resolve, reject) => queue(waiting, runId, { resolve, reject }));
  }
  return new Promise((resolve, reject) => {
    const leave = (why: MillraceError): void => {
      const others = (waiting.get(runId) ?? []).filter((other) => other !== waiter);
      if (others.length === 0) waiting.delete(runId);
      else waiting.set(runId, others);
      waiter.reject(why);
    };
    const giveUp = (): void => leave(new CancelledError('nobody waits for the result any more'));
    const late = (): void => leave(new TimeoutError(`run ${runId} did not end in time`, { runId }));
    const stopTimer = timeoutMs === undefined ? undefined : ports.after(timeoutMs, late);
    const cancel = (): void => {
      stopTimer?.();
      signal?.removeEventListener('abort', giveUp);
    };
    const waiter: Waiter = {
      resolve(ending) {
        cancel();
        resolve(ending);
      },
      reject(error) {
        cancel();
        reject(error);
      },
    };
    queue(waiting, runId, waiter);
    if (signal?.aborted === true) giveUp();
    else signal?.addEventListener('abort', giveUp);
  });
}

function queue(waiting: Waiting, runId: string, waiter: Waiter): void {
  const waiters = waiting.get(runId);
  if (waiters === undefined) waiting.set(runId, [waiter]);
  else waiters.push(waiter);
}

function closed(): MillraceError {
  return new MillraceError('ENGINE_CLOSED', 'Millrace was closed before the run ended', {
    remedy: 'Ask for the result through another one: the run goes on wherever an engine has its workflow.',
  });
}

/** A blocked run does not end by itself: whoever waits for it is told why. */
function blocked(row: RunRow): MillraceError {
  const { runId, blockCode } = row;
  const told = particularsOf(row);
  return new MillraceError('RUN_BLOCKED', `run ${runId} is blocked (${blockCode}): ${told.message ?? ''}`, {
    details: { ...told, runId, code: blockCode },
  });
}

function particularsOf(row: RunRow): Partial<Block> {
  try {
    return readBlock(row) ?? {};
  } catch (error) {
    if (isUnreadable(error)) return { message: error.message };
    throw error;
  }
}

/** The runs to ask the store about: those that this process does not drive itself. */
function awayFrom(waiting: Waiting, isHere: (runId: string) => boolean): string[] {
  const asked: string[] = [];
  for (const runId of waiting.keys()) {
    if (!isHere(runId)) asked.push(runId);
    if (asked.length === MAX_ASKED) break;
  }
  return asked;
}

/**
 * Those that were asked about and are still open go to the end of the line, so that everybody gets a turn.
 */
function rotate(waiting: Waiting, runId: string): void {
  const waiters = waiting.get(runId);
  if (waiters === undefined || waiting.size <= MAX_ASKED) return;
  waiting.delete(runId);
  waiting.set(runId, waiters);
}

/** The ending of a closed run, from its row; or why it cannot be read, which concerns nobody who waits for others. */
function endingOf(row: RunRow): Ending | MillraceError {
  const status = row.status as ClosedStatus;
  try {
    return { status, payload: closingPayload(row.lastChunk), successor: row.successor };
  } catch (error) {
    if (isUnreadable(error)) return error;
    throw error;
  }
}

/** The output of a completed run; throws what any other ending means. */
export function outputOf(runId: string, ending: Ending): unknown {
  if (ending.status === 'completed') return decodeValue(ending.payload);
  const failure = decodeValue(ending.payload) as Failure;
  const cause = errorOf(failure);
  const details = { runId, status: ending.status };
  switch (ending.status) {
    case 'cancelled':
      throw Object.assign(new CancelledError(reasonOf(failure)), { runId });
    case 'timed-out':
      throw new MillraceError('RUN_TIMED_OUT', `run ${runId} timed out`, { details, cause, bare: true });
    default: {
      const label = failure.code === undefined ? failure.name : failure.code;
      throw new MillraceError('RUN_FAILED', `run ${runId} failed: ${label}: ${failure.message}`, {
        ...{ details: { ...details, code: label }, cause },
        bare: true,
      });
    }
  }
}

function reasonOf(failure: Failure): string | undefined {
  const { details } = failure;
  const reason =
    typeof details === 'object' && details !== null ? (details as { reason?: unknown }).reason : undefined;
  return typeof reason === 'string' ? reason : undefined;
}

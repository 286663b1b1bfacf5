import type { CallOptions, Caller } from '../call.ts';
import { RunError } from '../errors.ts';
import type { Outcome } from '../shapes.ts';
import { pause } from '../transport/pause.ts';

export interface ResultOptions extends CallOptions {
  /** How long to wait in all, ms. Default: as long as it takes. */
  readonly waitMs?: number | undefined;
}

/** How long the server holds one question: no proxy takes it for dead before that. */
const HOLD_MS = 20_000;
/** Between questions to a server that answers sooner than it was asked to. */
const SPACING_MS = 250;

/** Asks by long polls until the run, or the one as which it goes on, has ended. */
export async function awaitOutput<T>(
  caller: Caller,
  runId: string,
  { waitMs = Infinity, signal }: ResultOptions,
): Promise<T> {
  const until = performance.now() + waitMs;
  for (;;) {
    const askedAt = performance.now();
    const holdMs = Math.ceil(Math.max(0, Math.min(HOLD_MS, until - askedAt)));
    const taken = { params: { runId }, query: { wait: `${holdMs}ms` }, signal, patienceMs: holdMs };
    // oxlint-disable-next-line no-await-in-loop -- one question after the other
    const outcome = await caller.call('awaitResult', taken);
    if (outcome.status === 'completed') return outcome.output as T; // what it gives is the caller's word
    const end = endOf(outcome);
    if (end !== undefined) throw new RunError(end, outcome, sentence(outcome));
    if (performance.now() >= until)
      throw new RunError('TIMEOUT', outcome, `${sentence(outcome)} after ${waitMs} ms`);
    // oxlint-disable-next-line no-await-in-loop -- the pause is the point
    if (performance.now() - askedAt < holdMs / 2) await pause(SPACING_MS, signal);
  }
}

/** Undefined: it is still open, and may go on by itself. */
function endOf({ status }: Outcome): RunError['code'] | undefined {
  switch (status) {
    case 'failed':
    case 'continued':
      return 'RUN_FAILED';
    case 'cancelled':
      return 'CANCELLED';
    case 'timed-out':
      return 'RUN_TIMED_OUT';
    case 'blocked':
      return 'RUN_BLOCKED';
    case 'queued':
    case 'running':
    case 'waiting':
    case 'paused':
    case 'completed':
      return undefined;
  }
}

function sentence({ runId, status, error }: Outcome): string {
  const why = error === null ? '' : `: ${error.code ?? 'error'}: ${error.message}`;
  return `run ${runId} is ${status}${why}`;
}

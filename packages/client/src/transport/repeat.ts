import { ApiError, ConnectionError } from '../errors.ts';
import { backoffMs, type RetryPolicy } from './backoff.ts';
import { pause } from './pause.ts';

/** Statuses of a server, or of what stands before it, that pass. */
const PASSING: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * Calls it again after failures that pass. Only for what may be done twice.
 * @throws the last failure; the reason of the signal.
 */
export async function repeated<T>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
      return await attempt();
    } catch (error) {
      const wait = isPassing(error) ? backoffMs(policy, failures, retryAfterOf(error)) : undefined;
      if (wait === undefined || failures >= policy.attempts || signal?.aborted === true) throw error;
      // oxlint-disable-next-line no-await-in-loop -- the pause is the point
      await pause(wait, signal);
    }
  }
}

/** Whether the same request may fare better a little later. */
export function isPassing(error: unknown): boolean {
  if (error instanceof ApiError) return PASSING.has(error.status);
  return error instanceof ConnectionError && error.code !== 'BAD_ANSWER';
}

export function retryAfterOf(error: unknown): number | undefined {
  return error instanceof ApiError ? error.retryAfterMs : undefined;
}

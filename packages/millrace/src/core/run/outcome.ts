import type { Failure } from '../failure.ts';
import { encodeValue } from '../json.ts';
import { isRetryable, nextDelayMs } from '../policy/retry.ts';
import type { StepCommand } from './command.ts';
import type { EventOf } from './event.ts';

/** What a failed attempt means: another one after a pause, or the step's failure. */
export function failedAttempt(
  ports: { storeTime(): number; random(): number },
  { ordinal, name, attempt, policy: { retry } }: StepCommand,
  failure: Failure,
): EventOf<'step-failed' | 'step-retrying'> {
  const payload = encodeFailure(failure);
  if (attempt >= retry.maxAttempts || !isRetryable(retry, failure)) {
    return { type: 'step-failed', ordinal, name, attempt, payload };
  }
  const delayMs = nextDelayMs(retry, attempt, ports.random(), failure.retryAfterMs);
  const retryAt = Math.ceil(ports.storeTime() + delayMs);
  return { type: 'step-retrying', ordinal, name, attempt, retryAt, payload };
}

/**
 * Encodes a failure; details that cannot be stored are left out, because an error must always be recordable.
 */
export function encodeFailure(failure: Failure): string {
  try {
    return encodeValue(failure, 'error');
  } catch {
    return encodeValue(withoutDetails(failure), 'error');
  }
}

function withoutDetails(failure: Failure): Failure {
  const { details: _, cause, ...rest } = failure;
  return cause === undefined ? rest : { ...rest, cause: withoutDetails(cause) };
}

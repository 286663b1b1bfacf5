import type { Failure } from '../failure.ts';
import { encodeValue } from '../json.ts';

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

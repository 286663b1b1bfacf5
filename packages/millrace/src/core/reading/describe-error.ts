import type { Failure } from '../failure.ts';
import { decodeValue } from '../json.ts';

/** Why a run, step or child did not succeed, as every surface shows it. */
export interface ErrorDescription {
  /** The error's own code, or the class of the failure where it has none: `RUN_FAILED`, `STEP_FAILED`, … */
  readonly code: string;
  readonly message: string;
  /** Class name of what was thrown. */
  readonly name: string;
  readonly details?: unknown;
  /** At most 20 lines. */
  readonly stack?: string;
  readonly cause?: ErrorDescription;
}

/**
 * A stored failure as every surface shows it.
 * @param payload - text of an encoded `Failure`; undefined for an end that says nothing more.
 * @param code - of an error that has none of its own; default: its class name.
 */
export function describeError(payload: string | undefined, code?: string): ErrorDescription {
  if (payload === undefined) return { code: code ?? 'Error', message: '', name: 'Error' };
  return describeFailure(decodeValue(payload) as Failure, code);
}

function describeFailure(failure: Failure, code?: string): ErrorDescription {
  const { name, message, details, stack, cause } = failure;
  return {
    code: failure.code ?? code ?? name,
    message,
    name,
    ...(details === undefined ? {} : { details }),
    ...(stack === undefined ? {} : { stack }),
    ...(cause === undefined ? {} : { cause: describeFailure(cause) }),
  };
}

import { isMillraceError } from '../../core/errors.ts';
import { StoreError } from '../../store/port/errors.ts';

const PASSING = ['STORE_UNREACHABLE', 'STORE_CONGESTED', 'SERVER_UNREACHABLE'] as const;

/** The store is away or overloaded, or the server is: that passes, and whoever watches goes on watching. */
export function isOutage(error: unknown): error is Error {
  if (error instanceof StoreError) return error.failure !== 'definite';
  return PASSING.some((code) => isMillraceError(error, code));
}

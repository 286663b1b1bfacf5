import { MillraceError } from '../core/errors.ts';
import { StoreError } from '../store/port/errors.ts';

/**
 * Calls the store for a caller of the library: what the store says comes back as an error of the catalogue.
 * @throws STORE_UNREACHABLE, STORE_CONGESTED, STORE_SCHEMA_NEWER, STORE_NOT_WRITABLE, COMMIT_REFUSED.
 */
export async function ask<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw error instanceof StoreError ? publicError(error) : error;
  }
}

function publicError(error: StoreError): MillraceError {
  const cause = error;
  const details = { failure: error.failure };
  switch (error.failure) {
    case 'definite':
      return new MillraceError(error.code ?? 'COMMIT_REFUSED', error.message, { cause, details });
    case 'congestion':
      return new MillraceError('STORE_UNREACHABLE', error.message, { cause, details });
    case 'ambiguous':
      return new MillraceError('STORE_UNREACHABLE', `${error.message}; whether it was written is not known`, {
        remedy: 'Repeat the call with the same key or id: it is then done once.',
        ...{ cause, details },
      });
  }
}

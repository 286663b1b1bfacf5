import { MillraceError } from '../core/errors.ts';
import { persist } from '../engine/commit/persist.ts';
import type { Ports } from '../engine/ports.ts';
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

/** A caller waits this long for a store that does not answer; engines wait for ever. */
const GIVE_UP_MS = 30_000;

/** Repeats a call that may be made twice until its answer is definite, or the caller has waited long enough. */
export type Patience = <R>(call: () => Promise<R>) => Promise<R>;

/** @param isClosed - true when nobody waits for answers any more. */
export function callersPatience(ports: Ports, isClosed: () => boolean): Patience {
  return (call) => {
    const until = ports.clock.mono() + GIVE_UP_MS;
    return ask(() => persist(ports, call, () => isClosed() || ports.clock.mono() > until));
  };
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

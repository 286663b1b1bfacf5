/**
 * How a store call failed, which decides what may be done next.
 *   definite    nothing was written; the same call would fail again, or may simply be repeated (`retryable`)
 *   ambiguous   it may have been written: repeat the identical call until the answer is definite
 *   congestion  nothing was written, the store is overloaded or away: back off, then repeat
 */
export type StoreFailure = 'definite' | 'ambiguous' | 'congestion';

/** Failures that a caller can do something about, named as the catalogue of errors names them. */
export type StoreErrorCode =
  | 'INVALID_ARGUMENT'
  | 'ENGINE_CLOSED'
  | 'STORE_URL'
  | 'STORE_SCHEMA_NEWER'
  | 'STORE_NOT_WRITABLE'
  | 'ASYNC_TRANSACTION';

export interface StoreErrorOptions {
  retryable?: boolean;
  code?: StoreErrorCode;
  cause?: unknown;
}

export class StoreError extends Error {
  readonly failure: StoreFailure;
  /** A definite failure that repeating may cure (deadlock, serialisation, lock timeout). */
  readonly retryable: boolean;
  readonly code: StoreErrorCode | undefined;

  constructor(failure: StoreFailure, message: string, options: StoreErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StoreError';
    this.failure = failure;
    this.retryable = options.retryable ?? failure !== 'definite';
    this.code = options.code;
  }
}

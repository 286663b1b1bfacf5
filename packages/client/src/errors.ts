import type { Outcome } from './shapes.ts';

/** What went wrong between the client and the server, where no answer said so. */
export type ConnectionFault =
  /** No connection, or it was cut. */
  | 'UNREACHABLE'
  /** The server did not answer in time. */
  | 'NO_ANSWER'
  /** What answered is not a Millrace server: the body is not what it says. */
  | 'BAD_ANSWER';

/** A refusal of the server, or a failure of it: what its problem document says. @source RFC 9457. */
export class ApiError extends Error {
  /** A code of the catalogue of errors, `INTERNAL`, or `HTTP_502` and the like where something else answered. */
  readonly code: string;
  /** HTTP status. */
  readonly status: number;
  /** What to do about it; undefined where something else than Millrace answered. */
  readonly remedy: string | undefined;
  /** Under which the server's log has more. */
  readonly requestId: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;
  /** After how long it may be tried again, where the server has said so. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, { code, status, remedy, requestId, details, retryAfterMs }: ApiErrorFields) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
    this.remedy = remedy;
    this.requestId = requestId;
    this.details = details ?? {};
    this.retryAfterMs = retryAfterMs;
  }
}

export interface ApiErrorFields {
  readonly code: string;
  readonly status: number;
  readonly remedy?: string | undefined;
  readonly requestId?: string | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** The server was not reached, or did not answer; whether it did what it was asked is not known. */
export class ConnectionError extends Error {
  readonly code: ConnectionFault;
  /** What was asked: `GET https://…/api/v1/runs`. */
  readonly request: string;

  constructor(code: ConnectionFault, request: string, why: string, cause?: unknown) {
    super(`${request}: ${why}`, cause === undefined ? undefined : { cause });
    this.name = 'ConnectionError';
    this.code = code;
    this.request = request;
  }
}

/** Whether something caught is a refusal of the server, optionally with this code. True for another copy's, too. */
export function isApiError(error: unknown, code?: string): error is ApiError {
  return (
    error instanceof Error && error.name === 'ApiError' && (code === undefined || codeOf(error) === code)
  );
}

/** Whether something caught says that the server was not reached or did not answer. */
export function isConnectionError(error: unknown): error is ConnectionError {
  return error instanceof Error && error.name === 'ConnectionError';
}

function codeOf(error: Error): unknown {
  return (error as { readonly code?: unknown }).code;
}

/** A run that was waited for did not complete. */
export class RunError extends Error {
  /** How it ended; `TIMEOUT`: it has not, within the time that was given. */
  readonly code: 'RUN_FAILED' | 'CANCELLED' | 'RUN_TIMED_OUT' | 'RUN_BLOCKED' | 'TIMEOUT';
  /** The run as it was last seen, with its error. */
  readonly outcome: Outcome;

  constructor(code: RunError['code'], outcome: Outcome, message: string) {
    super(message);
    this.name = 'RunError';
    this.code = code;
    this.outcome = outcome;
  }
}

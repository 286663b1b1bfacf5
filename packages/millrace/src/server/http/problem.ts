import { ERRORS, isMillraceError, type ErrorCode } from '../../core/errors.ts';

/** A refusal as the caller reads it. @source RFC 9457, Problem Details for HTTP APIs. */
export interface Problem {
  /** Where the code is explained. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode | 'INTERNAL';
  readonly remedy: string;
  readonly requestId: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export const PROBLEM_TYPE = 'application/problem+json';

/**
 * An error as a problem. What is not in the catalogue is a bug: of it the caller learns the request's id, under which the
 * log has the rest.
 */
export function problemOf(error: unknown, requestId: string): Problem {
  if (!isMillraceError(error)) return internal(requestId);
  const { code, message, remedy, details } = error;
  const { status, summary } = ERRORS[code];
  const type = `urn:millrace:error:${code}`;
  const problem = { type, title: summary, status, detail: message, code, remedy, requestId };
  return Object.keys(details).length === 0 ? problem : { ...problem, details };
}

function internal(requestId: string): Problem {
  return {
    type: 'urn:millrace:error:INTERNAL',
    title: 'The server failed.',
    status: 500,
    detail: 'the request could not be answered',
    code: 'INTERNAL',
    remedy: 'Tell whoever runs this server the request id; its log says what happened.',
    requestId,
  };
}

import { MillraceError } from '../../core/errors.ts';
import type { Millrace } from '../../millrace.ts';
import { originOf, type Origin } from '../audit/origin.ts';
import type { Principal } from '../access/principal.ts';
import type { Asked, HeaderReader } from '../wire/exchange.ts';
import type { Trace } from './trace.ts';

/** What a handler knows of the request beside what it takes. */
export interface RequestContext {
  readonly principal: Principal;
  /** Of the principal's namespace: it finds nothing of another. */
  readonly millrace: Millrace;
  /** Of this request, in the answer and in every log line about it. */
  readonly requestId: string;
  /** W3C trace context of the caller, where it has one that is well-formed. */
  readonly traceparent: string | undefined;
  readonly headers: HeaderReader;
  /** For what is written into the audit log together with the act. */
  readonly origin: Origin;
  /** Ends with the connection, and when the server is about to close. */
  readonly signal: AbortSignal;
}

export interface RequestParts {
  readonly asked: Asked;
  readonly principal: Principal;
  readonly millrace: Millrace;
  readonly trace: Trace;
  /** Address that it comes from. */
  readonly remote: string;
  /** Aborted when the server is about to close. */
  readonly stopping: AbortSignal | undefined;
}

// A class, because one is made for each request, and what few handlers ask for is made where it is asked for.
export class HandledRequest implements RequestContext {
  readonly principal: Principal;
  readonly millrace: Millrace;
  readonly requestId: string;
  readonly traceparent: string | undefined;
  readonly headers: HeaderReader;
  private readonly parts: RequestParts;

  constructor(parts: RequestParts) {
    const { asked, principal, millrace, trace } = parts;
    this.principal = principal;
    this.millrace = millrace;
    this.requestId = trace.requestId;
    this.traceparent = trace.traceparent;
    this.headers = asked.headers;
    this.parts = parts;
  }

  get origin(): Origin {
    const { headers, requestId } = this;
    return originOf(this.principal, { headers, requestId, remote: this.parts.remote });
  }

  get signal(): AbortSignal {
    const { asked, stopping } = this.parts;
    return stopping === undefined ? asked.signal : AbortSignal.any([asked.signal, stopping]);
  }
}

const FORM = /^[\x21-\x7e]{1,255}$/;

/**
 * What the caller calls this act, so that sending it again does not do it again.
 * @throws INVALID_REQUEST.
 */
export function idempotencyKeyOf(headers: HeaderReader): string | undefined {
  const given = headers.get('idempotency-key');
  if (given === null || FORM.test(given)) return given ?? undefined;
  throw new MillraceError('INVALID_REQUEST', 'header Idempotency-Key is empty, too long or not plain text', {
    remedy: 'Send 1 to 255 visible ASCII characters.',
  });
}

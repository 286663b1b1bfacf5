import type { Millrace } from '../../millrace.ts';
import type { Principal } from '../access/principal.ts';

/** What a handler knows of the request beside what it takes. */
export interface RequestContext {
  readonly principal: Principal;
  /** Of the principal's namespace: it finds nothing of another. */
  readonly millrace: Millrace;
  /** Of this request, in the answer and in every log line about it. */
  readonly requestId: string;
  /** W3C trace context of the caller, where it has one that is well-formed. */
  readonly traceparent: string | undefined;
  readonly headers: Headers;
  /** Ends with the connection, and when the server is about to close. */
  readonly signal: AbortSignal;
}

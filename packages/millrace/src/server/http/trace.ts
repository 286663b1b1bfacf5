import { isTraceparent } from '../../core/workflow/trace.ts';
import type { HeaderReader } from '../wire/exchange.ts';

const REQUEST_ID = /^[\w.:+/=-]{1,128}$/;

/** By what a request is known. */
export interface Trace {
  readonly requestId: string;
  /** W3C trace context of the caller, where it has one that is well-formed. */
  readonly traceparent: string | undefined;
}

export function traceOf(headers: HeaderReader, uuid: () => string): Trace {
  return { requestId: requestIdOf(headers, uuid), traceparent: traceparentOf(headers) };
}

/** The caller's own id of the request, where it has a sound one; else a new one. */
function requestIdOf(headers: HeaderReader, uuid: () => string): string {
  const given = headers.get('x-request-id');
  return given !== null && REQUEST_ID.test(given) ? given : uuid();
}

/** Of an ill-formed one nothing is believed. */
function traceparentOf(headers: HeaderReader): string | undefined {
  const given = headers.get('traceparent');
  return given !== null && isTraceparent(given) ? given : undefined;
}

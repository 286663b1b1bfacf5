const REQUEST_ID = /^[\w.:+/=-]{1,128}$/;
const TRACEPARENT = /^[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The caller's own id of the request, where it has a sound one; else a new one. */
export function requestIdOf(headers: Headers, uuid: () => string): string {
  const given = headers.get('x-request-id');
  return given !== null && REQUEST_ID.test(given) ? given : uuid();
}

/** @source W3C Trace Context; of an ill-formed one nothing is believed. */
export function traceparentOf(headers: Headers): string | undefined {
  const given = headers.get('traceparent');
  return given !== null && TRACEPARENT.test(given) && !given.startsWith('ff') ? given : undefined;
}

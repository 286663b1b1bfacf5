const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Whether a text is a trace context: `version-traceId-parentId-flags`. @source W3C Trace Context. */
export function isTraceparent(text: string): boolean {
  return TRACEPARENT.test(text);
}

import { hash } from 'node:crypto';
import { plainJson } from '../../core/json/plain-json.ts';
import type { Answer, Route } from './route.ts';
import type { Trace } from './trace.ts';

/** The response to an answer. Headers are a plain object: the platform makes no other of it on its way out. */
export function answered(route: Route, request: Request, answer: Answer, trace: Trace): Response {
  const { status, body, stream } = answer;
  const headers: Record<string, string> = {
    'cache-control': 'no-store',
    ...answer.headers,
    ...traceHeaders(trace),
  };
  if (stream !== undefined) return streaming(request, stream, { status, headers });
  if (body === undefined) return new Response(null, { status, headers });
  const text = plainJson(body);
  if (route.polled === true && status === 200) {
    const tag = `"${hash('sha256', text, 'base64url').slice(0, 27)}"`;
    headers['etag'] = tag;
    headers['cache-control'] = 'private, no-cache';
    if (hasAlready(request.headers, tag)) return new Response(null, { status: 304, headers });
  }
  headers['content-type'] = 'application/json';
  return new Response(text, { status, headers });
}

/** What every answer says of its request, so that both sides can speak of the same one. */
export function traceHeaders({ requestId, traceparent }: Trace): Record<string, string> {
  return traceparent === undefined
    ? { 'x-request-id': requestId }
    : { 'x-request-id': requestId, traceparent };
}

/** Of a HEAD nobody reads the stream: what stands behind it must know. */
function streaming(request: Request, stream: ReadableStream<Uint8Array>, init: ResponseInit): Response {
  if (request.method !== 'HEAD') return new Response(stream, init);
  void stream.cancel();
  return new Response(null, init);
}

/** Whether the caller has what it asks for. @source RFC 9110, If-None-Match. */
function hasAlready(headers: Headers, tag: string): boolean {
  const given = headers.get('if-none-match');
  return given !== null && given.split(',').some((each) => [tag, `W/${tag}`, '*'].includes(each.trim()));
}

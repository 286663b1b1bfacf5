import { createHash } from 'node:crypto';
import type { Answer, Route } from './route.ts';

/** The response to an answer. */
export function answered(route: Route, request: Request, answer: Answer, requestId: string): Response {
  const headers = new Headers({ 'cache-control': 'no-store', ...answer.headers, 'x-request-id': requestId });
  const { status, body, stream } = answer;
  if (stream !== undefined) return streaming(request, stream, { status, headers });
  if (body === undefined) return new Response(null, { status, headers });
  const text = JSON.stringify(body);
  headers.set('content-type', 'application/json');
  if (route.polled !== true || status !== 200) return new Response(text, { status, headers });
  const tag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`;
  headers.set('etag', tag);
  headers.set('cache-control', 'private, no-cache');
  if (hasAlready(request.headers, tag))
    return new Response(null, { status: 304, headers: withoutType(headers) });
  return new Response(text, { status, headers });
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

function withoutType(headers: Headers): Headers {
  headers.delete('content-type');
  return headers;
}

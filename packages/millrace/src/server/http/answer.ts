import { createHash } from 'node:crypto';
import type { Answer, Route } from './route.ts';

/** The response to an answer. */
export function answered(route: Route, request: Request, answer: Answer, requestId: string): Response {
  const headers = new Headers({ 'cache-control': 'no-store', ...answer.headers, 'x-request-id': requestId });
  const { status, body, stream } = answer;
  if (stream !== undefined) return new Response(stream, { status, headers });
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

/** Whether the caller has what it asks for. @source RFC 9110, If-None-Match. */
function hasAlready(headers: Headers, tag: string): boolean {
  const given = headers.get('if-none-match');
  return given !== null && given.split(',').some((each) => [tag, `W/${tag}`, '*'].includes(each.trim()));
}

function withoutType(headers: Headers): Headers {
  headers.delete('content-type');
  return headers;
}

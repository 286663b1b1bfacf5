import { hash } from 'node:crypto';
import { plainJson } from '../../core/json/plain-json.ts';
import type { HeaderReader, Reply } from '../wire/exchange.ts';
import { PROBLEM_TYPE, type Problem } from './problem.ts';
import type { Answer, Route } from './route.ts';
import type { Trace } from './trace.ts';

/** Whatever a reply holds, no browser runs or frames it, and nobody keeps it. */
const INERT = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
} as const;

/** The reply to a request that a handler has answered. */
export function replyOf(
  { polled }: Route,
  asked: { readonly headers: HeaderReader },
  { status, headers: own, body, text: plain, stream }: Answer,
  trace: Trace,
): Reply {
  const headers: Record<string, string> = { ...INERT, ...own };
  tellTrace(headers, trace);
  if (stream !== undefined) return { status, headers, body: stream };
  if (plain !== undefined) return { status, headers, body: plain };
  if (body === undefined) return { status, headers };
  const text = plainJson(body);
  if (polled === true && status === 200) {
    const tag = `"${hash('sha256', text, 'base64url').slice(0, 27)}"`;
    headers['etag'] = tag;
    headers['cache-control'] = 'private, no-cache';
    if (hasAlready(asked.headers, tag)) return { status: 304, headers };
  }
  headers['content-type'] = 'application/json';
  return { status, headers, body: text };
}

/** The reply that says it. */
export function problemReply(problem: Problem, trace: Trace): Reply {
  const headers: Record<string, string> = { ...INERT, 'content-type': PROBLEM_TYPE };
  tellTrace(headers, trace);
  const { retryAfterMs } = problem.details ?? {};
  if (typeof retryAfterMs === 'number') headers['retry-after'] = String(Math.ceil(retryAfterMs / 1000));
  if (problem.status === 401) headers['www-authenticate'] = 'Bearer';
  return { status: problem.status, headers, body: JSON.stringify(problem) };
}

/** A document of our own. */
export function jsonReply(status: number, body: string): Reply {
  return { status, headers: { ...INERT, 'content-type': 'application/json' }, body };
}

/** What every answer says of its request, so that both sides can speak of the same one. */
function tellTrace(headers: Record<string, string>, { requestId, traceparent }: Trace): void {
  headers['x-request-id'] = requestId;
  if (traceparent !== undefined) headers['traceparent'] = traceparent;
}

/** Whether the caller has what it asks for. @source RFC 9110, If-None-Match. */
function hasAlready(headers: HeaderReader, tag: string): boolean {
  const given = headers.get('if-none-match');
  return given !== null && given.split(',').some((each) => [tag, `W/${tag}`, '*'].includes(each.trim()));
}

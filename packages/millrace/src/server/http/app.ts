import { Hono } from 'hono';
import type { z } from 'zod';
import { MillraceError } from '../../core/errors.ts';
import { may, type Doorkeeper, type Principal } from '../access/principal.ts';
import type { Tenants } from '../tenants.ts';
import { readBody } from './body.ts';
import { answered } from './answer.ts';
import { problemAnswer, problemOf } from './problem.ts';
import type { RequestContext } from './request.ts';
import type { Route } from './route.ts';
import { requestIdOf, traceparentOf } from './trace.ts';

/** What the application needs of the process. */
export interface AppParts {
  readonly routes: readonly Route[];
  readonly tenants: Tenants;
  readonly doorkeeper: Doorkeeper;
  readonly uuid: () => string;
  /** Of a body, bytes. */
  readonly maxBodyBytes: number;
  /** Address of the peer of a request. */
  readonly remoteOf: (request: Request) => string;
  /** An error that is nobody's mistake but ours. */
  readonly reportBug: (error: unknown, requestId: string) => void;
  /** Aborted when the server is about to close: whoever waits in a handler is let go. */
  readonly stopping?: AbortSignal;
  /** Hears of every request that was answered; must not throw. */
  readonly onAnswer?: (seen: Answered) => void;
}

/** One request with its end. */
export interface Answered {
  readonly route: Route;
  readonly context: RequestContext;
  readonly remote: string;
  readonly params: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly status: number;
}

/** The API below `/api/v1`: every path there asks who calls before it says anything else. */
export function createApi(parts: AppParts): Hono {
  const api = new Hono();
  for (const route of parts.routes) {
    const path = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
    api.on(route.method.toUpperCase(), path, (c) => serve(parts, route, c.req.raw, c.req.param()));
  }
  api.all('*', (c) => unknownPath(parts, c.req.raw));
  return api;
}

async function serve(
  parts: AppParts,
  route: Route,
  request: Request,
  params: Readonly<Record<string, string>>,
): Promise<Response> {
  const requestId = requestIdOf(request.headers, parts.uuid);
  try {
    const remote = parts.remoteOf(request);
    const principal = await identified(parts, request, remote);
    if (!may(principal, route.permission)) throw forbidden(principal, route);
    const taken = {
      params: checked(route.params, params, 'path'),
      query: checked(route.query, queryOf(request.url), 'query'),
      body: await bodyOf(parts, route, request),
    };
    const context: RequestContext = {
      principal,
      requestId,
      millrace: parts.tenants.of(principal.namespace),
      traceparent: traceparentOf(request.headers),
      headers: request.headers,
      signal: parts.stopping ? AbortSignal.any([request.signal, parts.stopping]) : request.signal,
    };
    const answer = await route.handle(taken, context);
    parts.onAnswer?.({ route, context, remote, params, body: taken.body, status: answer.status });
    return answered(route, request, answer, requestId);
  } catch (error) {
    return refused(parts, error, requestId);
  }
}

/** Of a path that does not exist one learns it only with a credential. */
async function unknownPath(parts: AppParts, request: Request): Promise<Response> {
  const requestId = requestIdOf(request.headers, parts.uuid);
  try {
    await identified(parts, request, parts.remoteOf(request));
    const { pathname } = new URL(request.url);
    throw new MillraceError('NO_SUCH_ROUTE', `there is no ${request.method} ${pathname}`);
  } catch (error) {
    return refused(parts, error, requestId);
  }
}

async function identified({ doorkeeper }: AppParts, request: Request, remote: string): Promise<Principal> {
  const principal = await doorkeeper.identify(request.headers, remote);
  if (principal === undefined)
    throw new MillraceError('UNAUTHENTICATED', 'the request has no valid credential');
  return principal;
}

function forbidden({ role }: Principal, { permission, name }: Route): MillraceError {
  const what = `role ${role} may not ${permission}, which ${name} needs`;
  return new MillraceError('FORBIDDEN', what, { details: { role, permission } });
}

async function bodyOf(parts: AppParts, route: Route, request: Request): Promise<unknown> {
  if (route.body === undefined) return undefined;
  const body = await readBody(request, parts.maxBodyBytes);
  if (body === undefined && route.optionalBody === true) return undefined;
  return checked(route.body, body, 'body');
}

/** What is given twice counts as a list. */
function queryOf(url: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
  for (const [name, value] of new URL(url).searchParams) {
    const before = query[name];
    query[name] = before === undefined ? value : [before, value].flat();
  }
  return { ...query };
}

function checked(schema: z.ZodType | undefined, value: unknown, where: string): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) => ({
    path: [where, ...path].join('.'),
    message,
  }));
  const [first] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  throw new MillraceError('INVALID_REQUEST', `${first?.path}: ${first?.message}${more}`, {
    details: { issues },
  });
}

function refused({ reportBug }: AppParts, error: unknown, requestId: string): Response {
  const problem = problemOf(error, requestId);
  if (problem.code === 'INTERNAL') reportBug(error, requestId);
  const response = problemAnswer(problem);
  response.headers.set('x-request-id', requestId);
  if (problem.status === 401) response.headers.set('www-authenticate', 'Bearer');
  return response;
}

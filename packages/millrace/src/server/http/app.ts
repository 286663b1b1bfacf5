import { Hono } from 'hono';
import type { z } from 'zod';
import { MillraceError } from '../../core/errors.ts';
import { may, type Doorkeeper, type Principal } from '../access/principal.ts';
import { OPEN_GATE, type Gate, type Visit } from '../quota/gate.ts';
import type { Tenants } from '../tenants.ts';
import { answered, traceHeaders } from './answer.ts';
import { readBody, readText, type ReadBytes } from './body.ts';
import { refuseForeignPages } from './origin.ts';
import { problemAnswer, problemOf } from './problem.ts';
import type { RequestContext } from './request.ts';
import type { Answer, Described, Route, Taken } from './route.ts';
import { traceOf, type Trace } from './trace.ts';

/** What the application needs of the process. */
export interface AppParts {
  readonly routes: readonly Route[];
  readonly tenants: Tenants;
  readonly doorkeeper: Doorkeeper;
  /** Whom it has room for; undefined: everybody. */
  readonly gate?: Gate | undefined;
  readonly uuid: () => string;
  /** Of a body, bytes. */
  readonly maxBodyBytes: number;
  /** Address of the peer of a request. */
  readonly remoteOf: (request: Request) => string;
  /** Default: as the platform does. */
  readonly readBytes?: ReadBytes;
  /** An error that is nobody's mistake but ours. */
  readonly reportBug: (error: unknown, requestId: string) => void;
  /** Aborted when the server is about to close: whoever waits in a handler is let go. */
  readonly stopping?: AbortSignal;
  /** Hears of every request that was answered; must not throw. */
  readonly onAnswer?: (seen: Answered) => void;
  /** Hears how each request ended, before its caller does; must not reject. */
  readonly onEnd?: (seen: Seen, end: End) => Promise<void>;
}

/** One request, as far as it has come. */
export interface Seen {
  readonly route: Route;
  readonly headers: Headers;
  readonly requestId: string;
  readonly remote: string;
  readonly params: Readonly<Record<string, string>>;
  principal?: Principal;
  /** Since it was given to its handler. */
  taken?: Taken;
  described?: Described | undefined;
}

export type End = { readonly answer: Answer } | { readonly error: unknown };

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
  const { headers } = request;
  const trace = traceOf(headers, parts.uuid);
  const { requestId } = trace;
  const seen: Seen = { route, headers, requestId, remote: parts.remoteOf(request), params };
  let response: Response;
  let end: End;
  let visit: Visit | undefined;
  try {
    refuseForeignPages(request);
    visit = (parts.gate ?? OPEN_GATE).arrive();
    end = { answer: await handled(parts, request, { seen, trace, visit }) };
    response = answered(route, request, end.answer, trace);
  } catch (error) {
    end = { error };
    response = refused(parts, error, trace);
  } finally {
    visit?.leave();
  }
  await parts.onEnd?.(seen, end);
  return response;
}

async function handled(
  parts: AppParts,
  request: Request,
  { seen, trace, visit }: { seen: Seen; trace: Trace; visit: Visit },
): Promise<Answer> {
  const { route, headers, remote, params } = seen;
  const principal = await identified(parts, request, remote);
  seen.principal = principal;
  const { namespace } = principal;
  const millrace = parts.tenants.of(namespace);
  if (!may(principal, route.permission)) throw forbidden(principal, route);
  const { waits = false, starts } = route;
  const quotaBytes = await visit.enter({ namespace, waits, starts: starts !== undefined });
  const taken = {
    params: checked(route.params, params, 'path'),
    query: checked(route.query, queryOf(request.url), 'query'),
    body: await bodyOf(parts, { route, quotaBytes }, request),
  };
  if (starts !== undefined) await visit.start(starts(taken.body));
  const context: RequestContext = {
    ...trace,
    principal,
    millrace,
    headers,
    get signal() {
      // Made where it is asked for.
      return parts.stopping ? AbortSignal.any([request.signal, parts.stopping]) : request.signal;
    },
  };
  seen.taken = taken;
  // What cannot be described may be done all the same, or its handler says why not.
  seen.described = await route.describe?.(taken, context).catch(() => ({}));
  const answer = await route.handle(taken, context);
  parts.onAnswer?.({ route, context, remote, params, body: taken.body, status: answer.status });
  return answer;
}

/** Of a path that does not exist one learns it only with a credential. */
async function unknownPath(parts: AppParts, request: Request): Promise<Response> {
  const trace = traceOf(request.headers, parts.uuid);
  let visit: Visit | undefined;
  try {
    visit = (parts.gate ?? OPEN_GATE).arrive();
    await identified(parts, request, parts.remoteOf(request));
    const { pathname } = new URL(request.url);
    throw new MillraceError('NO_SUCH_ROUTE', `there is no ${request.method} ${pathname}`);
  } catch (error) {
    return refused(parts, error, trace);
  } finally {
    visit?.leave();
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

async function bodyOf(
  parts: AppParts,
  { route, quotaBytes }: { route: Route; quotaBytes: number },
  request: Request,
): Promise<unknown> {
  if (route.body === undefined) return undefined;
  const { textTypes } = route;
  const maxBodyBytes = Math.min(route.maxBodyBytes ?? parts.maxBodyBytes, quotaBytes);
  const body = await (textTypes === undefined
    ? readBody(request, maxBodyBytes, parts.readBytes)
    : readText(request, maxBodyBytes, textTypes, parts.readBytes));
  if (body === undefined && route.optionalBody === true) return undefined;
  return checked(route.body, body, 'body');
}

/** What is given twice counts as a list. */
function queryOf(url: string): Record<string, string | string[]> {
  if (!url.includes('?')) return {};
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

function refused({ reportBug }: AppParts, error: unknown, trace: Trace): Response {
  const { requestId } = trace;
  const problem = problemOf(error, requestId);
  if (problem.code === 'INTERNAL') reportBug(error, requestId);
  const response = problemAnswer(problem);
  for (const [name, value] of Object.entries(traceHeaders(trace))) response.headers.set(name, value);
  if (problem.status === 401) response.headers.set('www-authenticate', 'Bearer');
  return response;
}

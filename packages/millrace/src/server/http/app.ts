import type { z } from 'zod';
import { MillraceError } from '../../core/errors.ts';
import { may, type Doorkeeper, type Principal } from '../access/principal.ts';
import { OPEN_GATE, type Gate, type Visit } from '../quota/gate.ts';
import type { Tenants } from '../tenants.ts';
import { readBody, readText } from '../wire/body.ts';
import type { Asked, HeaderReader, Reply } from '../wire/exchange.ts';
import { refuseForeignPages } from './origin.ts';
import { problemOf } from './problem.ts';
import { problemReply, replyOf } from './reply.ts';
import { HandledRequest } from './request.ts';
import type { Answer, Described, Route, Taken } from './route.ts';
import { createRouter, type Found } from './router.ts';
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
  /** Address that a request comes from. Default: of its peer. */
  readonly remoteOf?: (asked: Asked) => string;
  /** An error that is nobody's mistake but ours. */
  readonly reportBug: (error: unknown, requestId: string) => void;
  /** Aborted when the server is about to close: whoever waits in a handler is let go. */
  readonly stopping?: AbortSignal;
  /** Hears how each request ended, before its caller does; must not reject. Undefined: its caller need not wait. */
  readonly onEnd?: (seen: Seen, end: End) => Promise<void> | undefined;
  /** Hears of every answer, with its status; must not throw. */
  readonly onAnswer?: (seen: Seen, status: number) => void;
}

/** One request, as far as it has come. */
export interface Seen {
  readonly route: Route;
  readonly headers: HeaderReader;
  readonly requestId: string;
  readonly remote: string;
  readonly params: Readonly<Record<string, string>>;
  /** By the monotonic clock, ms. */
  readonly arrivedAt: number;
  principal?: Principal;
  /** Since it was given to its handler. */
  taken?: Taken;
  described?: Described | undefined;
}

export type End = { readonly answer: Answer } | { readonly error: unknown };

/** The API: every path of it asks who calls before it says anything else. Paths are given without what stands before. */
export function createApi(parts: AppParts): (asked: Asked, path: string) => Promise<Reply> {
  const find = createRouter(parts.routes);
  return async (asked, path) => {
    const trace = traceOf(asked.headers, parts.uuid);
    let found: Found | undefined;
    try {
      found = find(asked.method, path);
    } catch (error) {
      return refusedUnknown(parts, { asked, trace, error: error as Error });
    }
    if (found !== undefined) return serve(parts, asked, found, trace);
    const error = new MillraceError('NO_SUCH_ROUTE', `there is no ${asked.method} ${asked.path}`);
    return refusedUnknown(parts, { asked, trace, error });
  };
}

async function serve(parts: AppParts, asked: Asked, { route, params }: Found, trace: Trace): Promise<Reply> {
  const { headers } = asked;
  const { requestId } = trace;
  const arrivedAt = performance.now();
  const seen: Seen = { route, headers, requestId, remote: remoteOf(parts, asked), params, arrivedAt };
  let reply: Reply;
  let end: End;
  let visit: Visit | undefined;
  try {
    refuseForeignPages(asked);
    visit = (parts.gate ?? OPEN_GATE).arrive();
    end = { answer: await handled(parts, asked, { seen, trace, visit }) };
    reply = replyOf(route, asked, end.answer, trace);
  } catch (error) {
    end = { error };
    reply = refused(parts, error, trace);
  } finally {
    visit?.leave();
  }
  const told = parts.onEnd?.(seen, end);
  if (told !== undefined) await told;
  parts.onAnswer?.(seen, reply.status);
  return reply;
}

function remoteOf(parts: AppParts, asked: Asked): string {
  return parts.remoteOf?.(asked) ?? asked.peer;
}

async function handled(
  parts: AppParts,
  asked: Asked,
  { seen, trace, visit }: { seen: Seen; trace: Trace; visit: Visit },
): Promise<Answer> {
  const { route, remote, params } = seen;
  const known = identified(parts, asked, remote);
  const principal = known instanceof Promise ? await known : known;
  seen.principal = principal;
  const { namespace } = principal;
  const millrace = parts.tenants.of(namespace);
  if (!may(principal, route.permission)) throw forbidden(principal, route);
  const { waits = false, starts } = route;
  const entered = visit.enter({ namespace, waits, starts: starts !== undefined });
  const quotaBytes = typeof entered === 'number' ? entered : await entered;
  const mostBytes = Math.min(route.maxBodyBytes ?? parts.maxBodyBytes, quotaBytes);
  const taken = {
    params: checked(route.params, params, 'path'),
    query: checked(route.query, queryOf(asked.query), 'query'),
    body: route.body && bodyOf(route, await sentTo(route, asked, mostBytes)),
  };
  const started = starts && visit.start(starts(taken.body));
  if (started !== undefined) await started;
  const context = new HandledRequest({ asked, principal, millrace, trace, remote, stopping: parts.stopping });
  seen.taken = taken;
  // What cannot be described may be done all the same, or its handler says why not.
  if (route.describe !== undefined) seen.described = await route.describe(taken, context).catch(() => ({}));
  return route.handle(taken, context);
}

/** Of a path that does not exist, or that is none, one learns only with a credential. */
async function refusedUnknown(
  parts: AppParts,
  { asked, trace, error }: { asked: Asked; trace: Trace; error: Error },
): Promise<Reply> {
  let visit: Visit | undefined;
  try {
    visit = (parts.gate ?? OPEN_GATE).arrive();
    await identified(parts, asked, remoteOf(parts, asked));
    return refused(parts, error, trace);
  } catch (refusal) {
    return refused(parts, refusal, trace);
  } finally {
    visit?.leave();
  }
}

function identified({ doorkeeper }: AppParts, asked: Asked, remote: string): Principal | Promise<Principal> {
  const principal = doorkeeper.identify(asked.headers, remote);
  return principal instanceof Promise ? principal.then(requirePrincipal) : requirePrincipal(principal);
}

function requirePrincipal(principal: Principal | undefined): Principal {
  if (principal === undefined)
    throw new MillraceError('UNAUTHENTICATED', 'the request has no valid credential');
  return principal;
}

function forbidden({ role }: Principal, { permission, name }: Route): MillraceError {
  const what = `role ${role} may not ${permission}, which ${name} needs`;
  return new MillraceError('FORBIDDEN', what, { details: { role, permission } });
}

/** The body as it came: text, or what its JSON says; undefined: there is none. */
function sentTo({ textTypes }: Route, asked: Asked, mostBytes: number): Promise<unknown> {
  return textTypes === undefined ? readBody(asked, mostBytes) : readText(asked, mostBytes, textTypes);
}

function bodyOf({ body, optionalBody }: Route, sent: unknown): unknown {
  return sent === undefined && optionalBody === true ? undefined : checked(body, sent, 'body');
}

/** What is given twice counts as a list. */
function queryOf(text: string): Record<string, string | string[]> {
  if (text === '') return {};
  const query: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
  for (const [name, value] of new URLSearchParams(text)) {
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

/** What failed is told to its caller, and what is a bug to whoever runs the server. */
export function refused({ reportBug }: Pick<AppParts, 'reportBug'>, error: unknown, trace: Trace): Reply {
  const { requestId } = trace;
  const problem = problemOf(error, requestId);
  if (problem.code === 'INTERNAL') reportBug(error, requestId);
  return problemReply(problem, trace);
}

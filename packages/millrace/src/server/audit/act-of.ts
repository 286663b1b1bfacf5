import { z } from 'zod';
import type { Act } from '../../core/audit/act.ts';
import { ERRORS, isMillraceError } from '../../core/errors.ts';
import type { Known } from '../access/principal.ts';
import type { End, Seen } from '../http/app.ts';
import type { Answer, Route } from '../http/route.ts';
import type { HeaderReader } from '../wire/exchange.ts';

/** Whether it changes something. */
export function isAct({ method, permission }: Route): boolean {
  return permission !== 'read' && method !== 'get';
}

/**
 * What the audit log says of a request. Undefined: nothing, because it was turned away before anybody looked at what it
 * wanted, for its form or for the sake of others who want something too.
 */
export function actOf(seen: Seen, who: Known, end: End): Act | undefined {
  const ending = endingOf(seen, end);
  if (ending === undefined) return undefined;
  const { route, remote, requestId, described } = seen;
  const clean = cleanerOf(seen.headers);
  const answer = 'answer' in end ? end.answer : undefined;
  const [target, others] = targetOf(seen, answer);
  const after = described?.after === undefined ? others : answer && described.after(answer);
  return {
    actor: who.kind === 'local' ? 'local' : `${who.kind}:${who.id}`,
    action: route.name,
    target: clean(described?.target ?? target),
    ...ending,
    remote,
    reason: clean(reasonOf(seen)),
    requestId: clean(requestId),
    before: cleanState(clean, described?.before),
    after: cleanState(clean, after),
  };
}

function endingOf({ taken }: Seen, end: End): Pick<Act, 'outcome' | 'code'> | undefined {
  if ('answer' in end) return { outcome: end.answer.status < 400 ? 'done' : 'refused' };
  const { error } = end;
  if (!isMillraceError(error)) return { outcome: 'failed', code: 'INTERNAL' };
  const { code } = error;
  const { status } = ERRORS[code];
  if (status >= 500) return { outcome: 'failed', code };
  if (status === 429) return undefined;
  const isOfForm = taken === undefined && status !== 401 && status !== 403;
  return isOfForm ? undefined : { outcome: 'refused', code };
}

/** What it is about, and the parameters that this does not say. */
function targetOf(
  { route, params }: Seen,
  answer: Answer | undefined,
): [target: string, others: Readonly<Record<string, string>> | undefined] {
  const parts = route.path.slice(1).split('/');
  const first = parts.findIndex((part) => part.startsWith('{'));
  if (first < 0) return [runIn(answer) ?? parts.join('/'), undefined];
  const name = (parts[first] ?? '').slice(1, -1);
  const { [name]: value = '', ...others } = params;
  const target = [...parts.slice(0, first), value].join('/');
  return [target, Object.keys(others).length === 0 ? undefined : others];
}

function runIn(answer: Answer | undefined): string | undefined {
  const runId = textIn(answer?.body, 'runId');
  return runId && `runs/${runId}`;
}

function textIn(body: unknown, name: string): string | undefined {
  if (typeof body !== 'object' || body === null || !(name in body)) return undefined;
  const value: unknown = (body as Readonly<Record<string, unknown>>)[name]; // it has just been found there
  return typeof value === 'string' ? value : undefined;
}

/** A header, or a field of the body that the route means as one: bodies may be anything else, such as a payload. */
function reasonOf({ headers, route, taken }: Seen): string | undefined {
  const given = headers.get('x-reason');
  if (given !== null) return given;
  if (!(route.body instanceof z.ZodObject) || !('reason' in route.body.shape)) return undefined;
  return textIn(taken?.body, 'reason');
}

type Clean = <T extends string | undefined>(text: T) => T;

/** Takes the request's own credential out of texts, whoever has put it there. */
function cleanerOf(headers: HeaderReader): Clean {
  const given = [headers.get('x-api-key'), headers.get('authorization')?.replace(/^\S+\s+/, '')];
  const secrets = given.flatMap((secret) =>
    secret === null || secret === undefined || secret === '' ? [] : [secret],
  );
  return <T extends string | undefined>(text: T): T =>
    // A text stays one.
    secrets.reduce<string | undefined>((left, secret) => left?.replaceAll(secret, '***'), text) as T;
}

function cleanState(clean: Clean, state: unknown): unknown {
  return state === undefined ? undefined : (JSON.parse(clean(JSON.stringify(state))) as unknown);
}

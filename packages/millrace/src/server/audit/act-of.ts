import { z } from 'zod';
import type { Act } from '../../core/audit/act.ts';
import { ERRORS, isMillraceError } from '../../core/errors.ts';
import type { Known } from '../access/principal.ts';
import type { End, Seen } from '../http/app.ts';
import type { Answer, Route } from '../http/route.ts';
import { cleanerOf, originOf, reasonIn, type Clean } from './origin.ts';

/** Whether it changes something. */
export function isAct({ method, permission }: Route): boolean {
  return permission !== 'read' && method !== 'get';
}

/**
 * What the audit log says of a request. Undefined: nothing, because it says it already, or because the request was turned
 * away before anybody looked at what it wanted, for its form or for the sake of others who want something too.
 */
export function actOf(seen: Seen, who: Known, end: End): Act | undefined {
  const ending = endingOf(seen, end);
  if (ending === undefined) return undefined;
  const answer = 'answer' in end ? end.answer : undefined;
  if (answer?.recorded === true) return undefined;
  const { route, described } = seen;
  const clean = cleanerOf(seen.headers);
  const [target, others] = targetOf(seen, answer);
  const after = described?.after === undefined ? others : answer && described.after(answer);
  return {
    ...originOf(who, seen, reasonOf(seen)),
    action: route.name,
    target: clean(described?.target ?? target),
    ...ending,
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
  const given = reasonIn(headers);
  if (given !== undefined) return given;
  if (!(route.body instanceof z.ZodObject) || !('reason' in route.body.shape)) return undefined;
  return textIn(taken?.body, 'reason');
}

function cleanState(clean: Clean, state: unknown): unknown {
  return state === undefined ? undefined : (JSON.parse(clean(JSON.stringify(state))) as unknown);
}

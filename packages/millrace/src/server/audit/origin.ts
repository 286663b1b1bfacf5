import type { Act } from '../../core/audit/act.ts';
import type { Known } from '../access/principal.ts';
import type { HeaderReader } from '../wire/exchange.ts';

/** Who does something, whence and why, as the audit log says it. */
export type Origin = Pick<Act, 'actor' | 'remote' | 'reason' | 'requestId'>;

export interface Sender {
  readonly headers: HeaderReader;
  readonly remote: string;
  readonly requestId: string;
}

/** @param reason - default: what the request's header says. */
export function originOf(who: Known, sender: Sender, reason = reasonIn(sender.headers)): Origin {
  const { headers, remote, requestId } = sender;
  const actor = who.kind === 'local' ? 'local' : `${who.kind}:${who.id}`;
  const isOurs = reason === undefined && headers.get('x-request-id') !== requestId;
  if (isOurs) return { actor, remote, reason, requestId };
  const clean = cleanerOf(headers);
  return { actor, remote, reason: clean(reason), requestId: clean(requestId) };
}

export function reasonIn(headers: HeaderReader): string | undefined {
  return headers.get('x-reason') ?? undefined;
}

export type Clean = <T extends string | undefined>(text: T) => T;

/** Takes the request's own credential out of texts, whoever has put it there. */
export function cleanerOf(headers: HeaderReader): Clean {
  const given = [headers.get('x-api-key'), headers.get('authorization')?.replace(/^\S+\s+/, '')];
  const secrets = given.flatMap((secret) =>
    secret === null || secret === undefined || secret === '' ? [] : [secret],
  );
  return <T extends string | undefined>(text: T): T =>
    // A text stays one.
    secrets.reduce<string | undefined>((left, secret) => left?.replaceAll(secret, '***'), text) as T;
}

import { z } from 'zod';
import { beyond } from '../../core/access/roles.ts';
import { durationMs } from '../../core/duration.ts';
import { MillraceError } from '../../core/errors.ts';
import type { Principal } from '../access/principal.ts';
import { route, type Route } from '../http/route.ts';
import { limitOf } from '../schemas/page.ts';
import { createdKey, key, keyId, keyPage, keyWish } from '../schemas/key.ts';

const createKey = route({
  method: 'post',
  path: '/keys',
  name: 'createKey',
  summary: 'Makes an API key of the namespace. The answer has the key itself, which nobody can tell again.',
  tag: 'keys',
  permission: 'administer',
  body: keyWish,
  answers: { 201: { description: 'The key', schema: createdKey } },
  async handle({ body }, { millrace, principal }) {
    const { expiresIn, ...wish } = body;
    const more = beyond(principal, wish);
    if (more.length > 0) throw greedy(principal, more);
    const life = expiresIn === undefined ? {} : { expiresIn: durationMs(expiresIn) };
    return { status: 201, body: await millrace.keys.create({ ...wish, ...life, by: nameOf(principal) }) };
  },
});

const listKeys = route({
  method: 'get',
  path: '/keys',
  name: 'listKeys',
  summary: 'The API keys of the namespace, newest first, revoked and expired ones among them.',
  tag: 'keys',
  permission: 'administer',
  query: z.strictObject({
    cursor: keyId.optional(),
    limit: limitOf(1_000),
  }),
  answers: { 200: { description: 'A page of them', schema: keyPage } },
  async handle({ query: { cursor: before, limit } }, { millrace }) {
    const { keys: items, next } = await millrace.keys.list({ before, limit: limit ?? 100 });
    return { status: 200, body: { items, nextCursor: next ?? null } };
  },
});

const revokeKey = route({
  method: 'delete',
  path: '/keys/{keyId}',
  name: 'revokeKey',
  summary: 'Ends an API key for ever; every server refuses it within 5 s.',
  tag: 'keys',
  permission: 'administer',
  params: z.object({ keyId }),
  answers: { 200: { description: 'The key, revoked', schema: key } },
  async handle({ params }, { millrace, principal }) {
    return { status: 200, body: await millrace.keys.revoke(params.keyId, { by: nameOf(principal) }) };
  },
});

function nameOf({ kind, id }: Principal): string {
  return kind === 'local' ? id : `${kind} ${id}`.slice(0, 256);
}

function greedy({ role }: Principal, permissions: readonly string[]): MillraceError {
  const what = `this credential may not ${permissions.join(', ')} itself, and so gives nobody a key that may`;
  return new MillraceError('FORBIDDEN', what, {
    remedy: 'Ask for a smaller role or for fewer permissions.',
    details: { role, permissions },
  });
}

export const KEY_ROUTES: readonly Route[] = [createKey, listKeys, revokeKey];

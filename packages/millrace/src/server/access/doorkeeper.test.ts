import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configuredKeys } from '../../core/configuration/api-keys.ts';
import { readConfiguration } from '../../config.ts';
import { Millrace } from '../../millrace.ts';
import { createTenants } from '../tenants.ts';
import { createDoorkeeper, isConfigured, issuerOf } from './doorkeeper.ts';
import type { Doorkeeper, Principal } from './principal.ts';

const FIRST = 'first-secret-of-the-environment-0001';
const SECOND = 'second-secret-of-the-environment-002';

describe('the doorkeeper', () => {
  let millrace: Millrace;
  beforeEach(async () => {
    millrace = await Millrace.open({ store: 'sqlite::memory:', work: false, namespace: 'acme' });
  });
  afterEach(() => millrace.close());

  function keeper(): Doorkeeper {
    return createDoorkeeper({
      namespaces: ['acme', 'globex'],
      apiKeys: configuredKeys(`viewer:${FIRST}, admin@globex:${SECOND}`),
      issuer: undefined,
      verify: (text) => millrace.keys.verify(text),
      recognise: (text) => millrace.keys.recognise(text),
    });
  }

  async function identify(
    headers: Record<string, string>,
    remote = '10.0.0.1',
  ): Promise<Principal | undefined> {
    return keeper().identify(new Headers(headers), remote);
  }

  it('knows the keys of the environment, by either header', async () => {
    const viewer = { kind: 'key', id: 'API_KEYS/1', namespace: 'acme', role: 'viewer' };
    expect(await identify({ authorization: `Bearer ${FIRST}` })).toEqual(viewer);
    expect(await identify({ authorization: `bearer  ${FIRST}` })).toEqual(viewer);
    expect(await identify({ 'x-api-key': FIRST })).toEqual(viewer);
    expect(await identify({ authorization: `Bearer ${FIRST}`, 'x-api-key': FIRST })).toEqual(viewer);
    const admin = { kind: 'key', id: 'API_KEYS/2', namespace: 'globex', role: 'admin' };
    expect(await identify({ 'x-api-key': SECOND })).toEqual(admin);
  });

  it('knows the keys of the store', async () => {
    const { key, keyId } = await millrace.keys.create({ role: 'worker' });
    const known = { kind: 'key', id: keyId, namespace: 'acme', role: 'worker' };
    expect(await identify({ authorization: `Bearer ${key}` })).toMatchObject(known);
    await millrace.keys.revoke(keyId);
    expect(await identify({ authorization: `Bearer ${key}` })).toBeUndefined();
    const recognised = await keeper().recognise?.(new Headers({ 'x-api-key': key }));
    expect(recognised, 'for the audit log').toEqual({ kind: 'key', id: keyId, namespace: 'acme' });
    expect(await keeper().recognise?.(new Headers({ 'x-api-key': FIRST }))).toBeUndefined();
  });

  it.each([
    ['nothing', {}],
    ['an empty key', { 'x-api-key': ' ' }],
    ['a part of a key', { 'x-api-key': FIRST.slice(1) }],
    ['more than a key', { 'x-api-key': `${FIRST}x` }],
    ['another scheme', { authorization: `Basic ${FIRST}` }],
    ['no scheme', { authorization: FIRST }],
    ['two at once', { authorization: `Bearer ${FIRST}, Bearer ${SECOND}` }],
    ['two that differ', { authorization: `Bearer ${FIRST}`, 'x-api-key': SECOND }],
    ['a long text', { 'x-api-key': 'x'.repeat(9_000) }],
    ['a token, where none are taken', { authorization: 'Bearer aaaa.bbbb.cccc' }],
    ['the beginning of a key', { 'x-api-key': 'mr_' }],
  ])('says nothing of who shows %s', async (_name, headers) => {
    expect(await identify(headers)).toBeUndefined();
  });

  it('slows down who guesses, and nobody elsewhere', async () => {
    const doorkeeper = createDoorkeeper({
      namespaces: ['acme'],
      apiKeys: configuredKeys(`viewer:${FIRST}`),
      issuer: undefined,
      verify: (text) => millrace.keys.verify(text),
      mono: () => 0,
    });
    const show = (text: string, remote: string) =>
      doorkeeper.identify(new Headers({ 'x-api-key': text }), remote);
    for (let n = 0; n < 20; n++) expect(await show(`guess-${n}`, '10.0.0.1')).toBeUndefined();
    await expect(show('guess', '10.0.0.1')).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    expect(await show(FIRST, '10.0.0.2')).toBeDefined();
    expect(await doorkeeper.identify(new Headers(), '10.0.0.1'), 'no guess at all').toBeUndefined();
  });

  it('is there when the environment or the store has somebody to let in', async () => {
    const tenants = createTenants(new Map([['acme', millrace]]));
    const of = (env: Record<string, string>) =>
      isConfigured(readConfiguration(env, () => '').configuration, tenants);
    expect(await of({})).toBe(false);
    expect(await of({ API_KEYS: `viewer:${FIRST}` })).toBe(true);
    const issuer = { JWT_ISSUER: 'i', JWT_AUDIENCE: 'a', JWKS_URL: 'https://issuer.test/keys' };
    expect(await of(issuer)).toBe(true);
    const { keyId } = await millrace.keys.create({ role: 'viewer' });
    expect(await of({})).toBe(true);
    await millrace.keys.revoke(keyId);
    expect(await of({})).toBe(false);
    expect(issuerOf(readConfiguration(issuer, () => '').configuration)).toEqual({
      issuer: 'i',
      audience: 'a',
      jwksUrl: 'https://issuer.test/keys',
    });
  });
});

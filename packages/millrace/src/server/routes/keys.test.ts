import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CreatedKey } from '../../api/access/keys.ts';
import type { KeyDescription } from '../../core/access/describe-key.ts';
import { configuredKeys } from '../../core/configuration/api-keys.ts';
import { Millrace } from '../../millrace.ts';
import { createDoorkeeper } from '../access/doorkeeper.ts';
import { requesting, type Ask } from '../../../testbed/http/requesting.ts';
import { createApp } from '../server.ts';
import { createTenants } from '../tenants.ts';

const ADMIN = 'admin-of-the-environment-0123456789';
const JSON_TYPE = { 'content-type': 'application/json' };

describe('/keys', () => {
  let millrace: Millrace;
  let ask: Ask;

  beforeEach(async () => {
    millrace = await Millrace.open({ store: 'sqlite::memory:', work: false, namespace: 'acme' });
    ask = requesting(
      createApp({
        tenants: createTenants(new Map([['acme', millrace]])),
        doorkeeper: createDoorkeeper({
          namespaces: ['acme'],
          apiKeys: configuredKeys(`admin:${ADMIN}`),
          issuer: undefined,
          verify: (text) => millrace.keys.verify(text),
        }),
        version: '0.0.0',
        uuid: () => 'request-1',
        maxBodyBytes: 10_000,
        reportBug: (error) => {
          throw error;
        },
      }),
    );
  });
  afterEach(() => millrace.close());

  async function create(wish: object, by = ADMIN): Promise<Response> {
    const headers = { ...JSON_TYPE, 'x-api-key': by };
    return ask('/api/v1/keys', { method: 'POST', headers, body: JSON.stringify(wish) });
  }
  async function made(wish: object): Promise<CreatedKey> {
    const response = await create(wish);
    expect(response.status).toBe(201);
    return (await response.json()) as CreatedKey;
  }
  const as = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

  it('makes a key that opens the door, and tells it once', async () => {
    const { key, ...description } = await made({ role: 'admin', name: 'ci', expiresIn: '30d' });
    expect(description).toMatchObject({ namespace: 'acme', createdBy: 'key API_KEYS/1', status: 'active' });
    const list = await ask('/api/v1/keys', as(key));
    expect(list.status).toBe(200);
    const text = await list.text();
    expect(JSON.parse(text)).toEqual({ items: [description], nextCursor: null });
    expect(text).not.toContain(key.slice(20));
  });

  it('lists page by page', async () => {
    for (const name of ['a', 'b', 'c']) await made({ role: 'viewer', name });
    const names: string[] = [];
    let cursor: string | null = null;
    do {
      const query = cursor === null ? '' : `&cursor=${cursor}`;
      const page = await ask(`/api/v1/keys?limit=2${query}`, as(ADMIN));
      const { items, nextCursor } = (await page.json()) as {
        items: KeyDescription[];
        nextCursor: string | null;
      };
      names.push(...items.map(({ name }) => name));
      cursor = nextCursor;
    } while (cursor !== null);
    expect(names.toSorted()).toEqual(['a', 'b', 'c']);
  });

  it('revokes a key, which is then shown as such', async () => {
    const { key, keyId } = await made({ role: 'viewer' });
    const answer = await ask(`/api/v1/keys/${keyId}`, { method: 'DELETE', ...as(ADMIN) });
    expect([answer.status, await answer.json()]).toMatchObject([
      200,
      { keyId, status: 'revoked', revokedBy: 'key API_KEYS/1' },
    ]);
    expect((await ask('/api/v1/keys', as(key))).status).toBe(401);
    const unknown = await ask('/api/v1/keys/0123456789abcdef', { method: 'DELETE', ...as(ADMIN) });
    expect([unknown.status, await unknown.json()]).toMatchObject([404, { code: 'API_KEY_NOT_FOUND' }]);
  });

  it('gives nobody what its maker does not have', async () => {
    const { key } = await made({ role: 'admin', permissions: ['administer', 'read'] });
    const greedy = await create({ role: 'operator' }, key);
    expect([greedy.status, await greedy.json()]).toMatchObject([
      403,
      { code: 'FORBIDDEN', details: { permissions: ['start', 'operate'] } },
    ]);
    expect((await create({ role: 'admin' }, key)).status).toBe(403);
    expect((await create({ role: 'operator', permissions: ['read'] }, key)).status).toBe(201);
  });

  it.each([
    [{ role: 'emperor' }, 400, 'INVALID_REQUEST'],
    [{ role: 'viewer', namespace: 'globex' }, 400, 'INVALID_REQUEST'],
    [{ role: 'viewer', permissions: [] }, 400, 'INVALID_REQUEST'],
    [{ role: 'viewer', expiresIn: 'soon' }, 400, 'INVALID_DURATION'],
    [{}, 400, 'INVALID_REQUEST'],
  ])('%j is refused', async (wish, status, code) => {
    const response = await create(wish);
    expect([response.status, await response.json()]).toMatchObject([status, { code }]);
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readQuota } from '../../core/configuration/quotas.ts';
import { Millrace } from '../../millrace.ts';
import type { Doorkeeper } from '../access/principal.ts';
import { requesting } from '../../../testbed/http/requesting.ts';
import { createApi } from '../http/app.ts';
import { route } from '../http/route.ts';
import { createTenants } from '../tenants.ts';
import { createGate, type GateParts } from './gate.ts';

/** Everybody says of which namespace he is. */
const doorkeeper: Doorkeeper = {
  identify: (headers) => {
    const namespace = headers.get('x-namespace') ?? 'acme';
    return Promise.resolve({ kind: 'key', id: 'k', namespace, role: 'admin' });
  },
};

describe('requests beyond what a namespace may have', () => {
  let tenants: Map<string, Millrace>;
  let held: (() => void)[];
  let started: number;

  beforeEach(async () => {
    const names = ['acme', 'globex'];
    const opened = names.map(async (namespace) => {
      return [namespace, await Millrace.open({ store: 'sqlite::memory:', work: false, namespace })] as const;
    });
    tenants = new Map(await Promise.all(opened));
    held = [];
    started = 0;
  });
  afterEach(() => Promise.all([...tenants.values()].map((millrace) => millrace.close())));

  /** Answers when the test lets it. */
  const hold = route({
    ...{ method: 'get', path: '/hold', name: 'hold', summary: '', tag: '', permission: 'read' },
    answers: {},
    handle: () => new Promise((resolve) => void held.push(() => resolve({ status: 204 }))),
  });
  const start = route({
    ...{ method: 'post', path: '/start', name: 'start', summary: '', tag: '', permission: 'start' },
    body: z.object({ runs: z.int() }),
    starts: ({ runs }) => runs,
    answers: {},
    handle: ({ body }) => Promise.resolve({ status: 201, body: (started += body.runs) }),
  });
  const fail = route({
    ...{ method: 'get', path: '/fail', name: 'fail', summary: '', tag: '', permission: 'read' },
    answers: {},
    handle: () => Promise.reject(new Error('broken')),
  });

  function apiOf(limits: Partial<GateParts> = {}) {
    const gate = createGate({
      ...{ maxRequests: 3, maxNamespaceRequests: 2 },
      countOpen: async (namespace, limit) => tenants.get(namespace)?.countOpen(limit) ?? 0,
      ...limits,
    });
    const api = createApi({
      routes: [hold, start, fail],
      tenants: createTenants(tenants),
      ...{ doorkeeper, gate, uuid: () => 'request', maxBodyBytes: 1_000 },
      remoteOf: () => '10.0.0.1',
      reportBug: () => {},
    });
    const ask = requesting((asked) => api(asked, asked.path));
    const get = (path: string, namespace = 'acme') => ask(path, { headers: { 'x-namespace': namespace } });
    const post = (body: string, namespace = 'acme') =>
      ask('/start', {
        method: 'POST',
        headers: { 'x-namespace': namespace, 'content-type': 'application/json' },
        body,
      });
    return { get, post };
  }
  async function arrived(count: number): Promise<void> {
    await expect.poll(() => held.length).toBe(count);
  }

  it('wait, then are refused with the time to wait, and others are served meanwhile', async () => {
    const { get } = apiOf({ maxRequests: 9 });
    const first = Array.from({ length: 8 }, () => get('/hold'));
    await arrived(2);
    const refused = await get('/hold');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    const other = get('/hold', 'globex');
    await arrived(3);
    const beyond = await get('/hold', 'globex');
    expect([beyond.status, await beyond.json()]).toMatchObject([503, { code: 'SERVER_BUSY' }]);
    for (let answered = 0; answered < 9; answered++) {
      // oxlint-disable-next-line no-await-in-loop -- each lets the next one in
      await expect.poll(() => held.length).toBeGreaterThan(0);
      held.shift()?.();
    }
    for (const answer of await Promise.all([...first, other])) expect(answer.status).toBe(204);
    const again = get('/hold');
    await arrived(1);
    held[0]?.();
    expect((await again).status).toBe(204);
  });

  it('do not count any more when they have failed', async () => {
    const { get, post } = apiOf();
    for (let n = 0; n < 10; n++) {
      expect((await get('/fail')).status).toBe(500);
      expect((await get('/nothing')).status).toBe(404);
      expect((await post('{"runs":"x"}')).status).toBe(400);
    }
  });

  it('are not started when they are more than a second may bring, and say which quota it was', async () => {
    const { post } = apiOf({ startsPerSecond: readQuota('acme=2'), mono: () => 0 });
    expect((await post('{"runs":2}')).status).toBe(201);
    const refused = await post('{"runs":1}');
    expect([refused.status, refused.headers.get('retry-after'), await refused.json()]).toMatchObject([
      429,
      '1',
      { code: 'QUOTA_EXCEEDED', details: { quota: 'startsPerSecond', limit: 2 } },
    ]);
    expect(started).toBe(2);
    expect((await post('{"runs":5}', 'globex')).status).toBe(201);
  });

  it('are refused before their body is read', async () => {
    const { post } = apiOf({ startsPerSecond: readQuota('1'), mono: () => 0 });
    await post('{"runs":1}');
    expect((await post('this is no JSON')).status).toBe(429);
  });

  it('are not started when more would be open than may be', async () => {
    const { post } = apiOf({ openRuns: readQuota('3') });
    const refused = await post('{"runs":4}');
    expect([refused.status, await refused.json()]).toMatchObject([
      429,
      { code: 'QUOTA_EXCEEDED', details: { quota: 'openRuns', limit: 3 } },
    ]);
    expect((await post('{"runs":3}')).status).toBe(201);
    expect((await post('{"runs":1}')).status).toBe(429);
  });

  it('are refused when their body is larger than that of the namespace may be', async () => {
    const { post } = apiOf({ payloadBytes: readQuota('acme=20') });
    const body = JSON.stringify({ runs: 1, padding: 'x'.repeat(100) });
    expect((await post(body)).status).toBe(413);
    expect((await post(body, 'globex')).status).toBe(201);
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { MillraceError } from '../../core/errors.ts';
import { workflow } from '../../core/workflow/workflow.ts';
import { Millrace } from '../../millrace.ts';
import { openDoor } from '../access/local.ts';
import type { Doorkeeper, Role } from '../access/principal.ts';
import { requesting } from '../../../testbed/http/requesting.ts';
import { createApi } from '../http/app.ts';
import { type Method, route, type Route } from '../http/route.ts';
import { ROUTES } from '../routes/table.ts';
import { createTenants } from '../tenants.ts';
import { isAct } from './act-of.ts';
import { createAuditor } from './auditor.ts';

const hold = workflow('hold', (ctx, _: unknown) => ctx.waitForSignal('go'));
const CREDENTIAL = 'canary-credential-1';
const CANARY = 'canary-secret-2';
const answers = { 200: { description: 'done' } };

/** Routes as those of resources are: the tests are about what is recorded of any. */
const start = route({
  ...{ method: 'post', path: '/runs', name: 'startRun', summary: '', tag: 't', permission: 'start', answers },
  body: z.strictObject({ input: z.unknown() }),
  handle: async ({ body }, { millrace }) => {
    return { status: 200, body: { runId: (await millrace.start(hold, body.input)).runId } };
  },
});
const signalRun = route({
  ...{ method: 'post', path: '/runs/{runId}/signals/{name}', name: 'signalRun', summary: '', tag: 't' },
  ...{
    permission: 'start',
    answers,
    body: z.unknown(),
    params: z.object({ runId: z.string(), name: z.string() }),
  },
  handle: async ({ params, body }, { millrace }) => {
    await millrace.run(params.runId).signal(params.name, body);
    return { status: 200 };
  },
});
const patchQueue = route({
  ...{ method: 'patch', path: '/queues/{name}', name: 'changeQueue', summary: '', tag: 't', answers },
  permission: 'operate',
  params: z.object({ name: z.string() }),
  body: z.strictObject({ paused: z.boolean(), reason: z.string().optional() }),
  describe: async ({ params }, { millrace }) => {
    const { paused } = (await millrace.queues()).find(({ queue }) => queue === params.name) ?? {};
    return { before: { paused: paused ?? false }, after: ({ body }) => body };
  },
  handle: async ({ params, body }, { millrace }) => {
    const { paused } = await millrace.setQueue(params.name, { paused: body.paused });
    return { status: 200, body: { paused } };
  },
});
const fails = (error: Error): Route =>
  route({
    ...{ method: 'post', path: '/fail', name: 'fail', summary: '', tag: 't', permission: 'operate', answers },
    handle: async () => {
      throw error;
    },
  });

describe('the audit log of the API', () => {
  let millrace: Millrace;
  let role: Role | undefined;

  beforeEach(async () => {
    role = 'admin';
    millrace = await Millrace.open({ store: 'sqlite::memory:', workflows: [hold], secrets: { KEY: CANARY } });
  });
  afterEach(() => millrace.close());

  const doorkeeper: Doorkeeper = {
    identify: () => Promise.resolve(role && ({ kind: 'key', id: 'k1', namespace: 'default', role } as const)),
    recognise: () => Promise.resolve({ kind: 'key', id: 'revoked', namespace: 'default' }),
  };

  function call(
    routes: readonly Route[],
    method: Method,
    path: string,
    more: { body?: string; headers?: Record<string, string> } = {},
  ) {
    const tenants = createTenants(new Map([['default', millrace]]));
    const parts = { tenants, doorkeeper, uuid: () => 'r1', maxBodyBytes: 10_000, reportBug: () => {} };
    const onEnd = createAuditor(parts);
    const api = createApi({ ...parts, routes, remoteOf: () => '10.0.0.7', onEnd });
    const headers = { authorization: `Bearer ${CREDENTIAL}`, 'content-type': 'application/json' };
    const init = { ...more, method: method.toUpperCase(), headers: { ...headers, ...more.headers } };
    return requesting((asked) => api(asked, asked.path))(path, init);
  }
  const entries = async () => (await millrace.audit()).entries;

  it('says who started what, from where, and why', async () => {
    const more = { body: '{"input":1}', headers: { 'x-reason': 'the customer has called' } };
    const { runId } = (await (await call([start], 'post', '/runs', more)).json()) as { runId: string };
    expect(await entries()).toEqual([
      {
        ...{ id: expect.any(String), at: expect.any(String), actor: 'key:k1', action: 'startRun' },
        ...{ target: `runs/${runId}`, outcome: 'done', code: null, remote: '10.0.0.7' },
        ...{ reason: 'the customer has called', requestId: 'r1', before: null, after: null },
      },
    ]);
  });

  it('says what was before and is after, and takes the reason from a body that has one', async () => {
    const body = JSON.stringify({ paused: true, reason: 'flood' });
    await call([patchQueue], 'patch', '/queues/mail', { body });
    expect(await entries()).toMatchObject([
      { target: 'queues/mail', reason: 'flood', before: { paused: false }, after: { paused: true } },
    ]);
  });

  it('has what was refused, with the code, and what failed on its way', async () => {
    const nobody = '/runs/0192f0a0-0000-7000-8000-000000000000/signals/go';
    await call([signalRun], 'post', nobody, { body: '1' });
    role = 'viewer';
    await call([start], 'post', '/runs', { body: '{"input":1}' });
    role = undefined;
    await call([start], 'post', '/runs', { body: '{"input":1}' });
    role = 'admin';
    await call([fails(new Error('bug'))], 'post', '/fail');
    await call([fails(new MillraceError('STORE_UNREACHABLE', 'away'))], 'post', '/fail');
    const told = (await entries()).map(({ actor, outcome, code }) => [actor, outcome, code]);
    expect(told.toReversed()).toEqual([
      ['key:k1', 'refused', 'RUN_NOT_FOUND'],
      ['key:k1', 'refused', 'FORBIDDEN'],
      ['key:revoked', 'refused', 'UNAUTHENTICATED'],
      ['key:k1', 'failed', 'INTERNAL'],
      ['key:k1', 'failed', 'STORE_UNREACHABLE'],
    ]);
    expect((await entries()).at(-1)).toMatchObject({ after: { name: 'go' } });
  });

  it('has nothing of requests that were turned away for their form, or for their number', async () => {
    await call([start], 'post', '/runs', { body: '{"inputs":1}' });
    await call([start], 'post', '/runs', { body: '{' });
    await call([fails(new MillraceError('QUEUE_FULL', 'full'))], 'post', '/fail');
    expect(await entries()).toEqual([]);
  });

  it('never has a credential, a secret or a payload in it, wherever they were put', async () => {
    const body = JSON.stringify({ input: { card: CANARY, key: CREDENTIAL } });
    const headers = {
      'x-reason': `rotate ${CREDENTIAL}`,
      'x-api-key': CREDENTIAL,
      'x-request-id': CREDENTIAL,
    };
    const started = await call([start], 'post', '/runs', { body, headers });
    const { runId } = (await started.json()) as { runId: string };
    const payload = JSON.stringify({ reason: CANARY, key: CREDENTIAL });
    await call([signalRun], 'post', `/runs/${runId}/signals/${CREDENTIAL}`, { body: payload, headers });
    await call([fails(new Error(CANARY))], 'post', '/fail', { headers });
    const all = await millrace.store.listAudit({ namespace: 'default', limit: 100 });
    expect(all).toHaveLength(3);
    expect(JSON.stringify(all)).not.toMatch(new RegExp(`${CREDENTIAL}|${CANARY}`));
    expect(all[2]?.reason).toBe('rotate ***');
  });

  it('is asked for by who may administer, filtered and in pages', async () => {
    for (const action of ['a', 'b', 'c'])
      // oxlint-disable-next-line no-await-in-loop -- in this order
      await millrace.record({ actor: 'local', action, target: `t/${action}`, outcome: 'done' });
    const page = async (query: string) => {
      const response = await call(ROUTES, 'get', `/audit?${query}`);
      return (await response.json()) as { items: { action: string }[]; nextCursor: string | null };
    };
    const first = await page('limit=2');
    expect(first.items.map(({ action }) => action)).toEqual(['c', 'b']);
    const second = await page(`limit=2&cursor=${first.nextCursor}`);
    expect([second.items.map(({ action }) => action), second.nextCursor]).toEqual([['a'], null]);
    expect((await page('action=b&actor=local&target=t/b')).items).toHaveLength(1);
    expect((await page('to=2001-01-01T00:00:00Z')).items).toEqual([]);
    expect((await call(ROUTES, 'get', '/audit?from=yesterday')).status).toBe(400);
    role = 'operator';
    expect((await call(ROUTES, 'get', '/audit')).status).toBe(403);
  });

  it('forgets no route of the table that changes something', async () => {
    role = 'viewer';
    const acts = ROUTES.filter(isAct);
    for (const { method, path } of acts)
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await call(ROUTES, method, path.replaceAll(/\{\w+\}/g, 'x'), { body: '{}' });
    expect((await entries()).map(({ action }) => action).toSorted()).toEqual(
      acts.map(({ name }) => name).toSorted(),
    );
    const silent = ROUTES.filter((one) => one.method !== 'get' && one.permission === 'read');
    expect(
      silent.map(({ name }) => name),
      'what is asked with a body, and changes nothing',
    ).toEqual([]);
  });

  it('knows whoever comes to a server without authentication as local', async () => {
    const tenants = createTenants(new Map([['default', millrace]]));
    const parts = { tenants, doorkeeper: openDoor('default'), uuid: () => 'r1', maxBodyBytes: 100 };
    const onEnd = createAuditor(parts);
    const api = createApi({ ...parts, routes: [start], remoteOf: () => '::1', reportBug: () => {}, onEnd });
    const headers = { 'content-type': 'application/json' };
    await requesting((asked) => api(asked, asked.path))('/runs', {
      method: 'POST',
      body: '{"input":1}',
      headers,
    });
    expect(await entries()).toMatchObject([{ actor: 'local', remote: '::1' }]);
  });
});

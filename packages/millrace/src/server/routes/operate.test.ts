import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore, signal, workflow, Millrace, type MillraceOptions } from '../../index.ts';
import type { Store } from '../../store/port/store.ts';
import { openDoor } from '../access/local.ts';
import { requesting } from '../../../testbed/http/requesting.ts';
import { createApp } from '../server.ts';
import { createTenants } from '../tenants.ts';
import { ROUTES } from './table.ts';

const go = signal<null>('go');
const waiting = workflow('waiting', (ctx, _: null) => ctx.waitForSignal(go));
const broken = workflow('broken', (ctx, _: null) =>
  ctx.step('break', () => {
    throw new Error('broken');
  }),
);

let store: Store;
let ours: Millrace;
let theirs: Millrace;

async function openOne(options: MillraceOptions): Promise<Millrace> {
  return Millrace.open({ store, workflows: [waiting, broken], retry: false, beat: 100, ...options });
}

beforeEach(async () => {
  store = await openStore('sqlite::memory:');
  ours = await openOne({ name: 'ours' });
  theirs = await openOne({ name: 'theirs', namespace: 'other' });
});
afterEach(async () => {
  await Promise.all([ours, theirs].map((millrace) => millrace.close({ grace: 0 })));
  await store.close();
});

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** Asks as somebody of this namespace; holds a good answer against the schema that its route declares. */
async function ask(line: string, body?: unknown, namespace = 'default'): Promise<Reply> {
  const [method = '', path = ''] = line.split(' ');
  const byName = new Map([
    ['default', ours],
    ['other', theirs],
  ]);
  const bugs: unknown[] = [];
  const request = requesting(
    createApp({
      tenants: createTenants(byName),
      doorkeeper: openDoor(namespace),
      version: '0',
      uuid: () => 'request',
      maxBodyBytes: 10_000,
      reportBug: (error) => void bugs.push(error),
    }),
  );
  const init = body === undefined ? {} : { body: JSON.stringify(body), headers: JSON_TYPE };
  const response = await request(`/api/v1${path}`, { method, ...init });
  expect(bugs).toEqual([]);
  const text = await response.text();
  const answer = text === '' ? undefined : (JSON.parse(text) as unknown);
  const { pathname } = new URL(path, 'http://x');
  const route = ROUTES.find(
    (one) => one.method.toUpperCase() === method && patternOf(one.path).test(pathname),
  );
  if (response.ok) route?.answers[response.status]?.schema?.parse(answer);
  return { status: response.status, body: answer };
}

const JSON_TYPE = { 'content-type': 'application/json' };

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
}

describe('the cluster over HTTP', () => {
  it("shows and drains the engines of the caller's namespace, and no others", async () => {
    expect((await ask('GET /cluster')).body).toMatchObject({ engines: [{ engineId: 'ours' }] });
    expect((await ask('GET /cluster', undefined, 'other')).body).toMatchObject({
      engines: [{ engineId: 'theirs' }],
    });
    for (const act of ['drain', 'failover'])
      for (const foreign of ['theirs', theirs.engine?.engineId])
        expect(await ask(`POST /cluster/engines/${foreign}/${act}`)).toMatchObject({
          status: 404,
          body: { code: 'ENGINE_NOT_FOUND' },
        });
    const { status, body } = await ask('POST /cluster/engines/ours/drain');
    expect([status, body]).toEqual([202, { engineId: 'ours', incarnation: ours.engine?.engineId }]);
    await ours.departed;
  });

  it('declares an engine dead, and tells of it in its namespace alone', async () => {
    const incarnation = ours.engine?.engineId;
    const { body } = await ask('POST /cluster/engines/ours/failover');
    expect(body).toEqual({ engineId: 'ours', incarnation, requeued: 0 });
    expect((await ask('GET /cluster/failovers?limit=1')).body).toMatchObject({
      items: [{ eventId: incarnation, kind: 'declared', failedEngine: 'ours' }],
      nextCursor: null,
    });
    expect((await ask('GET /cluster/failovers', undefined, 'other')).body).toMatchObject({ items: [] });
    expect((await ask('GET /cluster/failovers?limit=0')).body).toMatchObject({ code: 'INVALID_REQUEST' });
  });

  it('sets the strategy, and refuses one that does not exist', async () => {
    const rule = { strategy: 'round-robin', shadow: 'affinity' };
    expect((await ask('PUT /cluster/strategy', rule)).body).toMatchObject(rule);
    expect((await ask('GET /cluster/strategy')).body).toMatchObject({ ...rule, source: 'cluster' });
    expect(await ask('PUT /cluster/strategy', { strategy: 'best' })).toMatchObject({ status: 400 });
    expect((await ask('PUT /cluster/strategy', { strategy: null })).body).toMatchObject({ source: 'engine' });
  });

  it('says which engine would be chosen, by workflow or by executor', async () => {
    const found = { engineId: 'ours', strategy: 'affinity' };
    const { body } = await ask('GET /cluster/select?workflow=waiting&strategy=affinity&key=k');
    expect(body).toMatchObject(found);
    expect((await ask('GET /cluster/select?executor=noop&requires=gpu')).body).toMatchObject({
      engineId: null,
    });
    expect(await ask('GET /cluster/select')).toMatchObject({ status: 400 });
  });

  it('shows a lock with its holder, and releases it once', async () => {
    const lock = await ours.lock('a/b', { timeout: '1m' });
    expect((await ask('GET /cluster/locks')).body).toMatchObject({
      items: [{ name: 'a/b', token: lock.token, holder: { kind: 'engine', owner: 'ours' } }],
    });
    expect((await ask('GET /cluster/locks', undefined, 'other')).body).toMatchObject({ items: [] });
    expect(await ask('DELETE /cluster/locks/a%2Fb', undefined, 'other')).toMatchObject({ status: 409 });
    expect(await ask('DELETE /cluster/locks/a%2Fb')).toEqual({ status: 204, body: undefined });
    expect(await ask('DELETE /cluster/locks/a%2Fb')).toMatchObject({ body: { code: 'LOCK_NOT_HELD' } });
  });
});

describe('queues over HTTP', () => {
  it('are paused, limited and listed', async () => {
    const change = { paused: true, maxConcurrent: 2, ratePerSecond: 0.5, maxDepth: 9 };
    const { paused, ...limits } = change;
    const expected = { queue: 'slow & steady', paused, pausedBy: 'ours', limits };
    expect((await ask('PATCH /queues/slow%20%26%20steady', change)).body).toMatchObject(expected);
    expect((await ask('GET /queues')).body).toMatchObject({ items: [expected], nextCursor: null });
    expect((await ask('GET /queues', undefined, 'other')).body).toMatchObject({ items: [] });
    const lifted = { paused: false, maxConcurrent: null };
    expect((await ask('PATCH /queues/slow%20%26%20steady', lifted)).body).toMatchObject({
      paused: false,
      limits: { maxConcurrent: null, maxDepth: 9 },
    });
    expect(await ask('PATCH /queues/q', { maxConcurrent: 0 })).toMatchObject({ status: 400 });
    expect(await ask('PATCH /queues/q', { max: 1 })).toMatchObject({ status: 400 });
  });

  it('list their dead letters page by page, and let them go on', async () => {
    const runs = await ours.startMany([
      { workflow: broken, input: null, queue: 'mail' },
      { workflow: broken, input: null, queue: 'mail' },
    ]);
    await Promise.allSettled(runs.map((run) => run.result()));
    const first = (await ask('GET /queues/mail/dead?limit=1')).body as { nextCursor: string };
    expect(first).toMatchObject({ items: [{ status: 'failed', queue: 'mail' }] });
    const second = await ask(`GET /queues/mail/dead?cursor=${first.nextCursor}`);
    expect(second.body).toMatchObject({ items: [{ status: 'failed' }], nextCursor: null });
    expect((await ask('POST /queues/mail/redrive', { limit: 1 })).body).toEqual({ done: 1, failed: [] });
    expect(await ask('POST /queues/mail/redrive', undefined, 'other')).toMatchObject({ body: { done: 0 } });
  });

  it('tell an autoscaler how many engines they want', async () => {
    const empty = { queue: 'default', depth: 0, oldestAgeSeconds: null, desired: 0 };
    expect((await ask('GET /autoscaling')).body).toEqual(empty);
    const run = await ours.start(waiting, null);
    await expect.poll(async () => (await run.describe()).status).toBe('waiting');
    const sleeping = { ...empty, desired: 1 };
    expect((await ask('GET /autoscaling?queue=default')).body, 'somebody has to wake it').toEqual(sleeping);
    expect((await ask('GET /autoscaling', undefined, 'other')).body).toEqual(empty);
    await ours.setQueue('default', { paused: true });
    await ours.start(waiting, null);
    expect((await ask('GET /autoscaling')).body).toMatchObject({ depth: 1, desired: 1 });
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRealServer, order, type RealServer } from '../testbed/real-server.ts';
import { createClient, isApiError, isConnectionError, type Client } from './index.ts';

describe('a server', () => {
  let server: RealServer;
  let client: Client;

  beforeAll(async () => {
    server = await openRealServer();
    client = createClient({ url: server.url });
  });
  afterAll(() => server.close());

  it('says what the library says of a run', async () => {
    const run = await server.millrace.start(order, { id: 17 });
    await run.result();
    expect(await client.run(run.runId).describe()).toEqual(JSON.parse(JSON.stringify(await run.describe())));
  });

  it('refuses with the code, the remedy and the id of the request', async () => {
    const failure = await client
      .run('0192f0a0-0000-7000-8000-000000000000')
      .describe()
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'RUN_NOT_FOUND',
      status: 404,
      remedy: expect.any(String),
      requestId: expect.stringMatching(/^request-/),
    });
    expect([isApiError(failure, 'RUN_NOT_FOUND'), isApiError(failure, 'FORBIDDEN')]).toEqual([true, false]);
    expect(isConnectionError(failure)).toBe(false);
  });

  it('is sent the key, a fresh one for each request where it is a function', async () => {
    const seen: (string | null)[] = [];
    const door = await openRealServer({
      identify: (headers) => {
        seen.push(headers.get('authorization'), headers.get('x-team'));
        return Promise.resolve(undefined);
      },
    });
    let count = 0;
    const keyed = createClient({ url: door.url, key: () => `key-${++count}`, headers: { 'x-team': 'blue' } });
    for (const _ of [1, 2])
      await expect(keyed.run('1').describe()).rejects.toMatchObject({ code: 'UNAUTHENTICATED', status: 401 });
    await door.close();
    expect(seen).toEqual(['Bearer key-1', 'blue', 'Bearer key-2', 'blue']);
  });

  it('may be mounted below a path, and must be an address of the web', async () => {
    const asked: string[] = [];
    const fetch = (request: string | URL | Request) => {
      asked.push(new Request(request).url);
      return Promise.resolve(Response.json({}));
    };
    const below = createClient({ url: 'https://example.com/millrace/', fetch });
    await below.run('a/b?c').describe();
    await below.runs({ status: ['failed', 'cancelled'], workflow: 'a&b' }).page();
    expect(asked).toEqual([
      'https://example.com/millrace/api/v1/runs/a%2Fb%3Fc',
      'https://example.com/millrace/api/v1/runs?status=failed&status=cancelled&workflow=a%26b',
    ]);
    await expect(below.run('..').describe()).rejects.toThrow('".." cannot be a part of an address');
    expect(() => createClient({ url: 'file:///tmp' })).toThrow(
      'give one that begins with http:// or https://',
    );
  });

  it('starts a run and waits for its result', async () => {
    const run = await client.start('order', { id: 18 });
    expect(await run.result()).toEqual({ shipped: 18 });
    const failed = await client.start('broken');
    await expect(failed.result()).rejects.toMatchObject({
      name: 'RunError',
      code: 'RUN_FAILED',
      message: expect.stringContaining('the stock is gone'),
    });
  });

  it('gives signals, says why a run waits and what happened to it', async () => {
    const run = await client.start('approval', undefined, { key: 'approval-1', tags: ['client'] });
    await expect(run.result({ waitMs: 50 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect((await run.why()).reasons).toMatchObject([{ code: 'WAITING_SIGNAL' }]);
    await client.run({ key: 'approval-1' }).signal('approved', 'Ada');
    expect(await run.result()).toEqual({ by: 'Ada' });
    const types = [];
    for await (const { type } of run.history()) types.push(type);
    expect(types).toEqual(['started', 'signal-received', 'completed']);
    await expect(run.signal('approved', 'Bob')).rejects.toMatchObject({ code: 'RUN_CLOSED', status: 409 });
    await expect(client.run({ key: 'nobody' }).describe()).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });

  it('starts many and lists them page by page', async () => {
    const starts = Array.from({ length: 5 }, (_, id) => ({
      workflow: 'order',
      input: { id },
      tags: ['many'],
    }));
    const results = await client.startMany([...starts, { workflow: 'nonsense' }]);
    expect(results.map(({ success }) => success)).toEqual([...Array<boolean>(5).fill(true), false]);
    const sizes = [];
    for await (const { items } of client.runs({ tag: 'many', limit: 2 }).pages()) sizes.push(items.length);
    expect(sizes).toEqual([2, 2, 1]);
    const ids = [];
    for await (const { runId } of client.runs({ tag: 'many', limit: 2 })) ids.push(runId);
    expect(new Set(ids).size).toBe(5);
  });

  it('pauses, resumes, cancels and retries', async () => {
    const run = await client.start('approval');
    await run.pause();
    await expect.poll(async () => (await run.describe()).status).toBe('paused');
    await run.resume();
    await expect.poll(async () => (await run.describe()).status).toBe('waiting');
    await run.cancel({ reason: 'no need' });
    await expect(run.result()).rejects.toMatchObject({ code: 'CANCELLED' });
    await run.retry();
    expect((await run.describe()).closedAt).toBeNull();
  });

  it('tells of what changes', async () => {
    const caller = new AbortController();
    const events = client.watch({}, { signal: caller.signal })[Symbol.asyncIterator]();
    const next = events.next();
    const run = await client.start('order', { id: 1 });
    let told: unknown;
    for (let seen = await next; told !== run.runId; seen = await events.next())
      if (seen.value?.event === 'run') told = seen.value.data['runId'];
    expect(told).toBe(run.runId);
    caller.abort();
  });

  it('shows and changes how the cluster works', async () => {
    expect((await client.cluster.read()).engines).toMatchObject([{ status: 'alive' }]);
    expect(await client.cluster.setStrategy({ strategy: 'least-load' })).toMatchObject({ source: 'cluster' });
    expect(await client.cluster.strategy()).toMatchObject({ strategy: 'least-load' });
    expect(await client.queues.change('default', { maxDepth: 9 })).toMatchObject({ limits: { maxDepth: 9 } });
    expect((await client.queues.list()).items).toMatchObject([{ queue: 'default' }]);
    expect(await client.locks.list()).toEqual([]);
    await expect(client.locks.release('stock')).rejects.toMatchObject({ code: 'LOCK_NOT_HELD' });
  });
});

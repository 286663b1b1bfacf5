import { afterEach, describe, expect, it } from 'vitest';
import {
  cut,
  cutInside,
  json,
  openFaultServer,
  silent,
  stream,
  type FaultServer,
  type Reply,
} from '../testbed/fault-server.ts';
import { createClient, type Client, type ClientOptions, type ServerEvent } from './index.ts';

const RUN = { runId: '0192f0a0-0000-7000-8000-000000000000', status: 'completed', output: 7, error: null };

describe('a connection that fails', () => {
  let server: FaultServer | undefined;
  afterEach(() => server?.close());

  const against = async (
    replies: readonly Reply[],
    options: Partial<ClientOptions> = {},
  ): Promise<Client> => {
    server = await openFaultServer(...replies);
    return createClient({ url: server.url, retry: { baseMs: 1 }, ...options });
  };
  const asked = () => server?.seen.map(({ method }) => method) ?? [];

  it.each([
    ['is cut before the answer', cut],
    ['is cut inside the answer', cutInside],
    ['says that the server is not ready', json(503, { code: 'NOT_READY' })],
    ['goes through a proxy that finds nobody', (response) => void response.writeHead(502).end('<html>')],
  ] satisfies [string, Reply][])('is tried again for what only reads, when it %s', async (_how, reply) => {
    const client = await against([reply, reply, json(200, RUN)]);
    expect(await client.run(RUN.runId).describe()).toEqual(RUN);
    expect(asked()).toEqual(['GET', 'GET', 'GET']);
  });

  it('is an error that says so when it never comes back', async () => {
    const client = await against([cut], { retry: { baseMs: 1, attempts: 3 } });
    const failure = client.run(RUN.runId).describe();
    await expect(failure).rejects.toMatchObject({ name: 'ConnectionError', code: 'UNREACHABLE' });
    expect(asked()).toHaveLength(3);
  });

  it('is an error when there is nobody at the address', async () => {
    const { url, close } = await openFaultServer(cut);
    close();
    const client = createClient({ url, retry: { attempts: 1 } });
    await expect(client.run('1').describe()).rejects.toMatchObject({
      code: 'UNREACHABLE',
      request: `GET ${url}/api/v1/runs/1`,
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('is given up when the answer takes too long', async () => {
    const client = await against([silent], { timeoutMs: 20, retry: { attempts: 1 } });
    await expect(client.run('1').describe()).rejects.toMatchObject({ code: 'NO_ANSWER' });
  });

  it('repeats a start under one idempotency key, so that it begins once', async () => {
    const started = { runId: RUN.runId, jobId: RUN.runId, status: 'queued', success: true, queued: true };
    const client = await against([cut, cutInside, json(201, started)]);
    expect(await client.start('order', { id: 1 })).toMatchObject(started);
    const keys = new Set(server?.seen.map(({ headers }) => headers['idempotency-key']));
    expect([keys.size, [...keys][0]]).toEqual([1, expect.stringMatching(/^[0-9a-f]{32}$/)]);
    expect(server?.seen.map(({ body }) => body)).toEqual(
      Array(3).fill('{"workflow":"order","input":{"id":1}}'),
    );
  });

  it('repeats a signal under the key of its sender', async () => {
    const client = await against([cut, json(202, {})]);
    await client.run(RUN.runId).signal('approved', true, { idempotencyKey: 'mail-17' });
    expect(server?.seen.map(({ headers }) => headers['idempotency-key'])).toEqual(['mail-17', 'mail-17']);
  });

  it('is not tried again for what could then be done twice', async () => {
    const client = await against([cut]);
    await expect(client.locks.release('stock')).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(asked()).toEqual(['DELETE']);
  });

  it('is not tried again where the server has refused', async () => {
    const problem = {
      code: 'RUN_NOT_FOUND',
      status: 404,
      detail: 'run 1 does not exist',
      remedy: 'Check the id.',
      requestId: 'r-1',
      details: { runId: '1' },
    };
    const client = await against([json(404, problem)]);
    const { status: _, detail: message, ...fields } = problem;
    await expect(client.run('1').describe()).rejects.toMatchObject({
      name: 'ApiError',
      status: 404,
      message,
      ...fields,
    });
    expect(asked()).toHaveLength(1);
  });

  it('waits for as long as the server asks for, and not at all where that is too long', async () => {
    const busy = json(429, { code: 'TOO_MANY_REQUESTS', detail: 'slowly' }, { 'retry-after': '3600' });
    const client = await against([busy]);
    await expect(client.run('1').describe()).rejects.toMatchObject({
      code: 'TOO_MANY_REQUESTS',
      retryAfterMs: 3_600_000,
    });
    const soon = json(429, {}, { 'retry-after': '0' });
    expect(await (await against([soon, json(200, RUN)])).run('1').describe()).toEqual(RUN);
  });

  it('is told from an answer that is none of ours', async () => {
    const page: Reply = (response) =>
      void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
    const client = await against([page]);
    await expect(client.run('1').describe()).rejects.toMatchObject({ code: 'BAD_ANSWER' });
  });

  it('ends at once when the caller has enough, with the reason of the caller', async () => {
    const client = await against([silent]);
    const caller = new AbortController();
    const failure = client.run('1').describe({ signal: caller.signal });
    caller.abort(new Error('enough'));
    await expect(failure).rejects.toThrow('enough');
  });

  it('ends between two attempts, too', async () => {
    const caller = new AbortController();
    const stop: Reply = (response) => {
      response.destroy();
      caller.abort(new Error('enough'));
    };
    const client = await against([stop], { retry: { baseMs: 60_000, mostMs: 60_000 } });
    await expect(client.run('1').describe({ signal: caller.signal })).rejects.toThrow('enough');
  });
});

describe('a stream of events', () => {
  let server: FaultServer | undefined;
  afterEach(() => server?.close());

  const event = (id: number, more = '') =>
    `id: ${id}\nevent: run\ndata: {"type":"run.closed","at":"2026-01-01T00:00:00Z","n":${id}}\n\n${more}`;
  const watch = async (replies: readonly Reply[], count: number, options = {}): Promise<ServerEvent[]> => {
    server = await openFaultServer(...replies);
    const seen: ServerEvent[] = [];
    for await (const one of createClient({ url: server.url }).watch({}, options)) {
      seen.push(one);
      if (seen.length === count) break;
    }
    return seen;
  };
  const lastIds = () => server?.seen.map(({ headers }) => headers['last-event-id']);

  it('gives what the server tells', async () => {
    const [first] = await watch([stream(`: hello\n\n${event(1)}`, 'stay')], 1);
    expect(first).toEqual({
      id: '1',
      event: 'run',
      data: { type: 'run.closed', at: '2026-01-01T00:00:00Z', n: 1 },
    });
  });

  it.each(['end', 'cut'] as const)(
    'goes on behind the last event, when the connection is %s',
    async (how) => {
      const lost: Error[] = [];
      const replies = [stream(event(1, event(2)), how), stream(event(3), 'stay')];
      const seen = await watch(replies, 3, { onReconnect: (why: Error) => lost.push(why) });
      expect(seen.map(({ id }) => id)).toEqual(['1', '2', '3']);
      expect(lastIds()).toEqual([undefined, '2']);
      expect(lost).toMatchObject([{ code: 'UNREACHABLE' }]);
    },
  );

  it('does not believe in a connection that says nothing', async () => {
    const seen = await watch([silent, stream(event(1), 'stay'), stream(event(2), 'stay')], 2, {
      heartbeatMs: 30,
      lastEventId: '0',
    });
    expect(seen.map(({ id }) => id)).toEqual(['1', '2']);
    expect(lastIds()).toEqual(['0', '0', '1']);
  });

  it('stays while there are heartbeats', async () => {
    let beat: NodeJS.Timeout | undefined;
    const beating: Reply = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      let beats = 0;
      beat = setInterval(() => void response.write(++beats < 20 ? ': beat\n\n' : event(1)), 10);
    };
    await watch([beating], 1, { heartbeatMs: 100 });
    clearInterval(beat);
    expect(server?.seen).toHaveLength(1);
  });

  it('ends when the server has nothing more to tell', async () => {
    const over: Reply = (response) => void response.writeHead(204).end();
    expect((await watch([stream(event(1)), over], 9)).map(({ id }) => id)).toEqual(['1']);
  });

  it('ends with the refusal of the server', async () => {
    const refused = json(403, { code: 'FORBIDDEN', detail: 'role viewer may not' });
    await expect(watch([refused], 1)).rejects.toMatchObject({ name: 'ApiError', code: 'FORBIDDEN' });
    expect(server?.seen).toHaveLength(1);
  });

  it('ends when the caller has enough', async () => {
    const caller = new AbortController();
    const never: Reply = (response, seen) => {
      stream(': hello\n\n', 'stay')(response, seen);
      caller.abort(new Error('enough'));
    };
    await expect(watch([never], 1, { signal: caller.signal })).rejects.toThrow('enough');
  });
});

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { open } from '../../../testbed/engines/engines.ts';
import { openDoor } from '../access/local.ts';
import { openServer } from '../server.ts';
import { createTenants } from '../tenants.ts';
import { listen, type Listening } from './listen.ts';
import { route, type Route } from '../http/route.ts';
import type { Handler } from './exchange.ts';

let listening: Listening | undefined;

afterEach(() => listening?.close(0));

async function serve(routes: readonly Route[]): Promise<string> {
  const parts = {
    tenants: createTenants(new Map([['default', await open()]])),
    doorkeeper: openDoor('default'),
    version: '0.0.0',
    uuid: () => 'request-1',
    maxBodyBytes: 10_000,
    reportBug: (error: unknown) => expect.unreachable(String(error)),
    routes,
  };
  listening = await openServer(parts, { host: '127.0.0.1', port: 0 });
  return `${listening.url}/api/v1`;
}

const declared = { summary: '', tag: 'tests', permission: 'read', answers: {} } as const;

describe('over a socket', () => {
  it('a handler hears when its client has gone', async () => {
    const gone = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const wait = route({
      ...declared,
      method: 'get',
      path: '/wait',
      name: 'wait',
      async handle(_taken, { signal }) {
        signal.addEventListener('abort', () => gone.resolve());
        begun.resolve();
        await gone.promise;
        return { status: 200 };
      },
    });
    const url = await serve([wait]);
    const client = new AbortController();
    const asked = fetch(`${url}/wait`, { signal: client.signal });
    await begun.promise;
    client.abort();
    await expect(asked).rejects.toThrow(/abort/);
    await gone.promise;
  });

  it('a body comes whole, in as many pieces as it likes, and one that is too large is refused', async () => {
    const echo = route({
      ...declared,
      method: 'post',
      path: '/echo',
      name: 'echo',
      body: z.unknown(),
      optionalBody: true,
      handle: ({ body }) => Promise.resolve({ status: 200, body: { body: body ?? 'none' } }),
    });
    const url = await serve([echo]);
    const post = async (body: string | ReadableStream | undefined) => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${url}/echo`, {
        method: 'POST',
        headers,
        body,
        duplex: 'half',
      } as RequestInit);
      return [response.status, await response.json()] as const;
    };
    const pieces = (parts: readonly string[]) => ReadableStream.from(parts.map((part) => Buffer.from(part)));
    expect(await post('{"a":1}')).toEqual([200, { body: { a: 1 } }]);
    expect(await post(pieces(['[1', ',2', ']']))).toEqual([200, { body: [1, 2] }]);
    expect(await post(undefined)).toEqual([200, { body: 'none' }]);
    const large = 'x'.repeat(6_000);
    expect((await post(`"${large}${large}"`))[0], 'as it says').toBe(413);
    expect((await post(pieces([`"${large}`, large, '"'])))[0], 'as it turns out').toBe(413);
  });

  it('a reply that cannot be sent ends its connection, and no other', async () => {
    const odd = route({
      ...declared,
      method: 'get',
      path: '/odd',
      name: 'odd',
      handle: () => Promise.resolve({ status: 200, headers: { 'x-odd': 'a\nb' }, body: 1 }),
    });
    const url = await serve([odd]);
    await expect(fetch(`${url}/odd`)).rejects.toThrow(/fetch failed/);
    expect((await fetch(`${url}/none`)).status).toBe(404);
  });

  it('an answer given after the port was closed ends its connection', async () => {
    const answer = Promise.withResolvers<void>();
    const handler: Handler = async ({ path }) => {
      if (path === '/slow') await answer.promise;
      return { status: 200, headers: {}, body: 'here' };
    };
    listening = await listen(handler, { host: '127.0.0.1', port: 0 });
    const { url } = listening;
    expect((await fetch(url)).headers.get('connection')).toBe('keep-alive');
    const slow = fetch(`${url}/slow`);
    const closed = listening.close(10_000);
    const isOpen = async (): Promise<boolean> =>
      (await fetch(url, { headers: { connection: 'close' } }).catch(() => undefined))?.ok ?? false;
    await expect.poll(isOpen, { interval: 5, timeout: 5_000 }).toBe(false);
    answer.resolve();
    expect((await slow).headers.get('connection')).toBe('close');
    await closed;
  });

  it('a request that the system has taken, and the process has not, is answered when the port closes', async () => {
    listening = await listen(() => Promise.resolve({ status: 200, headers: {}, body: 'here' }), {
      ...{ host: '127.0.0.1', port: 0 },
    });
    const sent = new Int32Array(new SharedArrayBuffer(4));
    const client = new Worker(CLIENT, {
      eval: true,
      workerData: { port: Number(new URL(listening.url).port), sent },
    });
    const said = once(client, 'message');
    // Until it is sent, this process takes nothing at all.
    await once(client, 'online');
    Atomics.wait(sent, 0, 0);
    await listening.close(10_000);
    expect(await said).toEqual(['HTTP/1.1 200 OK']);
  });
});

/** Sends one request from a thread of its own, and tells the first line of the answer. */
const CLIENT = `
  const { connect } = require('node:net');
  const { parentPort, workerData: { port, sent } } = require('node:worker_threads');
  let text = '';
  const socket = connect(port, '127.0.0.1', () => {
    socket.write('GET / HTTP/1.1\\r\\nhost: a\\r\\nconnection: close\\r\\n\\r\\n', () => {
      Atomics.store(sent, 0, 1);
      Atomics.notify(sent, 0);
    });
  });
  socket.on('data', (chunk) => (text += chunk));
  socket.on('error', ({ code }) => (text = code));
  socket.on('close', () => parentPort.postMessage(text.split('\\r\\n')[0]));
`;

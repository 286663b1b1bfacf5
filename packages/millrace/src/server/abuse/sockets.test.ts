import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answersIn, rawClient } from '../../../testbed/http/raw.ts';
import { openTestServer, type TestServer } from '../../../testbed/http/test-server.ts';

const POST = 'POST /api/v1/runs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';
const GET = 'GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n';

describe('a client that does not keep to the rules', () => {
  let server: TestServer;
  let url: string;

  beforeEach(async () => {
    server = await openTestServer();
    url = await server.listen();
  });
  afterEach(async () => {
    // Whoever came before is answered as if nothing had been.
    expect((await fetch(`${url}/openapi.json`)).status).toBe(200);
    expect(server.bugs).toEqual([]);
    await server.close();
  });

  it.each([
    ['two lengths', 'content-length: 3\r\ncontent-length: 4'],
    ['a length and chunks', 'content-length: 3\r\ntransfer-encoding: chunked'],
    ['chunks of chunks', 'transfer-encoding: chunked, chunked'],
    ['an unknown coding', 'transfer-encoding: xchunked'],
    ['a length that is none', 'content-length: 3x'],
    ['a folded header', 'x-a: b\r\n c'],
    ['a space before the colon', 'transfer-encoding : chunked'],
  ])('is refused and cut off: %s', async (_what, headers) => {
    const client = rawClient(url);
    client.say(`POST /api/v1/runs HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n\r\nabc${GET}`);
    const received = await client.closed;
    const [first, ...more] = answersIn(received);
    expect(first).toBe(400);
    expect(more, 'what follows is not a request of its own').toEqual([]);
  });

  it('is refused with headers that are too large, or too many', async () => {
    const large = rawClient(url);
    large.say(`GET / HTTP/1.1\r\nhost: localhost\r\nx-a: ${'a'.repeat(100 * 1024)}\r\n\r\n`);
    expect(answersIn(await large.closed)).toEqual([431]);
    const many = rawClient(url);
    const lines = Array.from({ length: 10_000 }, (_, at) => `x-${at}: 1`).join('\r\n');
    many.say(`GET / HTTP/1.1\r\nhost: localhost\r\n${lines}\r\n\r\n`);
    expect(answersIn(await many.closed)).toEqual([431]);
  });

  it('gets one answer for each request that it pipelines, in order', async () => {
    const client = rawClient(url);
    client.say(GET.repeat(50));
    client.say('GET /openapi.json HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
    expect(answersIn(await client.closed)).toEqual(Array.from({ length: 51 }, () => 200));
  });

  it('is cut off when it takes too long for its headers, or for its body', async () => {
    const slow = await openTestServer();
    const to = await slow.listen({ headersMs: 100, requestMs: 200 });
    const headers = rawClient(to);
    headers.say('GET / HTTP/1.1\r\nhost: localhost\r\n');
    const body = rawClient(to);
    body.say(`${POST}content-length: 9\r\n\r\n{`);
    expect([answersIn(await headers.closed), answersIn(await body.closed)]).toEqual([[408], [408]]);
    await slow.close();
  });

  it('leaves nothing behind when it goes away in the middle of a body', async () => {
    for (let times = 0; times < 20; times++) {
      const client = rawClient(url);
      client.say(`${POST}content-length: 999\r\n\r\n{"a":`);
      client.socket.end();
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(answersIn(await client.closed)).not.toContain(201);
    }
  });
});

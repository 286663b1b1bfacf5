import { createHmac } from 'node:crypto';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { call, rejection, serve, type Received } from '../../../testbed/executors/http-server.ts';
import { fakeStep } from '../../../testbed/pool/fake-processes.ts';
import { CancelledError } from '../../core/errors.ts';
import { failureOf } from '../../core/failure.ts';
import { DEFAULT_RETRY, isRetryable } from '../../core/policy/retry.ts';

const request = 'http.request';

describe('a request', () => {
  it('sends JSON, and gives status, headers and what the JSON of the answer says', async () => {
    const { host, url, received } = await serve((response) => {
      response.setHeader('content-type', 'application/problem+json; charset=utf-8').end('{"id":17}');
    });
    const input = { url: `${url}/stock?a=1`, query: { b: ['x y', 2], c: null }, body: [{ sku: 'é' }] };
    const output = await call(request, input, { httpAllowHosts: [host] });
    expect(output).toMatchObject({ status: 200, body: { id: 17 } });
    expect(output).toHaveProperty(['headers', 'content-type'], 'application/problem+json; charset=utf-8');
    expect(received).toMatchObject([
      {
        method: 'POST',
        url: '/stock?a=1&b=x+y&b=2',
        body: '[{"sku":"é"}]',
        headers: {
          host,
          'content-type': 'application/json',
          'idempotency-key': 'run:1',
          'content-length': '14',
        },
      },
    ]);
  });

  it('gets where there is no body, and then needs no key', async () => {
    const { host, url, received } = await serve((response) => response.end('hello'));
    expect(await call(request, { url }, { httpAllowHosts: [host] })).toMatchObject({ body: 'hello' });
    expect(received[0]?.method).toBe('GET');
    expect(received[0]?.headers).not.toHaveProperty('idempotency-key');
  });

  it.each([
    [{ body: 'text' }, 'text', 'text/plain; charset=utf-8'],
    [{ body: new Uint8Array([104, 105]) }, 'hi', 'application/octet-stream'],
    [{ form: { a: '1 2', b: [true, false] } }, 'a=1+2&b=true&b=false', 'application/x-www-form-urlencoded'],
    [{ body: '<a/>', headers: { 'Content-Type': 'text/xml' } }, '<a/>', 'text/xml'],
  ])('with %o sends %o', async (input, body, type) => {
    const { host, url, received } = await serve((response) => response.end());
    await call(request, { url, method: 'delete', ...input }, { httpAllowHosts: [host] });
    expect(received).toMatchObject([{ method: 'DELETE', body, headers: { 'content-type': type } }]);
  });

  it('has the headers that it is told, before ours', async () => {
    const { host, url, received } = await serve((response) => response.end());
    const headers = { 'X-Two': ['a', 'b'], 'IDEMPOTENCY-KEY': 'mine', 'User-Agent': null, 'X-Number': 7 };
    const at = url.replace('//', '//ada:p%40ss@');
    await call(request, { url: at, method: 'PUT', headers }, { httpAllowHosts: [host] });
    const [seen] = received;
    expect(seen?.headers).toMatchObject({ 'x-two': 'a, b', 'idempotency-key': 'mine', 'x-number': '7' });
    expect(seen?.headers).not.toHaveProperty('user-agent');
    expect(seen?.headers.authorization).toBe(`Basic ${Buffer.from('ada:p@ss').toString('base64')}`);
  });

  it('has the credentials that it is told', async () => {
    const { host, url, received } = await serve((response) => response.end());
    const auth = { username: 'ada', password: 'p@ss' };
    await call(request, { url, auth }, { httpAllowHosts: [host] });
    expect(received[0]?.headers.authorization).toBe(`Basic ${Buffer.from('ada:p@ss').toString('base64')}`);
  });

  it.each([
    [{ url: 'http://a/', auth: { username: 'a' } }, 'must be { username, password }'],
    [
      { url: 'http://a/', auth: { username: 'a', password: 'b', realm: 'c' } },
      'must be { username, password }',
    ],
    [{}, 'url is missing: must be an address'],
    [{ url: 'ftp://a:secret@b/' }, 'url is "ftp://a:***@b/": must be an address that begins with http://'],
    [{ url: 'http://%zz@b/' }, 'must have credentials'],
    [{ url: 'http://a/', metod: 'GET' }, 'metod is not known; did you mean method?'],
    [{ url: 'http://a/', method: 'GTE' }, 'did you mean GET?'],
    [{ url: 'http://a/', method: 'CONNECT' }, 'must be one of'],
    [{ url: 'http://a/', headers: { Host: 'b' } }, 'Host is set by Millrace alone'],
    [{ url: 'http://a/', headers: { a: 'b\r\nc: d' } }, 'a must be text on one line'],
    [{ url: 'http://a/', headers: { 'a b': 'c' } }, 'a b must be text on one line'],
    [{ url: 'http://a/', headers: { a: {} } }, 'a must be text on one line'],
    [{ url: 'http://a/', headers: 'a' }, 'headers is "a": must be an object'],
    [{ url: 'http://a/', timeout: 'soon' }, 'timeout is "soon": must be a duration'],
    [{ url: 'http://a/', timeout: true }, 'must be a duration'],
    [{ url: 'http://a/', maxResponseBytes: 0 }, 'must be a whole number from 1 to'],
    [{ url: 'http://a/', followRedirects: 'no' }, 'must be true or false'],
    [{ url: 'http://a/', query: { a: {} } }, 'a must be text, a number'],
    [{ url: 'http://a/', body: 'a', form: { a: 1 } }, 'both a body and a form'],
    [{ url: 'http://a/', body: { a: 1n } }, 'cannot be written as JSON'],
  ])('of %o is refused', async (input, message) => {
    const failure = failureOf(await rejection(call(request, input)));
    expect(failure).toMatchObject({ code: 'INVALID_INPUT' });
    expect(failure.message).toContain(message);
    expect(failure.message).not.toContain('secret');
  });
});

describe('an answer', () => {
  it.each([
    ['gzip', gzipSync('hello')],
    ['deflate', deflateSync('hello')],
    ['deflate', deflateRawSync('hello')],
    ['br', brotliCompressSync('hello')],
    ['gzip, br', brotliCompressSync(gzipSync('hello'))],
    ['identity', Buffer.from('hello')],
  ])('compressed with %s is decompressed', async (encoding, bytes) => {
    const { host, url, received } = await serve((response) => {
      response.setHeader('content-encoding', encoding).end(bytes);
    });
    expect(await call(request, { url }, { httpAllowHosts: [host] })).toMatchObject({ body: 'hello' });
    expect(received[0]?.headers['accept-encoding']).toBe('gzip, deflate, br');
  });

  it.each([
    ['text/plain; charset=iso-8859-1', Buffer.from([0xe9]), { body: 'é' }],
    ['text/plain', Buffer.from('é'), { body: 'é' }],
    ['image/png', Buffer.from([0xff, 0xd8]), { body: '/9g=', bodyEncoding: 'base64' }],
    ['text/plain', Buffer.from('a\0b'), { body: 'YQBi', bodyEncoding: 'base64' }],
    ['text/plain; charset=nonsense', Buffer.from('a'), { body: 'YQ==', bodyEncoding: 'base64' }],
    ['application/json', Buffer.from('{"a":1'), { body: '{"a":1' }],
    ['application/json', Buffer.from(''), { body: null }],
    ['application/jsonp', Buffer.from('1'), { body: '1' }],
  ])('of %s with %o gives %o', async (type, bytes, expected) => {
    const { host, url } = await serve((response) => response.setHeader('content-type', type).end(bytes));
    expect(await call(request, { url }, { httpAllowHosts: [host] })).toMatchObject(expected);
  });

  it.each([
    ['as it comes', 'identity', Buffer.alloc(2000, 'a')],
    ['compressed in itself', 'gzip', gzipSync(Buffer.alloc(50_000_000))],
    ['compressed twice', 'br, gzip', gzipSync(brotliCompressSync(Buffer.alloc(50_000_000)))],
  ])('larger than allowed %s is refused', async (_how, encoding, bytes) => {
    const { host, url } = await serve((response) =>
      response.setHeader('content-encoding', encoding).end(bytes),
    );
    const input = { url, maxResponseBytes: 1000 };
    const thrown = await rejection(call(request, input, { httpAllowHosts: [host] }));
    expect(thrown).toMatchObject({ code: 'PAYLOAD_TOO_LARGE', details: { maxResponseBytes: 1000 } });
    expect(isRetryable(DEFAULT_RETRY, failureOf(thrown))).toBe(false);
  });

  it('without end is refused as soon as it is too large', async () => {
    const { host, url } = await serve((response) => {
      const more = (): void => {
        if (response.write(Buffer.alloc(65_536))) setImmediate(more);
        else response.once('drain', more);
      };
      more();
    });
    const thrown = await rejection(call(request, { url }, { httpAllowHosts: [host] }));
    expect(thrown).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  });

  it('that is an error fails with its status, and the author says whether a retry can help', async () => {
    const { host, url } = await serve((response) => {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"why":"gone"}');
    });
    const input = { url: `${url}/a?token=x` };
    const failure = failureOf(await rejection(call(request, input, { httpAllowHosts: [host] })));
    expect(failure).toMatchObject({
      ...{ name: 'HttpError', code: 'HTTP_404', message: `GET ${url}/a was answered with 404` },
      details: { status: 404, body: { why: 'gone' } },
    });
    expect(isRetryable(DEFAULT_RETRY, failure)).toBe(true);
    expect(isRetryable({ ...DEFAULT_RETRY, nonRetryable: ['HTTP_4XX'] }, failure)).toBe(false);
  });

  it('that is an error keeps its status however large or broken its body is', async () => {
    const { host, url } = await serve((response, { url: path }) => {
      if (path === '/large') response.writeHead(500).end(Buffer.alloc(3_000_000, 'a'));
      else response.writeHead(502, { 'content-encoding': 'gzip' }).end('not compressed');
    });
    const settings = { httpAllowHosts: [host] };
    expect(await rejection(call(request, { url: `${url}/large` }, settings))).toMatchObject({
      code: 'HTTP_500',
    });
    expect(await rejection(call(request, { url }, settings))).toMatchObject({ code: 'HTTP_502' });
  });

  it.each([
    ['7', 7000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['soon', undefined],
  ])('that says Retry-After: %s is asked again no earlier', async (header, retryAfterMs) => {
    const { host, url } = await serve((response) => response.writeHead(429, { 'retry-after': header }).end());
    const failure = failureOf(await rejection(call(request, { url }, { httpAllowHosts: [host] })));
    expect(failure.code).toBe('HTTP_429');
    expect(failure.retryAfterMs).toBe(retryAfterMs);
  });

  it('that does not come in time fails with TIMEOUT, and may be tried again', async () => {
    const { host, url } = await serve((response) => response.writeHead(200).write('begun'));
    const thrown = await rejection(call(request, { url, timeout: 50 }, { httpAllowHosts: [host] }));
    expect(thrown).toMatchObject({ name: 'TimeoutError', code: 'TIMEOUT' });
    expect(isRetryable(DEFAULT_RETRY, failureOf(thrown))).toBe(true);
  });

  it('is not waited for when the attempt is aborted', async () => {
    const step = fakeStep();
    const { host, url } = await serve(() => step.abort(new CancelledError('enough')));
    await expect(call(request, { url }, { httpAllowHosts: [host] }, step)).rejects.toThrow('enough');
  });
});

describe('the network', () => {
  it('that fails may be tried again, and says how', async () => {
    const failure = failureOf(await rejection(call(request, { url: 'http://a.test/' }, { resolve: lost })));
    expect(failure).toMatchObject({ code: 'EAI_AGAIN' });
    expect(failure.message).toBe('GET http://a.test/ failed: no name server');
    expect(isRetryable(DEFAULT_RETRY, failure)).toBe(true);
    const none = call(request, { url: 'http://a.test/' }, { resolve: async () => [] });
    expect(await rejection(none)).toMatchObject({ code: 'ENOTFOUND' });
  });

  it('that breaks off an answer fails the request', async () => {
    const { host, url } = await serve((response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setImmediate(() => response.destroy());
    });
    expect(await rejection(call(request, { url }, { httpAllowHosts: [host] }))).toMatchObject({
      code: 'ECONNRESET',
    });
  });
});

async function lost(): Promise<never> {
  throw Object.assign(new Error('no name server'), { code: 'EAI_AGAIN' });
}

describe('a webhook', () => {
  const payload = { order: 17 };

  it.each([
    ['a text', 'hunter2', Buffer.from('hunter2')],
    ['one of Standard Webhooks', 'whsec_aHVudGVyMg==', Buffer.from('hunter2')],
  ])('is signed with %s so that its receiver can check it', async (_what, secret, key) => {
    const { host, url, received } = await serve((response) => response.writeHead(204).end());
    const output = await call('webhook.post', { url, payload, secret }, { httpAllowHosts: [host] });
    expect(output).toMatchObject({ status: 204, body: null });
    const { headers, body } = received[0] as Received;
    expect(JSON.parse(body)).toEqual(payload);
    expect(headers).toMatchObject({ 'webhook-id': 'run:1', 'content-type': 'application/json' });
    const sent = String(headers['webhook-timestamp']);
    expect(Math.abs(Number(sent) - Date.now() / 1000)).toBeLessThan(30);
    const expected = createHmac('sha256', key).update(`run:1.${sent}.${body}`).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${expected}`);
  });

  it('may go unsigned, and takes a redirect for a failure', async () => {
    const { host, url, received } = await serve((response) =>
      response.writeHead(308, { location: '/' }).end(),
    );
    const thrown = await rejection(call('webhook.post', { url }, { httpAllowHosts: [host] }));
    expect(thrown).toMatchObject({ code: 'HTTP_308' });
    expect(received).toHaveLength(1);
    expect(received[0]?.body).toBe('null');
    expect(received[0]?.headers).not.toHaveProperty('webhook-signature');
  });

  it('is guarded like any request', async () => {
    expect(await rejection(call('webhook.post', { url: 'http://127.0.0.1/' }))).toMatchObject({
      code: 'ADDRESS_REFUSED',
    });
  });
});

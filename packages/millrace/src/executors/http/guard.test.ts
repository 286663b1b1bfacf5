import { describe, expect, it } from 'vitest';
import { call, rejection, serve, type Received } from '../../../testbed/executors/http-server.ts';
import { failureOf } from '../../core/failure.ts';
import { DEFAULT_RETRY, isRetryable } from '../../core/policy/retry.ts';
import type { Address } from '../outside.ts';
import { createGuard } from './guard.ts';
import { nextHop } from './redirect.ts';

const request = 'http.request';

function addresses(...list: readonly string[]): () => Promise<readonly Address[]> {
  return async () => list.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
}

describe('the guard', () => {
  it.each([
    ['http://127.0.0.1/', '127.0.0.1'],
    ['http://127.1/', '127.0.0.1'],
    ['http://2130706433/', '127.0.0.1'],
    ['http://0x7f000001/', '127.0.0.1'],
    ['http://0177.0.0.1/', '127.0.0.1'],
    ['http://0/', '0.0.0.0'],
    ['http://[::1]/', '::1'],
    ['http://[::ffff:127.0.0.1]/', '::ffff:7f00:1'],
    ['http://169.254.169.254/latest/meta-data', '169.254.169.254'],
  ])('refuses %s without sending anything', async (url, address) => {
    const thrown = await rejection(call(request, { url }));
    expect(thrown).toMatchObject({ code: 'ADDRESS_REFUSED', details: { address } });
    expect(isRetryable(DEFAULT_RETRY, failureOf(thrown))).toBe(false);
  });

  it('refuses a name by its address, and names both', async () => {
    const { host, url, received } = await serve((response) => response.end('inside'));
    const inside = url.replace('127.0.0.1', 'inside.test');
    const thrown = await rejection(call(request, { url: inside }, { resolve: addresses('127.0.0.1') }));
    const port = host.split(':')[1];
    expect(failureOf(thrown).message).toBe(
      `nothing was sent to port ${port}: host "inside.test" has the address 127.0.0.1, which is loopback. ` +
        'Name a public host, or let this one through with HTTP_ALLOW_HOSTS=host:port.',
    );
    expect(received).toEqual([]);
  });

  it('refuses a name when one of its addresses must not be reached', async () => {
    const resolve = addresses('93.184.216.34', '::1');
    expect(await rejection(call(request, { url: 'http://mixed.test/' }, { resolve }))).toMatchObject({
      code: 'ADDRESS_REFUSED',
      details: { address: '::1' },
    });
  });

  it('hands the address that it has checked to the socket, and checks the answer of each lookup', async () => {
    // A name of which the second answer leads inside.
    const answers = ['93.184.216.34', '127.0.0.1'];
    const guard = createGuard([], async () => [{ address: answers.shift() ?? '', family: 4 }]);
    const lookup = guard.lookupFor(new URL('https://rebind.test/'));
    const ask = (all: boolean): Promise<unknown[]> =>
      new Promise((resolve) => {
        lookup('rebind.test', { all }, (...given) => resolve(given));
      });
    expect(await ask(false)).toEqual([null, '93.184.216.34', 4]);
    const [error, found] = await ask(false);
    expect(error).toMatchObject({ code: 'ADDRESS_REFUSED', details: { host: 'rebind.test', port: 443 } });
    expect(found).toBeUndefined();
    answers.push('93.184.216.34');
    expect(await ask(true)).toEqual([null, [{ address: '93.184.216.34', family: 4 }]]);
  });

  it('connects to the address that the lookup gave, whatever the name', async () => {
    const { url, received } = await serve((response) => response.end('here'));
    const port = new URL(url).port;
    let asked = 0;
    const resolve = async (): Promise<readonly Address[]> => {
      asked += 1;
      return [{ address: '127.0.0.1', family: 4 }];
    };
    const settings = { resolve, httpAllowHosts: [`allowed.test:${port}`] };
    expect(await call(request, { url: `http://allowed.test:${port}/` }, settings)).toMatchObject({
      body: 'here',
    });
    expect([asked, received.length]).toEqual([1, 1]);
    expect(received[0]?.headers.host).toBe(`allowed.test:${port}`);
  });

  it('lets through the host and port that are allowed, and no other', async () => {
    const { host, url } = await serve((response) => response.end('a'));
    const other = await serve((response) => response.end('b'));
    const settings = { httpAllowHosts: [host] };
    expect(await call(request, { url }, settings)).toMatchObject({ body: 'a' });
    expect(await rejection(call(request, { url: other.url }, settings))).toMatchObject({
      code: 'ADDRESS_REFUSED',
    });
    const named = url.replace('127.0.0.1', 'localhost');
    expect(await rejection(call(request, { url: named }, settings))).toMatchObject({
      code: 'ADDRESS_REFUSED',
    });
  });

  it('lets through every port of a host that is allowed with all, and no other host', async () => {
    const { url } = await serve((response) => response.end('a'));
    const settings = { httpAllowHosts: ['127.0.0.1:*'] };
    expect(await call(request, { url }, settings)).toMatchObject({ body: 'a' });
    const named = url.replace('127.0.0.1', 'localhost');
    expect(await rejection(call(request, { url: named }, settings))).toMatchObject({
      code: 'ADDRESS_REFUSED',
    });
  });

  it('lets through an IPv6 address that is allowed', async (test) => {
    const server = await serve((response) => response.end('six'), '::1').catch(() => undefined);
    if (server === undefined) return test.skip();
    expect(await call(request, { url: server.url }, { httpAllowHosts: [server.host] })).toMatchObject({
      body: 'six',
    });
  });
});

describe('a redirect', () => {
  it('is followed, and is checked as the first address was', async () => {
    const inside = await serve((response) => response.end('inside'));
    const { host, url } = await serve((response, { url: path }) => {
      if (path === '/here') response.end('arrived');
      else response.writeHead(302, { location: path === '/in' ? inside.url : '/here' }).end();
    });
    const settings = { httpAllowHosts: [host] };
    expect(await call(request, { url }, settings)).toMatchObject({ status: 200, body: 'arrived' });
    expect(await rejection(call(request, { url: `${url}/in` }, settings))).toMatchObject({
      code: 'ADDRESS_REFUSED',
    });
    expect(inside.received).toEqual([]);
    const stopped = await call(request, { url, followRedirects: false }, settings);
    expect(stopped).toMatchObject({ status: 302, body: null });
  });

  it('to another origin takes no credentials along', async () => {
    const other = await serve((response) => response.end('there'));
    const { host, url } = await serve((response) => {
      response.writeHead(307, { location: other.url.replace('//', '//eve:pw@') }).end();
    });
    const input = {
      url: url.replace('//', '//ada:pw@'),
      body: { a: 1 },
      headers: { cookie: 'c=1', 'x-api-key': 'k', accept: 'text/plain' },
    };
    await call(request, input, { httpAllowHosts: [host, other.host] });
    const { method, body, headers } = other.received[0] as Received;
    expect([method, body, headers.accept]).toEqual(['POST', '{"a":1}', 'text/plain']);
    expect(headers).toHaveProperty('idempotency-key', 'run:1');
    for (const name of ['authorization', 'cookie', 'x-api-key']) expect(headers).not.toHaveProperty(name);
  });

  it('within an origin keeps them, and becomes a GET where it should', async () => {
    const { host, url, received } = await serve((response, { url: path }) => {
      if (path === '/') response.writeHead(303, { location: '/next' }).end();
      else response.end();
    });
    const input = { url, method: 'PUT', body: 'a', headers: { authorization: 'Bearer x' } };
    await call(request, input, { httpAllowHosts: [host] });
    expect(received[1]).toMatchObject({ method: 'GET', body: '', headers: { authorization: 'Bearer x' } });
    expect(received[1]?.headers).not.toHaveProperty('content-type');
  });

  it('is refused for the sixth time', async () => {
    const { host, url, received } = await serve((response) =>
      response.writeHead(302, { location: '/' }).end(),
    );
    const thrown = await rejection(call(request, { url }, { httpAllowHosts: [host] }));
    expect(thrown).toMatchObject({ code: 'REDIRECT_REFUSED' });
    expect(isRetryable(DEFAULT_RETRY, failureOf(thrown))).toBe(false);
    expect(received).toHaveLength(6);
  });

  const hop = {
    method: 'POST',
    url: new URL('https://a.test/x'),
    headers: { cookie: 'c', 'content-type': 't' },
  };
  const body = Buffer.from('b');
  const to = (status: number, location?: string) => ({
    ...{ status, bytes: body, isCut: false },
    headers: location === undefined ? {} : { location },
  });

  it.each(['http://a.test/', 'file:///etc/passwd', 'http://['])('from https to %s is refused', (location) => {
    expect(() => nextHop({ ...hop, body }, to(302, location), 0)).toThrow(/from https:\/\/a.test\/x/);
  });

  it.each([
    [302, 'POST', 'GET'],
    [302, 'PUT', 'PUT'],
    [303, 'HEAD', 'HEAD'],
    [308, 'POST', 'POST'],
  ])('with %i makes of %s a %s', (status, method, next) => {
    expect(nextHop({ ...hop, method, body }, to(status, '/y'), 0)).toMatchObject({
      method: next,
      url: new URL('https://a.test/y'),
      headers: { cookie: 'c' },
    });
  });

  it('is only one that says where', () => {
    expect(nextHop({ ...hop, body }, to(302), 0)).toBeUndefined();
    expect(nextHop({ ...hop, body }, to(304, '/y'), 0)).toBeUndefined();
  });
});

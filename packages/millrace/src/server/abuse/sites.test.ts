import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestServer, type TestServer } from '../../../testbed/http/test-server.ts';

describe('a page of another site', () => {
  let server: TestServer;

  beforeEach(async () => {
    server = await openTestServer();
  });
  afterEach(() => server.close());

  const codeOf = async (init: RequestInit): Promise<string | undefined> => {
    const response = await server.fetch('/api/v1/runs/0192f0a0-0000-7000-8000-000000000000/cancel', init);
    return ((await response.json()) as { code?: string }).code;
  };

  it.each([
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost:9999' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])('cannot act through the browser of its visitor: %o', async (headers) => {
    expect(await codeOf({ method: 'POST', headers: { host: 'localhost:7400', ...headers } })).toBe(
      'FOREIGN_ORIGIN',
    );
  });

  it('is not mistaken for a page of this server, or a program', async () => {
    const own = { host: 'localhost:7400', origin: 'http://localhost:7400', 'sec-fetch-site': 'same-origin' };
    for (const headers of [own, {}, { 'sec-fetch-site': 'none' }])
      expect(await codeOf({ method: 'POST', headers })).not.toBe('FOREIGN_ORIGIN');
  });

  it('gains nothing by making its own name lead here', async () => {
    for (const host of [
      'evil.example:7400',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      '[::1].evil.example',
    ])
      expect(await codeOf({ headers: { host } }), host).toBe('UNAUTHENTICATED');
    for (const host of ['localhost:7400', '127.0.0.1', '[::1]:7400'])
      expect(await codeOf({ headers: { host } }), host).toBe('NO_SUCH_ROUTE');
  });

  it('learns nothing that it could read: no answer allows another origin', async () => {
    const response = await server.fetch('/api/v1/runs', { headers: { origin: 'https://evil.example' } });
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  });
});

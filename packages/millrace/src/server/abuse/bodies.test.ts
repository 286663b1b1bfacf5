import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestServer, type TestServer } from '../../../testbed/http/test-server.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const start = (input: unknown): string => JSON.stringify({ workflow: 'echo', input });

describe('a body that nobody should take', () => {
  let server: TestServer;

  beforeEach(async () => {
    server = await openTestServer();
  });
  afterEach(async () => {
    expect(server.bugs).toEqual([]);
    expect((await server.millrace.runs()).runs, 'nothing is stored').toEqual([]);
    await server.close();
  });

  const post = async (
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = JSON_TYPE,
  ) => {
    const response = await server.fetch('/api/v1/runs', { method: 'POST', body, headers });
    const { code, status } = (await response.json()) as { code: string; status: number };
    expect(response.status).toBe(status);
    return code;
  };

  it('is refused when it is larger than allowed, said or not', async () => {
    expect(await post(start('a'.repeat(64 * 1024)))).toBe('PAYLOAD_TOO_LARGE');
    const chunk = new Uint8Array(1024).fill(0x20);
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++;
        controller.enqueue(chunk);
      },
    });
    const init = { method: 'POST', body: endless, headers: JSON_TYPE, duplex: 'half' } as const;
    const response = await server.fetch('/api/v1/runs', init);
    expect(response.status).toBe(413);
    expect(pulled, 'no more is taken than it takes to see that').toBeLessThan(70);
  });

  it('is refused without being unpacked when it is packed', async () => {
    const bomb = gzipSync(Buffer.alloc(10 * 1024 * 1024));
    for (const coding of ['gzip', 'br', 'deflate', 'gzip, gzip', 'identity, gzip'])
      expect(await post(bomb, { ...JSON_TYPE, 'content-encoding': coding })).toBe('UNSUPPORTED_MEDIA_TYPE');
  });

  it.each(['[', '{"a":'])('is refused when it is nested too deep: %s', async (open) => {
    for (const depth of [1_000, 10_000]) expect(await post(open.repeat(depth))).toBe('INVALID_JSON');
    expect(await post(`{"workflow":"echo","input":${'['.repeat(300)}${']'.repeat(300)}}`)).toBe(
      'INVALID_JSON',
    );
  });

  it.each([
    ['nothing', ''],
    ['half of it', '{"workflow":"echo"'],
    ['two', '{}{}'],
    ['a comment', '{/**/}'],
    ['a number that is none', '{"workflow":"echo","input":NaN}'],
    ['a single quote', "{'workflow':'echo'}"],
  ])('is refused when it is no JSON: %s', async (_what, text) => {
    expect(['INVALID_JSON', 'INVALID_REQUEST']).toContain(await post(text));
  });

  it('is refused when it is not UTF-8, or begins with a mark of byte order', async () => {
    expect(await post(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]))).toBe('INVALID_JSON');
    expect(await post(Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d]))).toBe('INVALID_JSON');
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/json',
  ])('is refused from a form of another site: %s', async (type) => {
    expect(await post(start(1), { 'content-type': type })).toBe('UNSUPPORTED_MEDIA_TYPE');
  });

  it.each(['__proto__', 'constructor', 'prototype'])('changes no object of the server: %s', async (key) => {
    expect(await post(`{"${key}":{"polluted":1},"workflow":"nobody"}`)).toMatch(
      /INVALID_REQUEST|UNKNOWN_WORKFLOW/,
    );
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

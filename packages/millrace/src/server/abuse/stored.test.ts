import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestServer, type TestServer } from '../../../testbed/http/test-server.ts';

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly json: Record<string, unknown>;
  readonly headers: Headers;
}

const INJECTIONS = [
  "' OR 1=1--",
  "'; DROP TABLE runs; --",
  '" OR ""="',
  '{a,b}',
  "a' || (select 1) || '",
  '%',
  '\\',
  '$1',
  '?',
  '0x27',
  'a\u0000b',
  '\ud800',
];

describe('what is stored and given back', () => {
  let server: TestServer;

  beforeEach(async () => {
    server = await openTestServer({ maxBodyBytes: 4 * 1024 * 1024 });
  });
  afterEach(async () => {
    expect(server.bugs).toEqual([]);
    await server.close();
  });

  const ask = async (path: string, body?: unknown): Promise<Answer> => {
    const init = {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    };
    const response = await server.fetch(`/api/v1${path}`, body === undefined ? {} : init);
    const text = await response.text();
    const json = JSON.parse(text) as Record<string, unknown>;
    return { status: response.status, text, json, headers: response.headers };
  };

  const outputOf = async (input: unknown): Promise<unknown> => {
    const started = await ask('/runs', { workflow: 'echo', input });
    expect(started.status, started.text).toBe(201);
    const ended = await ask(`/runs/${String(started.json['runId'])}/result?wait=10s`);
    expect(ended.status).toBe(200);
    return ended.json['output'];
  };

  it.each([
    ['a NUL', 'a\u0000b'],
    ['half a character', '\ud800x'],
    ['separators', '\u2028\u2029\ufeff'],
    ['a number at the end of what is exact', 2 ** 53 - 1],
    ['a very small number', 5e-324],
    ['minus zero', -0],
    ['markup', '<img src=x onerror=alert(1)>'],
    ['names of prototypes', JSON.parse('{"__proto__":{"a":1},"constructor":{"prototype":2}}')],
    ['very many keys', Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`k${at}`, at]))],
    ['a megabyte', 'ü'.repeat(512 * 1024)],
  ])('is what was given, exactly: %s', async (_what, input: unknown) => {
    const output = await outputOf(input);
    expect(JSON.stringify(output)).toBe(JSON.stringify(input));
  });

  it('is inert in a browser, whatever it holds', async () => {
    const script = '<script>alert(document.domain)</script>';
    const { json } = await ask('/runs', { workflow: 'echo', input: script, tags: [script], key: script });
    for (const path of [`/runs/${String(json['runId'])}`, `/runs?tag=${encodeURIComponent(script)}`]) {
      const { headers } = await ask(path);
      expect(headers.get('content-type')).toMatch(/^application\/json/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
    const refused = await ask(`/runs/${encodeURIComponent(script)}`);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
  });

  it('is not reached by what is written into filters', async () => {
    const { runId } = (await ask('/runs', { workflow: 'echo', input: 1, tags: ['t'] })).json;
    for (const text of INJECTIONS) {
      for (const name of ['status', 'workflow', 'tag', 'key', 'q', 'cursor', 'limit', 'queue']) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other, to say which it was
        const { status, json } = await ask(`/runs?${name}=${encodeURIComponent(text.toWellFormed())}`);
        expect([200, 400], `${name}=${text}`).toContain(status);
        expect(json['items'] ?? [], `${name}=${text}`).toEqual([]);
      }
    }
    expect((await ask('/runs?tag=t')).json['items']).toMatchObject([{ runId }]);
  });

  it.each(['key', 'queue', 'workflow', 'tags', 'priority'])(
    'has no text where it cannot be stored exactly: %s',
    async (name) => {
      for (const text of ['a\u0000b', '\ud800', 'a'.repeat(100_000), '']) {
        // oxlint-disable-next-line no-await-in-loop
        const { status } = await ask('/runs', {
          ...{ workflow: 'echo', input: 1 },
          [name]: name === 'tags' ? [text] : text,
        });
        expect(status).toBeGreaterThanOrEqual(400);
        expect(status).toBeLessThan(500);
      }
      expect((await server.millrace.runs()).runs).toEqual([]);
    },
  );
});

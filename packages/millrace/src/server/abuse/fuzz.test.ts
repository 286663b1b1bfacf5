import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Schema, valuesOf } from '../../../testbed/http/arbitrary.ts';
import { openTestServer, type TestServer } from '../../../testbed/http/test-server.ts';
import { addressOf, type Route } from '../http/route.ts';
import { problem } from '../schemas/problem.ts';
import { ROUTES } from '../routes/table.ts';

const REQUESTS = 20_000;
/** A request that waits on purpose is left alone after so long; whoever does not end then hangs. */
const PATIENCE_MS = 30;
const HANGS_MS = 10_000;
/** What 20,000 requests may leave behind: caches, and what the tools of tests keep of each refusal. */
const LEAK_MIB = 64;
const SEED = Number(process.env['FUZZ_SEED'] ?? 17);

/** One request to a route, more or less as its schemas want it. */
interface Shot {
  readonly route: Route;
  readonly path: string;
  readonly init: RequestInit;
}

function schemaOf(schema: z.ZodType): Schema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema;
}

function shots(route: Route): fc.Arbitrary<Shot> {
  const params = valuesOfFields(route.params);
  const query = valuesOfFields(route.query);
  const body = route.body === undefined ? fc.constant(undefined) : valuesOf(schemaOf(route.body));
  const headers = fc.record(
    {
      'idempotency-key': fc.constantFrom('a', 'b', 'x'.repeat(300)),
      'last-event-id': fc.constantFrom('0', 'nonsense', '1.2.3'),
      'if-none-match': fc.constantFrom('*', '"x"', ',,,'),
      traceparent: fc.constantFrom('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'x'),
      accept: fc.constantFrom('text/event-stream', 'application/json', 'x/y'),
    },
    { requiredKeys: [] },
  );
  return fc.tuple(params, query, body, headers).map(([inPath, inQuery, sent, extra]): Shot => {
    const path = addressOf(route).replaceAll(/\{(\w+)\}/g, (_, name: string) => segment(inPath[name]));
    const search = new URLSearchParams(
      Object.entries(inQuery).map(([name, value]): [string, string] => [name, textOf(value)]),
    );
    const method = route.method.toUpperCase();
    const content = sent === undefined ? {} : { body: JSON.stringify(sent) };
    return {
      route,
      path: `${path}?${search.toString()}`,
      init: { method, headers: { ...extra, 'content-type': 'application/json' }, ...content },
    };
  });
}

function valuesOfFields(fields: z.ZodObject | undefined): fc.Arbitrary<Record<string, unknown>> {
  if (fields === undefined) return fc.constant({});
  return valuesOf(schemaOf(fields)).map((value) =>
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {},
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** What no URL can hold is not sent. */
function segment(value: unknown): string {
  return encodeURIComponent(textOf(value).toWellFormed() || 'x');
}

describe('whatever is sent to whichever route', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await openTestServer();
  });
  afterAll(() => server.close());

  async function judge({ route, path, init }: Shot): Promise<void> {
    const leaving = new AbortController();
    const leave = setTimeout(() => leaving.abort(), PATIENCE_MS);
    const response = await inTime(server.fetch(path, { ...init, signal: leaving.signal }), path);
    clearTimeout(leave);
    expect(response.status, path).not.toBe(500);
    if (response.headers.get('content-type') === 'text/event-stream') return response.body?.cancel();
    const text = await response.text();
    if (response.status >= 400) return void problem.parse(JSON.parse(text));
    const { schema } = route.answers[response.status] ?? {};
    if (schema !== undefined) schema.parse(JSON.parse(text));
  }

  it('is answered as declared, without a failure of the server or a hang', async () => {
    const before = memoryInUse();
    const perRoute = Math.ceil(REQUESTS / ROUTES.length);
    for (const route of ROUTES) {
      const property = fc.asyncProperty(shots(route), judge);
      // oxlint-disable-next-line no-await-in-loop -- one route after the other, to say which it was
      await fc.assert(property, { numRuns: perRoute, seed: SEED, endOnFailure: false });
    }
    expect(server.bugs).toEqual([]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect((memoryInUse() - before) / 2 ** 20, 'MiB more than before').toBeLessThan(LEAK_MIB);
  }, 180_000);
});

async function inTime(answer: Promise<Response>, path: string): Promise<Response> {
  const { promise: silence, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${HANGS_MS} ms: ${path}`)), HANGS_MS);
  try {
    return await Promise.race([answer, silence]);
  } finally {
    clearTimeout(timer);
  }
}

/** Bytes of the heap and beside it that something still refers to. */
function memoryInUse(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

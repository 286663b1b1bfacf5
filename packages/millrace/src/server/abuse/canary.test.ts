import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openTestServer, type TestServer } from '../../../testbed/http/test-server.ts';
import { configuredKeys } from '../../core/configuration/api-keys.ts';
import type { EngineLog } from '../../engine/ports.ts';
import { Millrace } from '../../millrace.ts';
import { createDoorkeeper } from '../access/doorkeeper.ts';
import { createTenants } from '../tenants.ts';

const API_KEY = 'canary-of-the-api-key-0123456789';
const SECRET = 'canary-of-a-definition-0123456789';

const definition = {
  workflow: 'leaky',
  version: 1,
  nodes: {
    pay: {
      executor: 'pay',
      with: { token: '${ secrets.TOKEN }' },
      retry: { maxAttempts: 2, initial: '1ms' },
    },
  },
};

let millrace: Millrace;
let server: TestServer;
const lines: EngineLog[] = [];
let given: unknown;

beforeEach(async () => {
  millrace = await Millrace.open({
    store: 'sqlite::memory:',
    secrets: { TOKEN: SECRET },
    executors: {
      // As careless as executors are: what it was given is in its error and its log.
      pay: (input, step) => {
        given = input;
        step.log.error(`paying with ${JSON.stringify(input)}`, { input });
        throw Object.assign(new Error(`refused ${JSON.stringify(input)}`), { details: input });
      },
    },
    log: (line) => void lines.push(line),
  });
  const doorkeeper = createDoorkeeper({
    ...{ namespaces: ['default'], issuer: undefined, apiKeys: configuredKeys(`admin:${API_KEY}`) },
    verify: (text) => millrace.keys.verify(text),
    recognise: (text) => millrace.keys.recognise(text),
  });
  server = await openTestServer({
    doorkeeper,
    tenants: createTenants(new Map([['default', millrace]])),
    reportBug: (error) => void lines.push({ source: 'engine', level: 'error', message: String(error) }),
  });
});
afterEach(async () => {
  await server.close();
  await millrace.close();
});

it('secrets are in nothing that a server says, writes down or logs', async () => {
  const made = await millrace.keys.create({ role: 'operator' });
  const said: string[] = [];
  const ask = async (path: string, init: RequestInit = {}, key = API_KEY): Promise<string> => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
    const response = await server.fetch(path, { ...init, headers });
    const text = await response.text();
    said.push(JSON.stringify([...response.headers]), text);
    return text;
  };
  const post = (path: string, body: unknown, key?: string): Promise<string> =>
    ask(path, { method: 'POST', body: JSON.stringify(body) }, key);

  await ask('/api/v1/definitions/leaky/versions/1', { method: 'PUT', body: JSON.stringify(definition) });
  const started = JSON.parse(await post('/api/v1/runs', { workflow: 'leaky', input: null })) as {
    runId: string;
  };
  const run = `/api/v1/runs/${started.runId}`;
  await ask(`${run}/result?wait=10s`);
  for (const part of ['', '?nodes=true', '/history', '/why', '/graph', '/detail']) await ask(`${run}${part}`);
  await vi.waitFor(async () => expect(await ask(`${run}/logs`)).toContain('paying with'), 5_000);
  // A credential in the wrong place is a credential all the same.
  await ask(`/api/v1/runs?tag=${API_KEY}`);
  await post('/api/v1/runs', { workflow: API_KEY, input: API_KEY, [API_KEY]: API_KEY });
  await post('/api/v1/runs', '{', made.key);
  await post(`${run}/signals/go`, API_KEY, `${API_KEY}x`);
  await millrace.keys.revoke(made.keyId);
  await post(`${run}/cancel`, { reason: 'too late' }, made.key);
  for (const path of [
    '/api/v1/audit',
    '/api/v1/keys',
    '/api/v1/cluster',
    '/api/v1/definitions',
    '/openapi.json',
    '/metrics',
  ])
    await ask(path);

  expect(given, 'the executor itself gets it').toEqual({ token: SECRET });
  const everything = [...said, JSON.stringify(lines), JSON.stringify(await millrace.audit({ limit: 500 }))];
  for (const text of everything) {
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain(made.key);
  }
  // What a caller has put into a workflow's name is told back to that caller alone.
  for (const text of everything.slice(-2)) expect(text).not.toContain(API_KEY);
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Millrace } from '../millrace.ts';
import { workflow } from '../core/workflow/workflow.ts';
import { openDoor } from './access/local.ts';
import type { Doorkeeper } from './access/principal.ts';
import { requesting } from '../../testbed/http/requesting.ts';
import { createApp, type ServerParts } from './server.ts';
import { createTenants } from './tenants.ts';

const order = workflow('order', (_ctx, input: { id: number }) => ({ shipped: input.id }));

describe('the API', () => {
  let millrace: Millrace;
  let bugs: unknown[];

  beforeEach(async () => {
    bugs = [];
    millrace = await Millrace.open({ store: 'sqlite::memory:', workflows: [order] });
  });
  afterEach(() => millrace.close());

  const app = (parts: Partial<ServerParts> = {}) =>
    requesting(
      createApp({
        tenants: createTenants(new Map([['default', millrace]])),
        doorkeeper: openDoor('default'),
        version: '0.0.0',
        uuid: () => 'request-1',
        maxBodyBytes: 1_000,
        reportBug: (error) => void bugs.push(error),
        ...parts,
      }),
    );

  it('answers with what the library says of a run', async () => {
    const started = await millrace.start(order, { id: 17 });
    await started.result();
    const response = await app()(`/api/v1/runs/${started.runId}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(await started.describe())));
    const tag = response.headers.get('etag') ?? '';
    const again = await app()(`/api/v1/runs/${started.runId}`, { headers: { 'if-none-match': tag } });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });

  it('refuses with a problem that says what to do', async () => {
    const response = await app()('/api/v1/runs/0192f0a0-0000-7000-8000-000000000000');
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({
      code: 'RUN_NOT_FOUND',
      status: 404,
      requestId: 'request-1',
    });
    const wrong = await app()('/api/v1/runs/17?nodes=maybe');
    expect(await wrong.json()).toMatchObject({ code: 'INVALID_REQUEST', status: 400 });
  });

  it('says nothing to whoever has no credential, not even what exists', async () => {
    const nobody: Doorkeeper = { identify: () => Promise.resolve(undefined) };
    for (const path of ['/api/v1/runs/17', '/api/v1/nonsense']) {
      const response = await app({ doorkeeper: nobody })(path);
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    }
  });

  it('does not tell of its own failures, and logs them', async () => {
    const broken: Doorkeeper = { identify: () => Promise.reject(new Error('secret of the database')) };
    const response = await app({ doorkeeper: broken })('/api/v1/runs/17');
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    expect(bugs).toHaveLength(1);
  });

  it('is described by a document in which every reference leads somewhere', async () => {
    const text = await (await app()('/openapi.json')).text();
    const document = JSON.parse(text) as {
      openapi: string;
      components: { schemas: object; responses: object };
    };
    expect(document.openapi).toBe('3.1.0');
    const { schemas, responses } = document.components;
    for (const [, kind, name] of text.matchAll(/"#\/components\/(\w+)\/(\w+)"/g))
      expect(Object.keys(kind === 'schemas' ? schemas : responses)).toContain(name);
  });
});

import { afterEach, describe, expect, it } from 'vitest';
import { openStore, workflow, Millrace } from '../../index.ts';
import type { Store } from '../../store/port/store.ts';
import { requesting, type Ask } from '../../../testbed/http/requesting.ts';
import { createDoorkeeper } from '../access/doorkeeper.ts';
import { createApp } from '../server.ts';
import { createTenants } from '../tenants.ts';

const order = workflow('order', (_ctx, input: { id: number }) => ({ shipped: input.id }));

let millraces: Millrace[] = [];
let store: Store;
afterEach(async () => {
  await Promise.all(millraces.map((millrace) => millrace.close({ grace: 0 })));
  millraces = [];
  await store.close();
});

/** A server of two namespaces, and a way to ask it with a key of either. */
async function serve(): Promise<{ ask: Ask; keys: Record<'acme' | 'globex', string> }> {
  store = await openStore('sqlite::memory:');
  await store.migrate();
  const of = async (namespace: string): Promise<[Millrace, string]> => {
    const millrace = await Millrace.open({ store, namespace, name: `at-${namespace}`, workflows: [order] });
    millraces.push(millrace);
    const { key } = await millrace.keys.create({ role: 'viewer' });
    await millrace.setQueue(`queue-of-${namespace}`, { maxConcurrent: 3 });
    return [millrace, key];
  };
  const [[acme, acmes], [globex, globexes]] = [await of('acme'), await of('globex')];
  const verify = (text: string) => acme.keys.verify(text);
  const ask = requesting(
    createApp({
      tenants: createTenants(
        new Map([
          ['acme', acme],
          ['globex', globex],
        ]),
      ),
      doorkeeper: createDoorkeeper({
        namespaces: ['acme', 'globex'],
        apiKeys: [],
        issuer: undefined,
        verify,
      }),
      version: '0.0.0',
      uuid: () => 'request-1',
      maxBodyBytes: 1_000,
      reportBug: (error) => {
        throw error;
      },
    }),
  );
  return { ask, keys: { acme: acmes, globex: globexes } };
}

const withKey = (key: string): RequestInit => ({ headers: { authorization: `Bearer ${key}` } });

describe('/metrics', () => {
  it('stands at the root, in the format of Prometheus, and needs a key', async () => {
    const { ask, keys } = await serve();
    expect((await ask('/metrics')).status).toBe(401);
    expect((await ask('/api/v1/metrics', withKey(keys.acme))).status).toBe(404);
    const response = await ask('/metrics', withKey(keys.acme));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).toMatch(
      /^# HELP workflow_executions_total .*\n# TYPE workflow_executions_total counter$/m,
    );
  });

  it('tells each namespace of its own engine, queues, runs and requests alone', async () => {
    const { ask, keys } = await serve();
    const [acme] = millraces;
    await (await acme?.start(order, { id: 1 }))?.result();
    await ask('/api/v1/runs/0192f0a0-0000-7000-8000-000000000000', withKey(keys.acme));
    await ask('/api/v1/cluster', withKey(keys.acme));
    await ask('/api/v1/cluster', withKey('nobody'));
    const ours = await (await ask('/metrics', withKey(keys.acme))).text();
    const theirs = await (await ask('/metrics', withKey(keys.globex))).text();
    expect(ours).toMatch(
      /^workflow_executions_total\{engine_id="at-acme",status="completed",assignment_strategy="[a-z-]+"\} 1$/m,
    );
    expect(ours).toMatch(/^millrace_queue_depth\{queue="queue-of-acme"\} 0$/m);
    const requests = 'millrace_http_request_duration_seconds_count';
    expect(ours).toContain(`${requests}{method="GET",route="/api/v1/runs/{runId}",status="404"} 1`);
    expect(ours).toContain(`${requests}{method="GET",route="/api/v1/cluster",status="200"} 1`);
    expect(ours).not.toContain('globex');
    expect(theirs).toMatch(/^millrace_queue_depth\{queue="queue-of-globex"\} 0$/m);
    expect(theirs).not.toMatch(/acme|workflow_executions_total\{|route="\/api\/v1\/cluster"/);
  });
});

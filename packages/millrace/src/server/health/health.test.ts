import { afterEach, describe, expect, it } from 'vitest';
import { Millrace, openStore, type EngineLog } from '../../index.ts';
import type { Store } from '../../store/port/store.ts';
import { createTenants } from '../tenants.ts';
import { createHealth, type Health } from './health.ts';
import { createProbe } from './probe.ts';
import { healthPages } from './routes.ts';

let opened: Millrace[] = [];
afterEach(async () => {
  await Promise.all(opened.map((millrace) => millrace.close({ grace: 0 })));
  opened = [];
});

/** A process whose store can be taken away. */
async function openOne(): Promise<{ health: Health; millrace: Millrace; takeStoreAway(): void }> {
  const real = await openStore('sqlite::memory:');
  let away = false;
  const gone = (): Promise<never> => Promise.reject(new Error('postgres://admin:secret@10.0.0.1'));
  const store: Store = {
    ...real,
    readSettings: () => (away ? gone() : real.readSettings()),
    listLocks: (of) => (away ? gone() : real.listLocks(of)),
  };
  const log = (_: EngineLog): void => {};
  const millrace = await Millrace.open({ store, name: 'one', log });
  opened.push(millrace);
  const health = createHealth('one');
  health.joined(createTenants(new Map([['default', millrace]])));
  return { health, millrace, takeStoreAway: () => (away = true) };
}

async function ask(health: Health, path: string): Promise<{ status: number; body: unknown }> {
  const { status = 404, body } = (await healthPages(health).get(path)?.()) ?? {};
  return { status, body: typeof body === 'string' ? JSON.parse(body) : undefined };
}

const READY = ['database', 'scheduler', 'lockManager'].map((name) => ({ name, status: 'fulfilled' }));

describe('health', () => {
  it('is told with the fields of every monitor, under each of its names', async () => {
    const { health } = await openOne();
    for (const path of ['/health', '/healthz', '/livez']) {
      const { status, body } = await ask(health, path);
      expect(status).toBe(200);
      expect(body).toMatchObject({
        status: 'healthy',
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
        instanceId: 'one',
        uptime: expect.any(Number) as number,
        memory: { rss: expect.any(Number) as number },
        load: { activeWorkflows: 0, cpuUsage: expect.any(Number) as number },
        database: { status: 'connected' },
        distributedLock: { status: 'healthy' },
      });
    }
  });

  it('is told while the database is away, and says nothing of where that is', async () => {
    const { health, takeStoreAway } = await openOne();
    takeStoreAway();
    const { status, body } = await ask(health, '/health');
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'degraded', database: { status: 'disconnected', latencyMs: null } });
    const ready = await ask(health, '/ready');
    expect(ready.status).toBe(503);
    expect(JSON.stringify([body, ready.body])).not.toMatch(/secret|10\.0\.0\.1/);
  });
});

describe('a process', () => {
  it('is ready when its engine has joined', async () => {
    const { health } = await openOne();
    for (const path of ['/ready', '/readyz'])
      expect(await ask(health, path)).toEqual({ status: 200, body: { status: 'ready', checks: READY } });
  });

  it('is not before', async () => {
    const { status, body } = await ask(createHealth('one'), '/ready');
    expect([status, body]).toMatchObject([503, { status: 'not_ready' }]);
    expect((await ask(createHealth('one'), '/health')).status).toBe(200);
  });

  it('is not while it drains, nor after its engine has left', async () => {
    const leaving = await openOne();
    leaving.health.drains();
    const [draining, gone] = [leaving, await openOne()];
    await gone.millrace.engine?.close(0);
    for (const { health } of [draining, gone])
      expect(await ask(health, '/ready')).toMatchObject({
        status: 503,
        body: { checks: [{ status: 'fulfilled' }, { name: 'scheduler', status: 'rejected' }, {}] },
      });
  });

  it('makes one call however many ask, and does not wait for one that is never answered', async () => {
    let calls = 0;
    const never = createProbe(() => {
      calls += 1;
      return new Promise(() => {});
    });
    const found = await Promise.all([never(), never(), never()]);
    expect([calls, found[2]]).toEqual([1, { ok: false, latencyMs: null }]);
    const quick = createProbe(async () => void (calls += 1));
    await quick();
    expect([(await quick()).ok, calls]).toEqual([true, 2]);
  });
});

import { describe, expect, it } from 'vitest';
import { refusal } from '../../testbed/engines/engines.ts';
import { Millrace } from '../index.ts';
import { isLoopback, refuseExposure } from './access/exposure.ts';
import { openDoor } from './access/local.ts';
import { createHealth } from './health/health.ts';
import { serveHttp } from './index.ts';
import { openService, type Service } from './service.ts';
import { createTenants } from './tenants.ts';

const AT = { host: '127.0.0.1', port: 0, uuid: () => 'request' };

async function statusOf(service: Pick<Service, 'url'>, path: string): Promise<number> {
  return (await fetch(`${service.url}${path}`)).status;
}

describe('a service', () => {
  it('lets requests wait a while that come before it is whole', async () => {
    const millrace = await Millrace.open({ store: 'sqlite::memory:' });
    const service = await openService({ ...AT, health: createHealth('one') });
    const early = statusOf(service, '/api/v1/cluster');
    expect(await statusOf(service, '/ready'), 'it has come').toBe(503);
    const tenants = createTenants(new Map([['default', millrace]]));
    const parts = {
      doorkeeper: openDoor('default'),
      version: '0.0.0',
      maxBodyBytes: 1_000,
      reportBug: () => {},
    };
    service.serve({ tenants, ...parts });
    expect(await early).toBe(200);
    await service.close(0);
    await millrace.close();
  });

  it('ends connections that become idle after it has begun to close', async () => {
    const service = await openService({ ...AT, health: createHealth('one') });
    const slow = fetch(`${service.url}/api/v1/cluster`); // waits for the server to be whole
    expect(await statusOf(service, '/ready'), 'it has come').toBe(503);
    const before = performance.now();
    const closed = service.close(10_000);
    expect((await slow).headers.get('connection')).toBe('close');
    await closed;
    expect(performance.now() - before).toBeLessThan(5_000);
  });

  it('answers for its health before there is anything else, and says when to come back', async () => {
    const service = await openService({ ...AT, health: createHealth('one') });
    expect([await statusOf(service, '/health'), await statusOf(service, '/ready')]).toEqual([200, 503]);
    const early = await fetch(`${service.url}/api/v1/cluster`);
    expect([early.status, early.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await early.json()).toMatchObject({ code: 'NOT_READY' });

    const millrace = await Millrace.open({ store: 'sqlite::memory:', name: 'one' });
    service.serve({
      tenants: createTenants(new Map([['default', millrace]])),
      doorkeeper: openDoor('default'),
      version: '0',
      maxBodyBytes: 1_000,
      reportBug: () => {},
    });
    expect([await statusOf(service, '/api/v1/cluster'), await statusOf(service, '/ready')]).toEqual([
      200, 200,
    ]);
    service.leave();
    const leaving = await fetch(`${service.url}/ready`);
    expect([leaving.status, leaving.headers.get('connection')]).toEqual([503, 'keep-alive']);
    expect(await statusOf(service, '/api/v1/cluster'), 'what is on its way is answered').toBe(200);
    await service.close(1_000);
    await expect(statusOf(service, '/health')).rejects.toThrow(/fetch failed/);
    await millrace.close();
  });

  it('says why it cannot listen', async () => {
    const first = await openService({ ...AT, health: createHealth('one') });
    const port = Number(new URL(first.url).port);
    const second = openService({ ...AT, port, health: createHealth('two') });
    await expect(second).rejects.toEqual(refusal('LISTEN_FAILED', /another process has it/));
    await first.close(0);
  });

  it('is not reached from elsewhere by those whom nobody asks who they are', async () => {
    for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '::1']) expect(isLoopback(host)).toBe(true);
    for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.com', 'localhost.example.com']) {
      expect(() => refuseExposure(host, false)).toThrow(refusal('UNPROTECTED_ADDRESS'));
      expect(() => refuseExposure(host, true)).not.toThrow();
    }
    const millrace = await Millrace.open({ store: 'sqlite::memory:' });
    await expect(serveHttp(millrace, { host: '0.0.0.0', port: 0 })).rejects.toEqual(
      refusal('UNPROTECTED_ADDRESS'),
    );
    const server = await serveHttp(millrace, { port: 0 });
    expect(await statusOf(server, '/api/v1/queues')).toBe(200);
    await server.close();
    await millrace.close();
  });
});

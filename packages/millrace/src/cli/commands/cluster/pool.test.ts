import { describe, expect, it } from 'vitest';
import { millrace } from '../../../../testbed/cli/fake-terminal.ts';
import { workplace } from '../../../../testbed/cli/workplace.ts';
import { encodeLoad, type EngineLoad } from '../../../core/cluster/load.ts';
import type { PoolReport } from '../../../core/cluster/pool-report.ts';
import { openStore } from '../../../open-store.ts';

const LOAD: EngineLoad = {
  ...{ state: 'running', cpuUsage: 0, memoryUsage: 0, loopLagMs: 0, activeWorkflows: 0, activeTasks: 0 },
  ...{ latencyMs: 0, failureRate: 0, storeFailing: false, shadow: undefined, pool: undefined },
};
const AT = Date.UTC(2026, 0, 31, 8);
const POOL: PoolReport = {
  ...{ target: 4, min: 2, max: 10, queued: 48, running: 1 },
  workers: [
    { pid: 71, state: 'busy', cpu: 0.97, rssMb: 80.4, jobs: 1, jobsDone: 3, restarts: 2 },
    { pid: 72, state: 'starting', cpu: null, rssMb: null, jobs: 0, jobsDone: 0, restarts: 0 },
  ],
  scaled: { at: AT, kind: 'grow', from: 2, to: 4, reason: '48 queued, more than 20' },
  replaced: { at: AT, kind: 'replace', from: 4, to: 4, reason: 'worker 70 left' },
};

/** Engines as they would have told of themselves. */
async function announce(address: string, engines: Readonly<Record<string, PoolReport | undefined>>) {
  const store = await openStore(address);
  await store.migrate();
  for (const [name, pool] of Object.entries(engines)) {
    const engineId = crypto.randomUUID();
    const host = { host: 'h', bootId: 'b', pid: 1 };
    await store.register({ engineId, name, ...host, profile: new Uint8Array() });
    await store.beat(engineId, encodeLoad({ ...LOAD, pool }));
    if (name === 'gone') {
      await store.retire(engineId, undefined, { limit: 1, deathLimit: 1, harmless: true, by: engineId });
    }
  }
  await store.close();
}

describe('pool', () => {
  it('shows the workers of every engine that is there, and why there are as many', async () => {
    using place = workplace();
    await announce(place.store, { one: POOL, two: undefined, gone: POOL });
    const { out, err, status } = await millrace(['pool', '--store', place.store]);
    expect({ err, status }).toEqual({ err: '', status: 0 });
    expect(out.split('\n')).toEqual([
      'one: 4 workers wanted, from 2 to 10; 1 jobs running, 48 waiting',
      '  2026-01-31 08:00:00 grew from 2 to 4: 48 queued, more than 20',
      '  2026-01-31 08:00:00 replaced a worker: worker 70 left',
      '',
      'ENGINE  PID  STATE      CPU  MEMORY  ACTIVE  DONE  RESTARTS',
      'one      71  busy      97 %  80 MiB       1     3         2',
      'one      72  starting                     0     0         0',
    ]);
    const json = JSON.parse((await millrace(['pool', '--store', place.store, '--json'])).out) as object;
    expect(json).toMatchObject({ engines: [{ engineId: 'one', status: 'alive', pool: POOL }] });
    const { out: cluster } = await millrace(['cluster', '--store', place.store]);
    expect(cluster).toMatch(/^ENGINE .* WORKERS /m);
  });

  it('says so where there are none', async () => {
    using place = workplace();
    await announce(place.store, { two: undefined });
    expect(await millrace(['pool', '--store', place.store])).toMatchObject({
      ...{ status: 0, out: '', err: 'no engine has worker processes' },
    });
    const { out: cluster } = await millrace(['cluster', '--store', place.store]);
    expect(cluster).not.toContain('WORKERS');
  });
});

import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { decodeLoad } from '../src/core/cluster/load.ts';
import { judge } from './judge/judge.ts';
import { untilLateOnce } from './rig/late.ts';
import { canOpen, openRig, STORES, type Rig } from './rig/rig.ts';
import { stop } from './rig/stop.ts';
import { until } from './rig/wait.ts';
import { calmItems } from './worker/workload.ts';

const TIMES = { beatMs: 100, leaseMs: 1_500 } as const;

let rig: Rig;
afterEach(() => rig.end());

describe.for(STORES)('on %s', (kind) => {
  test.skipIf(!canOpen(kind))(
    'an engine whose event loop is late beats on time and tells how late',
    async () => {
      rig = await openRig(kind);
      const busy = rig.worker({ name: 'busy', ...TIMES });
      const client = await rig.client();
      await untilLateOnce(rig, client, busy, TIMES.beatMs * 2);
      const store = await rig.store();
      // Longer than the lease: without the thread others would take its runs.
      const input = { marker: join(rig.folder, 'marker'), ms: TIMES.leaseMs * 1.5 };
      await client.perform([{ workflow: 'blocking', key: 'blocking', input, signals: 0 }]);
      const row = async () => (await store.listEngines()).engines.find(({ name }) => name === 'busy');
      await busy.untilBegins(3);
      // Before another process takes its time to start: the first late beat must not have been yet.
      const before = (await row())?.beatSeq ?? 0;
      const other = rig.worker({ name: 'other', ...TIMES });
      await other.untilMark('ready');
      const late = await until('a beat that tells of the lag', async () => {
        const seen = await row();
        const isLate = seen !== undefined && decodeLoad(seen.load).loopLagMs > TIMES.leaseMs / 2;
        return isLate && seen.beatSeq > before && seen;
      });
      await client.millrace.run({ key: 'blocking' }).result({ timeout: 20_000 });
      await client.perform(calmItems('later', 1));
      await client.untilNothingIsOpen();
      expect(other.logs('is gone'), 'it was declared dead').toEqual([]);
      expect(busy.logs('was refused'), 'it was kept out').toEqual([]);
      expect((await row())?.engineId, 'it is another one').toBe(late.engineId);
      const { violations, figures } = await judge(rig);
      expect(violations).toEqual([]);
      expect(figures.takeovers).toBe(0);
    },
  );

  test.skipIf(!canOpen(kind))(
    'an engine that is paused for three leases is replaced, and returns',
    async () => {
      rig = await openRig(kind);
      const paused = rig.worker({ name: 'paused', ...TIMES });
      const client = await rig.client();
      await untilLateOnce(rig, client, paused, TIMES.beatMs * 2);
      const other = rig.worker({ name: 'other', ...TIMES });
      await other.untilMark('ready');
      await stop(paused, rig.url);
      const stoppedAt = performance.now();
      await client.perform(calmItems('meanwhile', 1));
      await until('three leases', () => performance.now() - stoppedAt > TIMES.leaseMs * 3);
      paused.kill('SIGCONT');
      await paused.untilEntry('its return', () => paused.logs('it comes back as new').length > 0);
      const { failovers } = await client.millrace.failovers();
      expect(failovers).toMatchObject([{ failedEngine: 'paused', takeoverEngine: 'other' }]);
      expect(failovers[0]?.silentMs, 'its process was there all the time').toBeGreaterThanOrEqual(
        TIMES.leaseMs,
      );
      await client.untilNothingIsOpen();
      const { violations } = await judge(rig, { overlapping: true });
      expect(violations).toEqual([]);
    },
  );
});

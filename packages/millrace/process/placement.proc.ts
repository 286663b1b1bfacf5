import { afterEach, describe, expect, test } from 'vitest';
import { judge } from './judge/judge.ts';
import { canOpen, openRig, STORES, type Rig } from './rig/rig.ts';
import { stop } from './rig/stop.ts';
import { until } from './rig/wait.ts';
import type { WorkerProcess } from './rig/worker-process.ts';
import { calmItems } from './worker/workload.ts';

let rig: Rig;
afterEach(() => rig.end());

/** By when every engine must go by a strategy that was set. */
const FOLLOWED_MS = 2_000;
/** The usual pause between two beats. */
const BEAT_MS = 1_000;
const LONG_MS = 600_000;

describe.for(STORES)('on %s', (kind) => {
  test.skipIf(!canOpen(kind))(
    'three processes follow each switch of the strategy within two seconds',
    async () => {
      rig = await openRig(kind);
      const engines = ['one', 'two', 'three'].map((name) =>
        rig.worker({ name, beatMs: BEAT_MS, leaseMs: 5_000 }),
      );
      await Promise.all(engines.map((engine) => engine.untilMark('ready')));
      const { millrace } = await rig.client();
      const tookMs: number[] = [];
      for (const strategy of ['round-robin', 'affinity', 'least-load', 'adaptive', 'locality'] as const) {
        // The clock that all processes write into their ledgers.
        const setAt = Number(process.hrtime.bigint()) / 1e6;
        await millrace.setStrategy(strategy);
        for (const engine of engines) {
          const heard = await until(`${engine.name} to follow ${strategy}`, () =>
            engine.logs(`placed by ${strategy}`).at(-1),
          );
          tookMs.push(heard.at - setAt);
        }
      }
      const mean = tookMs.reduce((sum, ms) => sum + ms, 0) / tookMs.length;
      console.log(
        `${kind}: followed after ${Math.max(...tookMs).toFixed(0)} ms at most, ${mean.toFixed(0)} on average`,
      );
      expect(tookMs).toHaveLength(15);
      expect(Math.max(...tookMs)).toBeLessThan(FOLLOWED_MS);
    },
  );

  test.skipIf(!canOpen(kind))(
    'what is placed at a process that stands still is done by the others',
    async () => {
      rig = await openRig(kind);
      const place = { beatMs: BEAT_MS, leaseMs: LONG_MS };
      const engines = ['one', 'two', 'three'].map((name) => rig.worker({ name, ...place }));
      const [still, ...others] = engines as [WorkerProcess, ...WorkerProcess[]];
      await Promise.all(engines.map((engine) => engine.untilMark('ready')));
      const client = await rig.client();
      await client.millrace.setStrategy('round-robin');
      await Promise.all(
        engines.map((engine) => until('all to follow', () => engine.logs('placed by round-robin').at(-1))),
      );
      await stop(still, rig.url);
      const begun = still.begins().length;
      const items = calmItems('stolen', 4);
      await client.perform(items);
      await client.untilNothingIsOpen();
      const shares = others.map((engine) => new Set(engine.begins().map(({ runId }) => runId)).size);
      console.log(`${kind}, shares of the others: ${shares.join(' and ')}`);
      expect(still.begins().length).toBe(begun);
      for (const share of shares) expect(share).toBeGreaterThan(0);
      // Nobody had to be declared dead for it.
      expect((await client.millrace.failovers()).failovers).toEqual([]);
      expect((await judge(rig)).violations).toEqual([]);
    },
  );
});

import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { readEvidence } from './judge/evidence.ts';
import { judgeEvidence } from './judge/judge.ts';
import { canOpen, openRig, type Rig } from './rig/rig.ts';
import type { WorkerProcess } from './rig/worker-process.ts';
import type { JourneyInput } from './worker/timed-workflows.ts';
import type { Item } from './worker/workload.ts';

const ENGINES = 3;
/** A run is one step of this length, and an engine takes so many at once: that is what it can do. */
const STEP_MS = 1000;
const SLOTS = 30;
const CAPACITY_PER_S = (ENGINES * SLOTS * 1000) / STEP_MS;
const OFFERED = 0.6;
const SECONDS = 12;
/** The kill comes after this part of the timetable. */
const KILL_AT = 1 / 3;
/** A run is on time that is done so long after it should be. */
const ON_TIME_MS = 5_000;
const SHARE = 0.98;

let rig: Rig;
afterEach(() => rig.end());

test.skipIf(!canOpen('postgres'))(
  `at ${OFFERED * 100} % of what three engines can do, ${SHARE * 100} % is done on time while one of them is dead`,
  async () => {
    rig = await openRig('postgres');
    const spawn = (name: string): WorkerProcess =>
      // As engines are by default, each on a machine of its own.
      rig.worker({
        ...{ name, host: `machine-of-${name}`, concurrency: SLOTS },
        ...{ beatMs: 1000, leaseMs: 5000, suspectMs: 1000, sync: false },
      });
    const engines = Array.from({ length: ENGINES }, (_, at) => spawn(`engine-${at}`));
    await Promise.all(engines.map((engine) => engine.untilMark('ready')));
    const client = await rig.client(rig.url, false);
    const count = Math.round(CAPACITY_PER_S * OFFERED * SECONDS);
    const from = Date.now();
    const dueOf = (at: number): number => from + (at * SECONDS * 1000) / count;
    const starts: Promise<unknown>[] = [];
    for (let at = 0; at < count; at++) {
      // oxlint-disable-next-line no-await-in-loop -- a timetable: nobody is kept waiting by those before
      await pause(Math.max(0, dueOf(at) - Date.now()));
      starts.push(client.perform([itemOf(at, dueOf(at))]));
      if (at === Math.floor(count * KILL_AT)) engines[0]?.kill('SIGKILL');
    }
    await Promise.all(starts);
    await client.untilNothingIsOpen(60_000);

    const evidence = await readEvidence(rig);
    const { violations, figures } = judgeEvidence(evidence);
    const lateMs = [...evidence.rows.values()].map(({ key, closedAt }) => {
      const at = Number(key?.split('-')[1]);
      return (closedAt ?? Number.POSITIVE_INFINITY) - dueOf(at) - STEP_MS;
    });
    const onTime = lateMs.filter((ms) => ms <= ON_TIME_MS).length / count;
    const worst = Math.round(Math.max(...lateMs));
    console.log(
      `${(onTime * 100).toFixed(2)} % of ${count} on time, worst ${worst} ms: ${JSON.stringify(figures)}`,
    );
    expect(violations).toEqual([]);
    expect(figures.takeovers).toBe(1);
    expect(evidence.rows.size).toBe(count);
    expect(onTime).toBeGreaterThanOrEqual(SHARE);
  },
);

function itemOf(at: number, due: number): Item {
  const input: JourneyInput = { due, legs: 1, legMs: STEP_MS };
  return { workflow: 'journey', key: `timed-${at}`, input, signals: 0 };
}

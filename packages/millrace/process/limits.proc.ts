import { afterEach, describe, expect, test } from 'vitest';
import { readEvidence } from './judge/evidence.ts';
import { judgeLimits } from './judge/limits.ts';
import type { EntryOf } from './worker/entry.ts';
import { canOpen, openRig, STORES, type Rig } from './rig/rig.ts';
import { until } from './rig/wait.ts';
import type { WorkerProcess } from './rig/worker-process.ts';

const LIMIT = 3;
const RUNS = 40;
const KILLS = 6;
/** A kill comes after so many further attempts of steps. */
const ATTEMPTS_PER_KILL = 8;
const STEPS = { name: 'steps', version: '1' };

let rig: Rig;
afterEach(() => rig.end());

describe.for(STORES)('on %s', (kind) => {
  test.skipIf(!canOpen(kind))(
    `a queue lets ${LIMIT} runs be worked on at once and a key 1, whoever is killed meanwhile`,
    async () => {
      rig = await openRig(kind);
      const client = await rig.client();
      await client.millrace.setQueue('default', { maxConcurrent: LIMIT });
      let born = 0;
      const spawn = (): WorkerProcess => rig.worker({ name: `engine-${born++}` });
      const engines = Array.from({ length: 3 }, spawn);
      await Promise.all(engines.map((engine) => engine.untilMark('ready')));
      const keyed = new Set<string>();
      const starts = Array.from({ length: RUNS }, async (_, at) => {
        const limits = at % 2 === 0 ? [{ key: 'ada', max: 1 }] : [];
        const { runId } = await client.millrace.start(STEPS, 3, { limits });
        if (limits.length > 0) keyed.add(runId);
      });
      await Promise.all(starts);

      for (let kill = 0; kill < KILLS; kill++) {
        const before = begins().length;
        // oxlint-disable no-await-in-loop -- one kill after the other
        await until('further attempts', () => begins().length >= before + ATTEMPTS_PER_KILL);
        const place = kill % engines.length;
        const victim = engines[place] as WorkerProcess;
        victim.kill('SIGKILL');
        await victim.ended;
        engines[place] = spawn();
        // oxlint-enable no-await-in-loop
      }
      await client.untilNothingIsOpen(60_000);

      const caps = [
        { name: 'the queue', max: LIMIT, holds: () => true },
        { name: 'the key', max: 1, holds: ({ runId }: { runId: string }) => keyed.has(runId) },
      ];
      const { violations, atOnce } = judgeLimits(await readEvidence(rig), caps);
      console.log(`${kind}: ${KILLS} kills, ${begins().length} attempts, at once ${JSON.stringify(atOnce)}`);
      expect(violations).toEqual([]);
      expect(atOnce, 'the limits were reached').toEqual({ 'the queue': LIMIT, 'the key': 1 });
      expect(new Set(begins().map(({ runId }) => runId)).size, 'every run was worked on').toBe(RUNS);
      const ended = await client.millrace.runs({ status: ['completed'], limit: 1_000 });
      expect(ended.runs).toHaveLength(RUNS);
      // Nothing leaked: no grant is left (above), and a run of the key begins at once.
      const last = await client.millrace.start(STEPS, 1, { limits: [{ key: 'ada', max: 1 }] });
      await last.result({ timeout: '10s' });
    },
    120_000,
  );
});

function begins(): EntryOf<'begin'>[] {
  return rig.entries().filter((entry) => entry.kind === 'begin');
}

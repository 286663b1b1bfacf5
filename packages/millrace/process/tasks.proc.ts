import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { judge } from './judge/judge.ts';
import { canOpen, openRig, STORES, type Rig } from './rig/rig.ts';
import type { Entry } from './worker/entry.ts';
import type { Item } from './worker/workload.ts';

const SIZE = 8;

const checkpointsOf = (entries: readonly Entry[]) => entries.filter((entry) => entry.kind === 'checkpoint');
const runsOf = (entries: readonly { runId: string }[]) => entries.map(({ runId }) => runId).toSorted();

let rig: Rig;
afterEach(() => rig.end());

describe.for(STORES)('on %s', (kind) => {
  test.skipIf(!canOpen(kind))(
    'calls go on from their checkpoints when the process that executes them is killed, and no attempt is counted',
    async () => {
      rig = await openRig(kind);
      const gate = join(rig.folder, 'gate');
      const caller = rig.worker({ name: 'caller', offers: 'workflows' });
      const victim = rig.worker({ name: 'victim', offers: 'executors' });
      await Promise.all([caller.untilMark('ready'), victim.untilMark('ready')]);
      const client = await rig.client();
      const items: Item[] = Array.from({ length: SIZE }, (_, at) => ({
        ...{ workflow: 'calling', key: `calling-${at}`, input: { gate }, signals: 0 },
      }));
      await client.perform(items);
      await victim.untilEntry('a checkpoint of each', (all) => checkpointsOf(all).length === SIZE);
      expect(caller.begins(), 'it has no executor').toEqual([]);

      victim.kill('SIGKILL');
      const heir = rig.worker({ name: 'heir', offers: 'executors' });
      // What was executing when a process died is tried again in small groups.
      await heir.untilBegins(1);
      writeFileSync(gate, '');
      await client.untilNothingIsOpen();

      expect(runsOf(checkpointsOf(heir.entries()))).toEqual(runsOf(checkpointsOf(victim.entries())));
      for (const checkpoint of checkpointsOf(heir.entries())) {
        expect(checkpoint).toMatchObject({ attempt: 1, found: 'of victim' });
      }
      const { violations, figures } = await judge(rig);
      console.log(`${kind}, a killed executor: ${JSON.stringify(figures)}`);
      expect(violations).toEqual([]);
      expect(figures.outcomes).toBe(SIZE);
      const histories = await Promise.all(items.map(({ key }) => client.millrace.run({ key }).history()));
      for (const history of histories) {
        expect(history).toMatchObject([
          { type: 'started' },
          { type: 'step-placed', attempt: 1 },
          { type: 'step-completed', attempt: 1, data: { engine: 'heir' } },
          { type: 'completed' },
        ]);
      }
      const store = await rig.store();
      const { runs } = await store.listRuns({ namespace: 'default', tasks: true, limit: 100 });
      expect(runs, 'and nothing is left of the tasks').toHaveLength(SIZE);
    },
  );
});

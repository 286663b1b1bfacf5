import { afterEach, describe, expect, test } from 'vitest';
import { isMillraceError, type Run } from '../src/index.ts';
import { judge } from './judge/judge.ts';
import { canOpen, openRig, STORES, type Rig } from './rig/rig.ts';
import { until } from './rig/wait.ts';
import { NUMBER } from './worker/workflows.ts';

const MEMBERS = [0, 1, 2];

let rig: Rig;
afterEach(() => rig.end());

describe.for(STORES)('on %s, a process that dies', (kind) => {
  test.skipIf(!canOpen(kind)).for([1, 2, 3])(
    'while it looks after the children of a retried run, at number %i, leaves them to the next',
    async (pass) => {
      rig = await openRig(kind);
      const victim = rig.worker({ name: 'victim', crashPoint: `retry.after-child:${pass}` });
      const client = await rig.client();
      await client.perform([{ workflow: 'family', key: 'family', input: MEMBERS.length, signals: 0 }]);
      const family = client.millrace.run({ key: 'family' });
      const memberOf = (at: number): Run => client.millrace.run({ key: `${family.runId}/member-${at}` });
      await family.describe();
      await Promise.all(MEMBERS.map((at) => untilItWaits(memberOf(at), 'started')));
      await family.cancel();
      await client.untilNothingIsOpen();

      await family.retry();
      expect(await victim.ended).toEqual({ code: null, signal: 'SIGKILL' });
      rig.worker({ name: 'survivor' });
      await Promise.all(MEMBERS.map((at) => untilItWaits(memberOf(at), 'retried')));
      await Promise.all(MEMBERS.map((at) => memberOf(at).signal(NUMBER, 1)));
      await client.untilNothingIsOpen();

      const { violations } = await judge(rig);
      expect(violations).toEqual([]);
      expect(await family.result()).toHaveLength(MEMBERS.length);
      const befores = rig.entries().filter((entry) => entry.kind === 'begin' && entry.step === 'before');
      expect(befores, 'what a child had done is not done again').toHaveLength(MEMBERS.length);
    },
  );
});

/** Until a child waits for its signal, after an event of this type. */
async function untilItWaits(member: Run, after: string): Promise<void> {
  await until(`a child to wait after "${after}"`, async () => {
    try {
      const { status } = await member.describe();
      return status === 'waiting' && (await member.history()).some(({ type }) => type === after);
    } catch (error) {
      if (isMillraceError(error, 'RUN_NOT_FOUND')) return false; // its parent has had no turn
      throw error;
    }
  });
}

import { expect, it } from 'vitest';
import type { Ports } from '../engine/ports.ts';
import { nodePorts } from '../ports/node-ports.ts';
import type { Store } from '../store/port/store.ts';
import { startChores } from './leader.ts';

it('deletes old entries of the audit log, and old logs of runs, in portions, as long as it leads', async () => {
  let [old, logs, isLeader] = [4_500, 170, false];
  const asked: number[] = [];
  const pauses: number[] = [];
  let tick = (): void => {};
  const after: Ports['after'] = (ms, callback) => {
    pauses.push(ms);
    tick = callback;
    return () => {};
  };
  const store: Pick<Store, 'prune' | 'pruneAudit' | 'pruneLines'> = {
    prune: async () => ({ engines: 0, failovers: 0 }),
    pruneAudit: async ({ auditMs, limit }) => {
      asked.push(auditMs);
      const gone = Math.min(old, limit);
      old -= gone;
      return gone;
    },
    pruneLines: async ({ logMs, limit }) => {
      expect(logMs).toBe(3_600_000);
      const gone = Math.min(logs, limit);
      logs -= gone;
      return gone;
    },
  };
  const engine = {
    leads: () => isLeader,
    store,
    options: { auditRetentionMs: 86_400_000, runLogRetentionMs: 3_600_000 },
  };
  const chores = startChores({ ...nodePorts(() => {}), after }, engine);
  const elapse = async (): Promise<void> => {
    const { length } = pauses;
    tick();
    await expect.poll(() => pauses.length, { interval: 1 }).toBe(length + 1);
  };
  await elapse();
  expect([asked, old], 'another leads').toEqual([[], 4_500]);
  isLeader = true;
  for (const [left, leftLogs] of [
    [2_500, 120],
    [500, 70],
    [0, 20],
    [0, 0],
  ]) {
    // oxlint-disable-next-line no-await-in-loop -- one portion after the other
    await elapse();
    expect([old, logs]).toEqual([left, leftLogs]);
  }
  expect(asked).toEqual(Array.from({ length: 4 }, () => 86_400_000));
  expect(
    pauses.slice(-4).map((ms) => ms < 60_000),
    'the next portion comes soon',
  ).toEqual([true, true, true, false]);
  await chores.stop();
});

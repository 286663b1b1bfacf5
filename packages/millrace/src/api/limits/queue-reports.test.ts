import { expect, it } from 'vitest';
import type { QueueReport } from '../../store/port/store.ts';
import { createQueueReports } from './queue-reports.ts';

function bench(open: number) {
  const report: QueueReport = { queue: 'q', open, depth: open, running: 0, oldestReadyAt: undefined };
  let now = 0;
  let counts = 0;
  const readQueues = () => {
    counts += 1;
    now += 10;
    return counts === 3 ? Promise.reject(new Error('away')) : Promise.resolve([{ ...report }]);
  };
  const reports = createQueueReports({ readQueues }, 'ns', { clock: { mono: () => now, wall: () => now } });
  return { reports, counts: () => counts, pass: (ms: number) => void (now += ms) };
}

it('counts few runs each time', async () => {
  const { reports, counts } = bench(999);
  await Promise.all([reports(), reports()]);
  expect(counts()).toBe(2);
});

it('believes a count of many for ten times as long as it took, and counts once for all who ask meanwhile', async () => {
  const { reports, counts, pass } = bench(1_000);
  await reports();
  pass(99);
  await reports();
  expect(counts()).toBe(1);
  pass(51);
  const [one, other] = await Promise.all([reports(), reports()]);
  expect(one).toBe(other);
  expect(counts()).toBe(2);
  pass(150);
  await expect(reports()).rejects.toThrow('away');
  expect(await reports(), 'a failure is not believed').toHaveLength(1);
  expect(counts()).toBe(4);
});

it('lets nobody wait for the next count who asks soon after', async () => {
  const { reports, counts, pass } = bench(1_000);
  const first = await reports();
  pass(130);
  const [one, other] = await Promise.all([reports(), reports()]);
  expect([one, other].every((each) => each === first)).toBe(true);
  expect(counts(), 'it was under way').toBe(2);
  const second = await reports();
  expect(second).not.toBe(first);
  pass(149);
  expect(await reports(), 'and that the store is away is no matter yet').toBe(second);
  await new Promise((resolve) => void setImmediate(resolve));
  expect(await reports()).not.toBe(second);
  expect(counts()).toBe(4);
});

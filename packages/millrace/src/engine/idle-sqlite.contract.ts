import { StatementSync } from 'node:sqlite';
import { afterEach, expect, test, vi } from 'vitest';
import { open, sharedStore } from '../../testbed/engines/engines.ts';
import { ALLOWED, countIdle, IDLE, isBeat, tap } from '../../testbed/engines/idle.ts';
import { workflow } from '../index.ts';

const echo = workflow('echo', (_ctx, input: unknown) => input);

afterEach(() => void vi.restoreAllMocks());

/** A transaction counts as one; looks at the shared memory of the file are none. */
test.each([
  ['an idle engine', 1],
  ['each of two engines that share a file, idle,', 2],
])('%s makes few more transactions than its beats', { timeout: 90_000 }, async (_, engines) => {
  const watched = tap();
  const { run } = StatementSync.prototype;
  vi.spyOn(StatementSync.prototype, 'run').mockImplementation(function (this: StatementSync, ...given) {
    watched.sent.push(this.sourceSQL);
    return Reflect.apply(run, this, given);
  });
  const store = sharedStore();
  for (let made = 0; made < engines; made++) await open({ ...IDLE, store, workflows: [echo] });
  const asked = await countIdle(watched);
  const transactions = asked.filter((text) => text.startsWith('BEGIN'));
  expect(transactions.length, 'a beat is one').toBeGreaterThanOrEqual(asked.filter(isBeat).length);
  expect(transactions.length, asked.join('\n')).toBeLessThanOrEqual(ALLOWED);
});

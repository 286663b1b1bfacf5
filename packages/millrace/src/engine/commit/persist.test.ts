import { expect, it } from 'vitest';
import { StoreError } from '../../store/port/errors.ts';
import type { Ports } from '../ports.ts';
import { persist } from './persist.ts';

/** A world in which time passes at once. */
const PORTS = {
  random: () => 0.5,
  after: (_ms: number, callback: () => void) => (queueMicrotask(callback), () => {}),
  log: () => {},
} as unknown as Ports;

const away = new StoreError('congestion', 'the store is away', { retryable: true });
const deadlock = new StoreError('definite', 'deadlock detected', { retryable: true });

/** Calls a store that fails in this order and then answers. */
function call(...failures: StoreError[]): Promise<string> {
  return persist(
    PORTS,
    () => {
      const failure = failures.shift();
      return failure === undefined ? Promise.resolve('written') : Promise.reject(failure);
    },
    () => false,
  );
}

it('one deadlock after a long outage is repeated like any other', async () => {
  expect(await call(...Array.from({ length: 30 }, () => away), deadlock)).toBe('written');
});

it('a failure that repeating cures is repeated a few times in a row, and no more', async () => {
  expect(await call(...Array.from({ length: 7 }, () => deadlock))).toBe('written');
  await expect(call(...Array.from({ length: 8 }, () => deadlock))).rejects.toBe(deadlock);
});

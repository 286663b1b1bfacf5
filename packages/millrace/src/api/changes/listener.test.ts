import { describe, expect, it } from 'vitest';
import { queueChanged } from '../../core/changes/change.ts';
import { createListener, type Batch } from './listener.ts';
import { createSeats } from './observer.ts';

const limits = { maxConcurrent: null, ratePerSecond: null, maxDepth: null };
const change = queueChanged({ queue: 'mail', paused: true, pausedBy: null, limits }, false, 1);
const batch = (size: number, chars = size): Batch => ({
  changes: Array.from({ length: size }, () => change),
  chars,
});

describe('a listener', () => {
  it('gets what it was told, in order, and waits for more', async () => {
    const listener = createListener({});
    const [first, second] = [batch(1), batch(2)];
    listener.tell(first);
    expect(listener.isIdle()).toBe(false);
    expect(await listener.next()).toBe(first);
    const next = listener.next();
    listener.tell(second);
    expect(await next).toBe(second);
    listener.end();
    expect(await listener.next()).toBeUndefined();
  });

  it.each([
    ['too many changes', batch(6_000)],
    ['too much', batch(1, 1_500_000)],
  ])('is dropped with %s that it does not take', async (_what, told) => {
    const listener = createListener({});
    listener.tell(told);
    listener.tell(told);
    await expect(listener.next()).rejects.toMatchObject({ code: 'SLOW_LISTENER' });
  });

  it('is not dropped while it takes what it is told', async () => {
    const listener = createListener({});
    for (let told = 0; told < 10; told += 1) {
      listener.tell(batch(6_000));
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await listener.next()).toBeDefined();
    }
  });
});

describe('seats', () => {
  it('are refused to one too many, until somebody leaves', () => {
    const seats = createSeats(2);
    const leave = seats.take();
    seats.take();
    expect(() => seats.take()).toThrow(expect.objectContaining({ code: 'TOO_MANY_LISTENERS' }));
    leave();
    seats.take();
  });
});

import { describe, expect, it } from 'vitest';
import type { EngineRow } from '../../store/port/store.ts';
import type { EngineOptions } from '../options.ts';
import type { Ports } from '../ports.ts';
import { createObserver } from './observer.ts';

const STORE_EPOCH = 1_000_000;
const TIMES = { beatMs: 1_000, suspectMs: 1_250, leaseMs: 5_000 };

/** An observer whose looks the test dates, in ms of its own clock; the store's clock is `aheadMs` ahead of it. */
function watching({ aheadMs = STORE_EPOCH } = {}) {
  let now = 0;
  const ports = {
    clock: { mono: () => now },
    host: { host: 'here', bootId: 'boot', pid: 1 },
    isAlive: () => false,
  };
  const observer = createObserver(ports as unknown as Ports, TIMES as EngineOptions);
  return {
    observer,
    /** @param other - when it beat last, by the observer's clock. */
    look(atMs: number, other: { beatSeq: number; beatAtMs: number; session?: EngineRow['session'] }) {
      now = atMs;
      const { beatSeq, beatAtMs, session = 'held' } = other;
      const row = {
        ...{ engineId: 'other', name: 'other', host: 'there', bootId: 'boot', pid: 7, startedAt: 0 },
        ...{
          beatSeq,
          beatAt: STORE_EPOCH + beatAtMs,
          retired: false,
          retiredAt: undefined,
          drain: false,
          session,
        },
        ...{ profile: new Uint8Array(), load: new Uint8Array() },
      };
      const verdicts = observer.judge({ engines: [row], ownId: 'self', storeTime: aheadMs + atMs });
      return verdicts.map(({ silentMs }) => silentMs);
    },
  };
}

describe('an observer', () => {
  it('counts a silence from the beat, not from when it saw it', () => {
    const { look, observer } = watching();
    expect(look(0, { beatSeq: 1, beatAtMs: -900 })).toEqual([]);
    expect(look(1_000, { beatSeq: 2, beatAtMs: 100, session: 'gone' })).toEqual([]);
    expect(observer.soonestJudgement()).toBe(350);
    expect(look(1_350, { beatSeq: 2, beatAtMs: 100, session: 'gone' })).toEqual([1_250]);
  });

  it('waits a whole lease while nothing says that the process is gone', () => {
    const { look, observer } = watching();
    look(0, { beatSeq: 1, beatAtMs: -900 });
    for (let at = 1_000; at <= 5_000; at += 1_000)
      expect(look(at, { beatSeq: 2, beatAtMs: 100 })).toEqual([]);
    expect(observer.soonestJudgement()).toBe(1_000);
    expect(look(6_000, { beatSeq: 2, beatAtMs: 100 })).toEqual([5_900]);
  });

  it('takes no beat to be older than its own last look, whatever the clock of the store says', () => {
    const { look } = watching({ aheadMs: STORE_EPOCH + 3_600_000 });
    look(0, { beatSeq: 1, beatAtMs: -900 });
    expect(look(1_000, { beatSeq: 2, beatAtMs: 100, session: 'gone' })).toEqual([]);
    expect(look(1_200, { beatSeq: 2, beatAtMs: 100, session: 'gone' })).toEqual([]);
    expect(look(1_250, { beatSeq: 2, beatAtMs: 100, session: 'gone' })).toEqual([1_250]);
  });

  it('takes no beat to come from the future', () => {
    const { look } = watching({ aheadMs: STORE_EPOCH - 3_600_000 });
    look(0, { beatSeq: 1, beatAtMs: -900 });
    look(1_000, { beatSeq: 2, beatAtMs: 100, session: 'gone' });
    expect(look(2_200, { beatSeq: 2, beatAtMs: 100, session: 'gone' })).toEqual([]);
    expect(look(2_250, { beatSeq: 2, beatAtMs: 100, session: 'gone' })).toEqual([1_250]);
  });

  it('begins anew when it was interrupted itself: all were silent then', () => {
    const { look } = watching();
    look(0, { beatSeq: 1, beatAtMs: -900 });
    look(1_000, { beatSeq: 2, beatAtMs: 100 });
    expect(look(60_000, { beatSeq: 2, beatAtMs: 100, session: 'gone' })).toEqual([]);
    expect(look(61_000, { beatSeq: 2, beatAtMs: 100, session: 'gone' })).toEqual([]);
    expect(look(61_250, { beatSeq: 2, beatAtMs: 100, session: 'gone' })).toEqual([1_250]);
  });
});

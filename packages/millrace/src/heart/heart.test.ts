import type { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Heart } from '../engine/ports.ts';
import { threadHeart, type Note } from './heart.ts';

const { threads } = vi.hoisted(() => ({ threads: [] as FakeThread[] }));

/** A thread that was started, and what it was told. */
interface FakeThread extends EventEmitter {
  readonly notes: (Note | undefined)[];
}

vi.mock('node:worker_threads', async () => {
  const { EventEmitter: Emitter } = await import('node:events');
  class Worker extends Emitter {
    readonly notes: unknown[] = [];
    readonly threadId = 1;
    constructor() {
      super();
      threads.push(this as unknown as FakeThread);
    }
    unref(): void {}
    postMessage(note: unknown): void {
      this.notes.push(note);
      if (note === undefined) this.emit('exit', 0);
    }
  }
  return { Worker };
});

const BEAT_MS = 1_000;
const LOAD = new Uint8Array([7]);
let heart: Heart;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
  threads.length = 0;
  heart = threadHeart({ url: 'file:x', beatMs: BEAT_MS, leaseMs: 5_000, log: () => {} });
});
afterEach(async () => {
  await heart.stop();
  vi.useRealTimers();
});

/** The loop notes its beats, each so long after the one before. */
function beats(...pauses: readonly number[]): void {
  for (const pause of pauses) {
    vi.advanceTimersByTime(pause);
    heart.note('engine', LOAD);
  }
}

describe('the thread that beats', () => {
  it('does not start while the loop is punctual', () => {
    heart.note('engine', LOAD);
    beats(...Array.from({ length: 100 }, (_, at) => BEAT_MS + (at % 5) * 100));
    beats(BEAT_MS / 10, BEAT_MS * 1.49);
    expect(threads).toEqual([]);
  });

  it('starts, once, with the first note that is late by half a beat', () => {
    beats(0, BEAT_MS, BEAT_MS * 1.5);
    expect(
      threads.map(({ notes }) => notes),
      'it learns what the loop has noted',
    ).toEqual([[{ engineId: 'engine', load: LOAD }]]);
    beats(BEAT_MS, BEAT_MS * 3);
    expect(threads).toHaveLength(1);
    expect(threads[0]?.notes).toHaveLength(3);
  });

  it('does not start again once it has ended', () => {
    beats(0, BEAT_MS * 2);
    threads[0]?.emit('error', new Error('no memory'));
    beats(BEAT_MS * 2, BEAT_MS * 2);
    expect(threads).toHaveLength(1);
  });
});

import { Worker } from 'node:worker_threads';
import type { EngineLog, Heart } from '../engine/ports.ts';

/** What the thread is given when it starts. */
export interface HeartSettings {
  readonly url: string;
  readonly beatMs: number;
  readonly leaseMs: number;
  /** Grows for as long as the loop of this process turns. */
  readonly turns: Int32Array;
}

/** What this process has said last. */
export interface Note {
  readonly engineId: string;
  readonly load: Uint8Array;
}

export interface HeartOptions extends Omit<HeartSettings, 'turns'> {
  readonly log: (entry: EngineLog) => void;
}

/** A loop that has been late by so much of a beat can be late by more. */
const LATE_BEATS = 0.5;
const STOP_MS = 1_000;
/** What a thread that only beats needs, MB. */
const LITTLE = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64, stackSizeMb: 2 };

/** Sources run as they are, compiled files lie beside compiled ones. */
const THREAD = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url);

/**
 * A thread that beats in the place of a loop that is late, on a connection of its own.
 *   H1  It beats only while the loop has turned within a lease: a process that is stuck for longer is dead.
 *   H2  It knows only what the loop has noted, so that it beats for no incarnation that was given up; and whoever is
 *       retired stays so, whatever it does.
 *   H3  It takes memory, so it starts when the loop has been late for the first time. A first block that outlasts the
 *       lease is taken for a death; the engine comes back with a thread.
 *   H4  Without it everything works: a thread that cannot be had is reported, and the loop beats alone.
 */
export function threadHeart({ log, ...settings }: HeartOptions): Heart {
  const turns = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  let worker: Worker | undefined;
  let clock: NodeJS.Timeout | undefined;
  let stopped = false;
  let notedAt = Number.POSITIVE_INFINITY;

  function fail(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `beats depend on the event loop alone, their thread has ended: ${reason}`;
    if (!stopped) log({ source: 'engine', level: 'warn', message });
    stopped = true;
    clearInterval(clock);
  }

  /** The loop notes once a beat: it was late by what a gap is longer. A store that answers late looks the same. */
  function wasLate(): boolean {
    const before = notedAt;
    notedAt = performance.now();
    return notedAt - before >= settings.beatMs * (1 + LATE_BEATS);
  }

  function start(): Worker {
    const workerData: HeartSettings = { ...settings, turns };
    const thread = new Worker(THREAD, { workerData, resourceLimits: LITTLE, name: 'millrace heart' });
    thread.unref();
    thread.once('message', () => {
      log({ source: 'engine', level: 'debug', message: 'a thread beats whenever the event loop is late' });
    });
    thread.on('error', fail);
    thread.on('exit', (code) => fail(new Error(`exit ${code}`)));
    clock = setInterval(() => Atomics.add(turns, 0, 1), settings.beatMs / 2).unref();
    return thread;
  }

  return {
    note(engineId, load) {
      const late = wasLate();
      if (stopped || (worker === undefined && !late)) return;
      worker ??= start();
      const note: Note = { engineId, load };
      worker.postMessage(note);
    },
    async stop() {
      stopped = true;
      clearInterval(clock);
      if (worker === undefined) return;
      const { promise: ended, resolve } = Promise.withResolvers<void>();
      worker.once('exit', () => resolve());
      worker.postMessage(undefined);
      const timer = setTimeout(() => void worker?.terminate(), STOP_MS);
      if (worker.threadId >= 0) await ended;
      clearTimeout(timer);
    },
  };
}

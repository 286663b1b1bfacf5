import type { CrashPoint, EngineLog, HostIdentity, Ports } from '../../engine/ports.ts';
import type { Random } from './random.ts';
import type { Actor, Scheduler } from './scheduler.ts';

/** How one process sees time: its own wall clock, and a monotonic one that may run a little fast or slow. */
export interface Clocks {
  wallOffsetMs: number;
  monoOffsetMs: number;
  /** Share by which the monotonic clock is fast: 0.0001 is 100 ppm. */
  drift: number;
}

export interface VirtualProcess {
  readonly scheduler: Scheduler;
  readonly actor: Actor;
  readonly random: Random;
  readonly clocks: Clocks;
  readonly host: HostIdentity;
  isAlive(pid: number): boolean;
  crashPoint(name: CrashPoint): void;
  log(entry: EngineLog): void;
}

/** Where virtual time begins: 2026-01-01T00:00:00Z. */
export const EPOCH_MS = Date.UTC(2026, 0, 1);

/** The ports of a process in virtual time. Once its actor is down, nothing that it asked for happens any more. */
export function virtualPorts(process: VirtualProcess): Ports {
  const { scheduler, actor, random, clocks } = process;
  const draw = random.fork('engine');
  const ids = random.fork('ids');
  return {
    clock: {
      wall: () => EPOCH_MS + scheduler.now() + clocks.wallOffsetMs,
      mono: () => scheduler.now() * (1 + clocks.drift) + clocks.monoOffsetMs,
    },
    random: () => draw.next(),
    uuid: () => ids.uuid(),
    after: (ms, callback) => scheduler.after(ms / (1 + clocks.drift), actor, callback),
    soon: (callback) => void scheduler.after(0, actor, callback),
    drained,
    host: process.host,
    isAlive: (pid) => process.isAlive(pid),
    load: () => ({ cpuUsage: 10, memoryUsage: 10, loopLagMs: 1 }),
    crashPoint: (name) => process.crashPoint(name),
    log: (entry) => {
      if (actor.state !== 'down') process.log(entry);
    },
  };
}

/** A tick that is queued from within a microtask runs when no microtask is left. */
function drained(): Promise<void> {
  return new Promise((resolve) => {
    queueMicrotask(() => {
      process.nextTick(resolve);
    });
  });
}

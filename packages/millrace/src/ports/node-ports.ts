import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import type { EngineLog, HostIdentity, Ports } from '../engine/ports.ts';
import { measureLoad } from './measure-load.ts';

/** Longest delay that a timer of this platform takes, ms. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** The real world: this process's clocks, timers and identity. */
export function nodePorts(log: (entry: EngineLog) => void): Ports {
  const armed = process.env['MILLRACE_CRASH_POINT'];
  return {
    clock: { wall: () => Date.now(), mono: () => performance.now() },
    random: () => Math.random(),
    uuid: () => randomUUID(),
    after(ms, callback) {
      const timer = setTimeout(callback, Math.min(Math.max(0, ms), LONGEST_TIMER_MS));
      return () => clearTimeout(timer);
    },
    soon: (callback) => {
      setImmediate(callback);
    },
    drained: createDrain(),
    host: hostIdentity(),
    isAlive,
    load: measureLoad,
    crashPoint: armed === undefined ? () => {} : crashAt(armed),
    log: surely(log),
  };
}

/** Whoever writes the log may fail at a line, and what a program says may be beyond telling: nobody fails of that. */
function surely(log: (entry: EngineLog) => void): (entry: EngineLog) => void {
  return (entry) => {
    try {
      log(entry);
    } catch (error) {
      attempt(() => log({ ...entry, fields: { omitted: `the fields: ${String(error)}` } }));
    }
  };
}

/**
 * A tick that is queued from within a microtask runs when no microtask is left: that is the moment at which
 * programs can only wait. All that wait for the same moment share one promise.
 */
function createDrain(): () => Promise<void> {
  let current: Promise<void> | undefined;
  return () => {
    current ??= new Promise<void>((resolve) => {
      queueMicrotask(() => {
        // Who asks from now on may have caused microtasks that this tick would not wait for.
        current = undefined;
        process.nextTick(resolve);
      });
    });
    return current;
  };
}

/** A pid means something only within one boot and one pid namespace, so both are part of the identity. */
function hostIdentity(): HostIdentity {
  const boot = attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  const namespace = attempt(() => readlinkSync('/proc/self/ns/pid'));
  return { host: hostname(), bootId: `${boot ?? 'unknown'} ${namespace ?? ''}`.trim(), pid: process.pid };
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** `name` or `name:N`: the process kills itself at the N-th pass of that point. */
function crashAt(armed: string): (name: string) => void {
  const [point, count = '1'] = armed.split(':');
  let left = Number(count);
  return (name) => {
    if (name !== point || --left !== 0) return;
    writeSync(process.stderr.fd, `crash point ${armed}\n`);
    process.kill(process.pid, 'SIGKILL');
  };
}

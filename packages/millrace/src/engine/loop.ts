import { StoreError } from '../store/port/errors.ts';
import type { Ports } from './ports.ts';

/** Background work: one named `tick` at a time, which says when it wants to be called again. */
export interface Loop {
  /** Asks for a tick as soon as possible; during a tick, for another one after it. */
  nudge(): void;
  /** Asks for a tick after at most `ms`. */
  within(ms: number): void;
  /** Resolves when no tick runs any more; none starts later. */
  stop(): Promise<void>;
}

/**
 * @param tick - returns the milliseconds until it wants to run again.
 * @param errorPauseMs - until the next tick, when one has thrown. Failures of the store are told by whoever
 *   watches it (outage.ts), any other here.
 */
export function startLoop(ports: Ports, name: string, tick: () => Promise<number>, errorPauseMs = 500): Loop {
  let cancel: (() => void) | undefined;
  let dueAt = Number.POSITIVE_INFINITY;
  let running: Promise<void> | undefined;
  let wantedMs = Number.POSITIVE_INFINITY;
  let stopped = false;

  const schedule = (ms: number): void => {
    const at = ports.clock.mono() + ms;
    if (stopped || at >= dueAt) return;
    cancel?.();
    dueAt = at;
    cancel = ports.after(ms, run);
  };
  const run = (): void => {
    cancel?.();
    cancel = undefined;
    dueAt = Number.POSITIVE_INFINITY;
    running ??= once();
  };
  const once = async (): Promise<void> => {
    let pauseMs = errorPauseMs;
    wantedMs = Number.POSITIVE_INFINITY;
    try {
      pauseMs = await tick();
    } catch (error) {
      if (!(error instanceof StoreError)) {
        const message = `${name} failed: ${error instanceof Error ? error.message : String(error)}`;
        ports.log({ source: 'engine', level: 'warn', message });
      }
    }
    running = undefined;
    schedule(Math.min(pauseMs, wantedMs));
  };
  return {
    nudge() {
      if (running === undefined) schedule(0);
      else wantedMs = 0;
    },
    within(ms) {
      if (running === undefined) schedule(ms);
      else wantedMs = Math.min(wantedMs, ms);
    },
    async stop() {
      stopped = true;
      cancel?.();
      await running;
    },
  };
}

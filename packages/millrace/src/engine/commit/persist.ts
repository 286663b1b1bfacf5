import { StoreError } from '../../store/port/errors.ts';
import type { Ports } from '../ports.ts';

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Repeats a store call until its answer is definite. Ambiguous failures are repeated because the call may
 * have happened (every write is idempotent by its commitId), congestion because it has not; a definite
 * failure that repeating can cure is repeated a few times. The pause grows with full jitter.
 * @param isOver - true when nobody wants the answer any more; the last error is then thrown.
 */
export async function persist<R>(ports: Ports, call: () => Promise<R>, isOver: () => boolean): Promise<R> {
  let pauseMs = FIRST_PAUSE_MS;
  let definite = 0;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof StoreError) || isOver()) throw error;
      // In a row: an outage before it says nothing about what is being written.
      definite = error.failure === 'definite' ? definite + 1 : 0;
      if (definite > 0 && (!error.retryable || definite >= DEFINITE_TRIES)) throw error;
    }
    await pause(ports, pauseMs * (0.5 + ports.random() / 2));
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

const DEFINITE_TRIES = 8;

/** Resolves after at least `ms`. */
export function pause(ports: Ports, ms: number): Promise<void> {
  return new Promise((resolve) => {
    ports.after(ms, resolve);
  });
}

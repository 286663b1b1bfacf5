import type { Hint, Hints } from '../../port/store.ts';
import type { Connection } from './connection.ts';

export interface HintOptions {
  /** Shortest and longest pause between two looks, ms. */
  minPollMs: number;
  maxPollMs: number;
}

/**
 * Hints between processes on one file. `PRAGMA data_version` changes when another connection has committed:
 * one read of shared memory a look. What was committed is not known.
 * @param news - what there may be to do now; should it fail, polling finds it.
 */
export function pollHints(connection: Connection, news: () => readonly Hint[], options: HintOptions): Hints {
  const selectVersion = connection.prepare<{ data_version: number }>('PRAGMA data_version');
  const { schedule } = connection.timers;

  function look(): number | undefined {
    try {
      return selectVersion.get()?.data_version;
    } catch {
      // Closed, or away for a moment: a hint may be lost, polling finds the rest.
      return undefined;
    }
  }

  function read(): readonly Hint[] {
    try {
      return news();
    } catch {
      return [];
    }
  }

  return {
    // Other processes see the commit itself.
    send: () => undefined,
    receive: (receiver) => {
      let seen = look();
      let pauseMs = options.minPollMs;
      let undo = schedule(poll, pauseMs);
      function poll(): void {
        const version = look();
        if (version === seen) {
          pauseMs = Math.min(pauseMs * 2, options.maxPollMs);
        } else {
          seen = version;
          pauseMs = options.minPollMs;
          for (const hint of read()) receiver(hint);
        }
        if (connection.isOpen()) undo = schedule(poll, pauseMs);
      }
      return () => undo();
    },
  };
}

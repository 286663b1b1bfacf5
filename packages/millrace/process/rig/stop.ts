import { setTimeout as pause } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';

/** A process that was signalled does nothing more by then but to end the system call that it is in. */
const ARRIVAL_MS = 10;
/** Others may be writing at this moment. */
const OTHERS_MS = 1_000;

/**
 * Stops a process, on a SQLite file between two of its writes: one that stands still in the middle of a write holds the
 * file, and nobody could take anything over from it.
 * @param url - of the store that it works on.
 */
export async function stop(
  process: { kill(signal: 'SIGSTOP' | 'SIGCONT'): unknown },
  url: string,
): Promise<void> {
  for (;;) {
    process.kill('SIGSTOP');
    if (!url.startsWith('file:')) return;
    // oxlint-disable-next-line no-await-in-loop -- try after try
    await pause(ARRIVAL_MS);
    if (canWrite(url.slice('file:'.length))) return;
    process.kill('SIGCONT');
    // oxlint-disable-next-line no-await-in-loop -- it ends its write
    await pause(ARRIVAL_MS);
  }
}

function canWrite(path: string): boolean {
  const database = new DatabaseSync(path, { timeout: OTHERS_MS });
  try {
    database.exec('BEGIN IMMEDIATE; ROLLBACK');
    return true;
  } catch {
    return false;
  } finally {
    database.close();
  }
}

import { isMillraceError } from '../../core/errors.ts';
import { describeRun, type RunDescription } from '../../core/reading/describe-run.ts';
import type { RunRow, Store } from '../../store/port/store.ts';
import { ask } from '../store-failure.ts';
import { requireWhole } from '../run/whole.ts';

/** Which dead letters. `before`: the `next` that the page before ended with. */
export interface DeadPage {
  limit?: number | undefined;
  before?: string | undefined;
}

/** What became of dead letters that were let go on. */
export interface Redriven {
  readonly done: number;
  readonly failed: readonly { readonly runId: string; readonly code: string; readonly message: string }[];
}

const MOST = 1_000;
const AT_ONCE = 50;

interface OfQueue {
  namespace: string;
  queue: string;
}

/** Runs of a queue that nobody works on any more and that did not end well: failed or quarantined. */
export async function readDead(
  store: Store,
  of: OfQueue,
  { limit = 50, before }: DeadPage,
): Promise<{ runs: RunDescription[]; next: string | undefined }> {
  const { rows, next } = await deadRows(store, of, { limit, before });
  return { runs: rows.map((row) => describeRun(row, [])), next };
}

export async function redriveDead(
  store: Store,
  of: OfQueue,
  limit: number,
  retry: (runId: string) => Promise<void>,
): Promise<Redriven> {
  const { rows } = await deadRows(store, of, { limit, before: undefined });
  const failed: { runId: string; code: string; message: string }[] = [];
  const one = async ({ runId }: RunRow): Promise<void> => {
    try {
      await retry(runId);
    } catch (error) {
      // One that went on meanwhile is told of, and the others go on; anything else concerns them all.
      if (!isMillraceError(error)) throw error;
      failed.push({ runId, code: error.code, message: error.message });
    }
  };
  for (let from = 0; from < rows.length; from += AT_ONCE) {
    // oxlint-disable-next-line no-await-in-loop -- so many at once and no more
    await Promise.all(rows.slice(from, from + AT_ONCE).map(one));
  }
  return { done: rows.length - failed.length, failed };
}

/** Blocked runs of other kinds stand between the quarantined ones: a page is read until it is full. */
async function deadRows(
  store: Store,
  { namespace, queue }: OfQueue,
  { limit, before }: { limit: number; before: string | undefined },
): Promise<{ rows: RunRow[]; next: string | undefined }> {
  requireWhole('dead letters: limit', limit, 1, MOST);
  const rows: RunRow[] = [];
  for (let from = before; ;) {
    const filter = { namespace, queue, status: ['failed', 'blocked'], limit: MOST, before: from } as const;
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
    const page = await ask(() => store.listRuns(filter));
    rows.push(
      ...page.runs.filter(({ status, blockCode }) => status === 'failed' || blockCode === 'QUARANTINED'),
    );
    if (rows.length > limit) return { rows: rows.slice(0, limit), next: rows[limit - 1]?.runId };
    if (page.next === undefined) return { rows, next: undefined };
    from = page.next;
  }
}

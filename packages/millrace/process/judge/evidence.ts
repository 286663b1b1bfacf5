import { decodeValue } from '../../src/core/json.ts';
import { decodeChunk } from '../../src/core/run/chunk.ts';
import type { PlacedEvent } from '../../src/core/run/event.ts';
import type { LimitReport } from '../../src/store/port/limits.ts';
import type { LockRow } from '../../src/store/port/locks.ts';
import type { InboxRow, RunRow, Store } from '../../src/store/port/store.ts';
import type { Note } from '../rig/place.ts';
import type { Rig } from '../rig/rig.ts';
import type { Entry } from '../worker/entry.ts';

/** A step's recorded outcome. */
export interface Outcome {
  runId: string;
  workflow: string;
  ordinal: number;
  name: string;
  attempt: number;
  ok: boolean;
  value: unknown;
}

/** Everything that there is to judge by. */
export interface Evidence {
  entries: readonly Entry[];
  notes: readonly Note[];
  rows: ReadonlyMap<string, RunRow>;
  histories: ReadonlyMap<string, readonly PlacedEvent[]>;
  inboxes: ReadonlyMap<string, readonly InboxRow[]>;
  outcomes: readonly Outcome[];
  /** What is in use of limits in the end, and which locks are held or waited for. */
  limits: readonly LimitReport[];
  locks: readonly LockRow[];
}

/** Thousands of runs would wait for connections longer than anybody may. */
const READERS = 8;

export async function readEvidence(rig: Rig): Promise<Evidence> {
  const store = await rig.store();
  const rows = new Map((await readRows(store)).map((row) => [row.runId, row]));
  const histories = new Map<string, PlacedEvent[]>();
  const inboxes = new Map<string, InboxRow[]>();
  const left = [...rows.keys()];
  const readNext = async (): Promise<void> => {
    for (let runId = left.pop(); runId !== undefined; runId = left.pop()) {
      // oxlint-disable-next-line no-await-in-loop -- some at a time
      const [chunks, inbox] = await Promise.all([store.readHistory(runId), store.readInbox(runId)]);
      histories.set(
        runId,
        chunks.flatMap(({ seq, data }) => decodeChunk(seq, data)),
      );
      inboxes.set(runId, inbox);
    }
  };
  await Promise.all(Array.from({ length: READERS }, readNext));
  const outcomes = [...rows.values()].flatMap((row) => outcomesOf(row, histories.get(row.runId) ?? []));
  const limits = await store.readLimits('default');
  const { locks } = await store.listLocks({ namespace: 'default', limit: 1_000 });
  return {
    entries: rig.entries(),
    notes: await rig.notes(),
    rows,
    histories,
    inboxes,
    outcomes,
    limits,
    locks,
  };
}

async function readRows(store: Store): Promise<RunRow[]> {
  const rows: RunRow[] = [];
  let before: string | undefined;
  do {
    // oxlint-disable-next-line no-await-in-loop -- page after page
    const page = await store.listRuns({ namespace: 'default', limit: 500, before });
    rows.push(...page.runs);
    before = page.next;
  } while (before !== undefined);
  return rows;
}

function outcomesOf({ runId, workflow }: RunRow, history: readonly PlacedEvent[]): Outcome[] {
  return history.flatMap(({ event }): Outcome[] => {
    if (event.type !== 'step-completed' && event.type !== 'step-failed') return [];
    const { ordinal, name, attempt, type } = event;
    const value: unknown = decodeValue(event.payload ?? 'null');
    return [{ runId, workflow, ordinal, name, attempt, ok: type === 'step-completed', value }];
  });
}

import { readLedger } from './read-ledger.ts';
import {
  isMillraceError,
  type AnyWorkflow,
  type Millrace,
  type Run,
  type StartOptions,
} from '../../src/index.ts';
import type { Ledger } from './ledger.ts';
import { NUMBER, type CalmName } from './workflows.ts';

type TimedName = 'journey' | 'limited' | 'locked';

/** A run that a client wants, and how many signals it sends it. */
export interface Item {
  workflow: CalmName | 'gated' | 'slow-books' | 'poison' | 'blocking' | 'calling' | TimedName;
  key: string;
  input: unknown;
  signals: number;
  /** Where it is started otherwise than all. */
  terms?: Pick<StartOptions, 'queue' | 'limits' | 'tags'> | undefined;
}

/** A few of each. `prefix` keeps the keys of several clients apart. */
export function calmItems(prefix: string, times: number): Item[] {
  const one = (workflow: Item['workflow'], input: unknown, signals = 0): Omit<Item, 'key'> => ({
    ...{ workflow, input, signals },
  });
  const kinds = [
    one('steps', 3),
    one('retries', null),
    one('sleeper', null),
    one('mailbox', 3, 3),
    one('parent', 2),
    one('chain', { left: 2, received: [] }, 2),
    one('saga', null),
    one('books', 2),
  ];
  return Array.from({ length: times }, (_, at) =>
    kinds.map((kind) => ({ ...kind, key: `${prefix}-${kind.workflow}-${at}` })),
  ).flat();
}

/** What a client that may die does: it repeats what was not answered, and only that. */
export interface Acked {
  isStarted(key: string): boolean;
  isSignalled(key: string, value: number): boolean;
}

export function ackedIn(ledgers: readonly string[]): Acked {
  const entries = ledgers.flatMap(readLedger);
  const started = new Set(entries.flatMap((entry) => (entry.kind === 'started' ? [entry.key] : [])));
  const signalled = new Set(
    entries.flatMap((entry) => (entry.kind === 'signalled' ? [`${entry.key} ${entry.value}`] : [])),
  );
  return {
    isStarted: (key) => started.has(key),
    isSignalled: (key, value) => signalled.has(`${key} ${value}`),
  };
}

/** Starts one item and sends its signals in order; resolves when all is acknowledged. */
export async function perform(
  millrace: Millrace,
  { workflow, key, input, signals, terms }: Item,
  ledger: Ledger,
  acked: Acked,
): Promise<Run> {
  let run: Run = millrace.run({ key });
  if (!acked.isStarted(key)) {
    ledger.write({ kind: 'starting', key, workflow });
    // By name alone: a client need not have the code.
    const named = { name: workflow, version: '1' } as AnyWorkflow;
    run = await millrace.start(named, input, { key, ...terms });
    ledger.write({ kind: 'started', key, runId: run.runId });
  }
  for (let value = 1; value <= signals; value++) {
    if (acked.isSignalled(key, value)) continue;
    ledger.write({ kind: 'signalling', key, value });
    // oxlint-disable-next-line no-await-in-loop -- one signal after the other
    const outcome = await send(millrace, key, value);
    ledger.write({ kind: 'signalled', key, value, outcome });
    // A client that is not sure sends again: by now the run may have read it, and the same signal counts once.
    // oxlint-disable-next-line no-await-in-loop
    if (value > 1) await send(millrace, key, value - 1);
  }
  return run;
}

async function send(millrace: Millrace, key: string, value: number): Promise<'ok' | 'closed'> {
  try {
    await millrace.run({ key }).signal(NUMBER, value, { id: `${key}-${value}` });
    return 'ok';
  } catch (error) {
    if (isMillraceError(error, 'RUN_CLOSED')) return 'closed';
    throw error;
  }
}

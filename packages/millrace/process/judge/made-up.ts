import type { RunRow } from '../../src/store/port/store.ts';
import type { Entry, EntryOf } from '../worker/entry.ts';
import type { Evidence } from './evidence.ts';

/** What a made-up process did: from when to when it was in one step of a run. Without `to` it was killed there. */
export interface Deed {
  run: string;
  from: number;
  to?: number;
  engine?: string;
  pid?: number;
  /** 0: a transaction, which carries no token. */
  epoch?: number;
  step?: string;
  lock?: { name: string; token: number };
}

/** Evidence of what never happened, to try judges by. */
export function madeUp(deeds: readonly Deed[], more: Partial<Evidence> = {}): Evidence {
  const entries = deeds.flatMap(entriesOf).toSorted((a, b) => a.at - b.at);
  // Judges of limits and locks look at nothing else of a row.
  const rows = new Map(deeds.map(({ run }) => [run, { runId: run } as RunRow]));
  const nothing = {
    notes: [],
    histories: new Map(),
    inboxes: new Map(),
    outcomes: [],
    limits: [],
    locks: [],
  };
  return { ...nothing, entries, rows, ...more };
}

function entriesOf(
  { run, from, to, engine = 'one', pid = 0, epoch = 1, step = 'work', lock }: Deed,
  at: number,
): Entry[] {
  const by = { engine, pid };
  const nonce = `nonce-${at}`;
  const key = `${run}:${step}`;
  const begin: EntryOf<'begin'> = {
    ...{ kind: 'begin', at: from, runId: run, workflow: 'made-up', step, key, nonce, lock },
    ...{ attempt: 1, epoch, fence: epoch * 1_000, ...by },
  };
  return to === undefined ? [begin] : [begin, { kind: 'end', at: to, nonce, ok: true, ...by }];
}

/** An engine says that it has declared another one dead. */
export function declaredDead(engine: string, at: number): Entry {
  return {
    kind: 'log',
    at,
    engine: 'other',
    pid: 0,
    level: 'warn',
    message: `engine ${engine} is gone: 1 run`,
  };
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Millrace, openStore, type Run } from '../../src/index.ts';
import type { Store } from '../../src/store/port/store.ts';
import { postgresUrl } from '../../testbed/postgres-url.ts';
import type { Entry } from '../worker/entry.ts';
import { openLedger } from '../worker/ledger.ts';
import { followLedger } from '../worker/read-ledger.ts';
import type { WorkerSettings } from '../worker/settings.ts';
import { ackedIn, perform, type Item } from '../worker/workload.ts';
import { postgresPlace, single, sqlitePlace, type Note, type Server, type StoreKind } from './place.ts';
import { until } from './wait.ts';
import { spawnWorker, type WorkerProcess } from './worker-process.ts';

/** Kept for the whole test run. */
const COMPILE_CACHE = join(tmpdir(), 'millrace-compile-cache');

export interface WorkerOptions extends Partial<Omit<WorkerSettings, 'ledger' | 'earlier' | 'dialect'>> {
  crashPoint?: string;
}

/** A client in the test's own process. */
export interface Client {
  readonly millrace: Millrace;
  /** Starts items and sends their signals; resolves when all is acknowledged. */
  perform(items: readonly Item[]): Promise<Run[]>;
  /** Waits until no run is open; blocked ones are let be. */
  untilNothingIsOpen(deadlineMs?: number, lookEveryMs?: number): Promise<void>;
}

/** One store, and the processes of one test around it. */
export interface Rig {
  readonly kind: StoreKind;
  readonly folder: string;
  readonly url: string;
  /** A ledger is made for each process. */
  worker(options?: WorkerOptions): WorkerProcess;
  /** `url`: another way to the store. `sync`: whether its ledger survives the machine. */
  client(url?: string, sync?: boolean): Promise<Client>;
  store(): Promise<Store>;
  entries(): Entry[];
  notes(): Promise<Note[]>;
  execute(sql: string): Promise<void>;
  /** Kills every process that is left, and removes all. */
  end(): Promise<void>;
}

export const STORES: readonly StoreKind[] = ['sqlite', 'postgres'];

export function canOpen(kind: StoreKind): boolean {
  return kind === 'sqlite' || postgresUrl !== undefined;
}

/** `server`: the PostgreSQL to make a database on; the tests' own unless told otherwise. */
export async function openRig(kind: StoreKind, server: Server = single(postgresUrl ?? '')): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-process-'));
  const place = kind === 'sqlite' ? sqlitePlace(folder) : await postgresPlace(server);
  const workers: WorkerProcess[] = [];
  const ledgers: string[] = [];
  const readers: (() => readonly Entry[])[] = [];
  const closers: (() => Promise<void>)[] = [];

  const newLedger = (name: string): string => {
    const path = join(folder, `${ledgers.length}-${name}.jsonl`);
    ledgers.push(path);
    readers.push(followLedger(path));
    return path;
  };
  const rig: Rig = {
    kind,
    folder,
    url: place.url,
    worker({ crashPoint, ...own } = {}) {
      const earlier = [...ledgers];
      const name = own.name ?? `worker-${workers.length}`;
      const settings = {
        ...QUICK,
        store: place.url,
        dialect: kind,
        ...own,
        name,
        earlier,
        ledger: newLedger(name),
      };
      const worker = spawnWorker({ settings, crashPoint, compileCache: COMPILE_CACHE });
      workers.push(worker);
      return worker;
    },
    async client(url = place.url, sync = true) {
      const millrace = await Millrace.open({ store: url, work: false });
      closers.push(() => millrace.close());
      const earlier = [...ledgers];
      const ledger = openLedger(newLedger('client'), 'client', sync);
      return clientOf(millrace, async (items) => {
        const acked = ackedIn(earlier);
        return Promise.all(items.map((item) => perform(millrace, item, ledger, acked)));
      });
    },
    async store() {
      const store = await openStore(place.url);
      closers.push(() => store.close());
      return store;
    },
    entries: () => readers.flatMap((read) => read()).toSorted((a, b) => a.at - b.at),
    notes: place.notes,
    execute: place.execute,
    async end() {
      for (const worker of workers) worker.kill('SIGKILL');
      await Promise.all(workers.map(({ ended }) => ended));
      await Promise.all(closers.map((close) => close()));
      await place.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return rig;
}

/** Short enough for a test to see an engine die, long enough for a busy machine not to look dead. */
const QUICK = {
  beatMs: 100,
  leaseMs: 2000,
  suspectMs: 300,
  concurrency: 1000,
  offers: 'all',
  items: [],
  graceMs: 2000,
} as const;

function clientOf(millrace: Millrace, act: Client['perform']): Client {
  return {
    millrace,
    perform: act,
    untilNothingIsOpen: async (deadlineMs, lookEveryMs) => {
      const status = ['queued', 'running', 'waiting', 'paused'] as const;
      await until(
        'the end of all runs',
        async () => (await millrace.runs({ status, limit: 1 })).runs.length === 0,
        deadlineMs,
        lookEveryMs,
      );
    },
  };
}

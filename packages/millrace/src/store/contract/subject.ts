import type { Store } from '../port/store.ts';

/** What a backend offers the suite: fresh and empty for each promise. */
export interface Subject {
  /** Migrated, and without engines or runs. */
  store: Store;
  /** The same database as another process sees it; the same store where a database belongs to one process. */
  second: Store;
  /** The clock of both stores. It stands still unless it is advanced. */
  clock: Clock;
  notes: Notes;
  /** Two stores on one database that has no schema yet; `close` of the subject closes them. */
  blank: () => Promise<BlankDatabase>;
  close(): Promise<void>;
}

export interface Clock {
  now: () => number;
  advance: (ms: number) => void;
}

/** A table of the author's own, beside the store's, for `transact`. */
export interface Notes {
  write(tx: never, text: string): void | Promise<void>;
  read(): Promise<string[]>;
}

export interface BlankDatabase {
  first: Store;
  second: Store;
  /** Records a migration with this id, as a newer version of Millrace would. */
  recordMigration(id: number, name: string): Promise<void>;
  /** Changes the recorded checksum of a migration. */
  alterChecksum(id: number): Promise<void>;
  close(): Promise<void>;
}

/** Behaviours by the name of what is promised. */
export type Promises = Readonly<Record<string, (subject: Subject) => Promise<void>>>;

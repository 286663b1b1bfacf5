import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { BlankDatabase, Clock, Notes, Subject } from '../../src/store/contract/subject.ts';
import type { Plan, Store } from '../../src/store/port/store.ts';
import type { SqliteTransaction } from '../../src/store/sqlite/database/transact.ts';
import { openSqlite } from '../../src/store/sqlite/open-sqlite.ts';

/** What the contract asks for, in memory. */
export async function openInMemory(): Promise<Subject> {
  const clock = stoppedClock();
  const store = await openSqlite({ path: ':memory:', now: clock.now });
  await store.migrate();
  return withBlanks({ store, second: store, clock, notes: notesIn(store), close: () => store.close() });
}

/** The same in a file, which the two stores share. */
export async function openOnDisk(): Promise<Subject> {
  const clock = stoppedClock();
  const file = await temporaryFile();
  const store = await openSqlite({ path: file.path, now: clock.now });
  const second = await openSqlite({ path: file.path, now: clock.now });
  await store.migrate();
  const close = async () => {
    await store.close();
    await second.close();
    await file.remove();
  };
  return withBlanks({ store, second, clock, notes: notesIn(store), close });
}

function withBlanks(subject: Omit<Subject, 'blank'>): Subject {
  const blanks: BlankDatabase[] = [];
  return {
    ...subject,
    blank: async () => {
      const blank = await openBlank();
      blanks.push(blank);
      return blank;
    },
    close: async () => {
      await Promise.all(blanks.map((blank) => blank.close()));
      await subject.close();
    },
  };
}

function stoppedClock(): Clock {
  let at = 1_700_000_000_000;
  return {
    now: () => at,
    advance: (ms) => {
      at += ms;
    },
  };
}

async function temporaryFile() {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-'));
  return { path: join(folder, 'store.db'), remove: () => rm(folder, { recursive: true }) };
}

async function openBlank(): Promise<BlankDatabase> {
  const file = await temporaryFile();
  const first = await openSqlite({ path: file.path });
  const second = await openSqlite({ path: file.path });
  function alter(sql: string, ...values: (string | number)[]): void {
    const database = new DatabaseSync(file.path);
    database.prepare(sql).run(...values);
    database.close();
  }
  return {
    first,
    second,
    recordMigration: async (id, name) =>
      alter(`INSERT INTO migrations (id, name, checksum, at) VALUES (?, ?, 'unknown', 0)`, id, name),
    alterChecksum: async (id) => alter(`UPDATE migrations SET checksum = 'altered' WHERE id = ?`, id),
    close: async () => {
      await first.close();
      await second.close();
      await file.remove();
    },
  };
}

/** The author's table is made by whoever needs it first, in the same transaction. */
const NOTES_TABLE = 'CREATE TABLE IF NOT EXISTS notes (text TEXT NOT NULL) STRICT';

function notesIn(store: Store): Notes {
  return {
    write: (tx: SqliteTransaction, text: string) => {
      tx.exec(NOTES_TABLE);
      tx.run('INSERT INTO notes (text) VALUES (?)', text);
    },
    read: async () => {
      const { value } = await store.transact(
        (tx: SqliteTransaction) => {
          tx.exec(NOTES_TABLE);
          return tx.all('SELECT text FROM notes ORDER BY rowid').map((row) => String(row['text']));
        },
        () => NO_PLAN,
      );
      return value;
    },
  };
}

/** A plan that conflicts: the transaction was for reading. */
const NO_PLAN: Plan = {
  runId: 'none',
  engineId: 'none',
  epoch: 0,
  version: 0,
  commitId: 0,
  seq: 0,
  count: 0,
  history: undefined,
  next: { kind: 'continue' },
  consumed: [],
  starts: [],
  messages: [],
};

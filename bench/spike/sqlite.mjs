import { DatabaseSync } from 'node:sqlite';
import { createGatherer } from './gather.mjs';

/* The same least core on SQLite: one connection, write-ahead log, every commit synced. */

const SCHEMA = `
  pragma journal_mode = wal;
  pragma synchronous = full;
  create table run (id text primary key, owner int not null, version int not null, status int not null,
    workflow text not null, created_at int not null default (unixepoch())) strict, without rowid;
  create index run_open on run (workflow) where status = 0;
  create table done (id text primary key, workflow text not null, output blob,
    closed_at int not null default (unixepoch())) strict, without rowid;
  create table event (id text not null, seq int not null, data blob not null, primary key (id, seq))
    strict, without rowid;`;

function guarded(result) {
  if (result.changes !== 1) throw new Error('a commit was lost');
}

/** Opens the core on a new file. */
export function openSqliteCore(path) {
  const database = new DatabaseSync(path);
  database.exec(SCHEMA);
  const insert = database.prepare(
    "insert into run (id, owner, version, status, workflow) values (?, 1, 1, 1, 'w')",
  );
  const advance = database.prepare(
    'update run set version = version + 1 where id = ? and version = ? and owner = 1',
  );
  const remove = database.prepare('delete from run where id = ? and version = ? and owner = 1');
  const keep = database.prepare("insert into done (id, workflow, output) values (?, 'w', ?)");
  const append = database.prepare('insert into event (id, seq, data) values (?, ?, ?)');

  const apply = {
    start({ id, data }) {
      insert.run(id);
      append.run(id, 0, data);
    },
    step({ id, version, data }) {
      guarded(advance.run(id, version));
      append.run(id, version, data);
    },
    finish({ id, version, data }) {
      guarded(remove.run(id, version));
      keep.run(id, data);
      append.run(id, version, data);
    },
  };
  const commit = createGatherer((items) => {
    database.exec('begin immediate');
    for (const item of items) apply[item.kind](item);
    database.exec('commit');
    return new Promise(setImmediate);
  }, 1000);

  return {
    start: (item) => commit({ kind: 'start', ...item }),
    step: (item) => commit({ kind: 'step', ...item }),
    finish: (item) => commit({ kind: 'finish', ...item }),
    close: () => database.close(),
  };
}

/*
 * Counts what an engine asks of its database, by wrapping the drivers' entry points before the engine is
 * loaded. Owns the counters of this process.
 */

/** Adds up the queries sent by a `pg` module (the one the engine uses). */
export function countPostgresCalls(pg) {
  const counters = { statements: 0 };
  const send = pg.Client.prototype.query;
  pg.Client.prototype.query = function query(...parameters) {
    counters.statements += 1;
    return send.apply(this, parameters);
  };
  return counters;
}

/**
 * Adds up the statements, write transactions and changed rows of `node:sqlite`; the rows when a connection
 * closes.
 */
export function countSqliteCalls({ DatabaseSync, StatementSync }) {
  const counters = { statements: 0, transactions: 0, rows: 0 };
  const begins = new WeakSet();
  const count = (sql) => {
    counters.statements += 1;
    if (isWriteBegin(sql)) counters.transactions += 1;
  };

  const { exec, prepare, close } = DatabaseSync.prototype;
  const ask = StatementSync.prototype.get;
  DatabaseSync.prototype.exec = function execCounted(sql) {
    count(sql);
    return exec.call(this, sql);
  };
  DatabaseSync.prototype.prepare = function prepareCounted(sql, ...rest) {
    const statement = prepare.call(this, sql, ...rest);
    if (isWriteBegin(sql)) begins.add(statement);
    return statement;
  };
  DatabaseSync.prototype.close = function closeCounted() {
    counters.rows += ask.call(prepare.call(this, 'select total_changes() as rows')).rows;
    return close.call(this);
  };
  for (const name of ['run', 'get', 'all']) {
    const act = StatementSync.prototype[name];
    StatementSync.prototype[name] = function actCounted(...values) {
      counters.statements += 1;
      if (begins.has(this)) counters.transactions += 1;
      return act.apply(this, values);
    };
  }
  return counters;
}

const isWriteBegin = (sql) => /^\s*begin\s+(immediate|exclusive)/i.test(sql);

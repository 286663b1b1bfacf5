import { Client } from 'pg';
import { ask, type Statement } from '../src/store/postgres/database/connect.ts';
import { ask as askOnce } from './postgres-subject.ts';

/** A transaction on a connection of its own: what acts in it is held open while other acts run into its locks. */
export interface HeldTransaction {
  hold<Row extends unknown[]>(statement: Statement): Promise<Row[]>;
  /** Until an act beside it waits for a lock. */
  untilBlocked(): Promise<void>;
  /** `how`: COMMIT or ROLLBACK. */
  end(how: string): Promise<void>;
  /** Closes the connection; what was not committed is rolled back. */
  close(): Promise<void>;
}

export async function beginHeld(url: string): Promise<HeldTransaction> {
  const client = new Client(url);
  await client.connect();
  await client.query('BEGIN');
  return {
    async hold(statement) {
      const rows = await ask<never>(client, statement);
      // However slow the test is.
      await client.query('SET LOCAL idle_in_transaction_session_timeout = 0');
      return rows;
    },
    async untilBlocked() {
      const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      while ((await askOnce(url, waiting)).length === 0);
    },
    async end(how) {
      await client.query(how);
    },
    close: () => client.end(),
  };
}

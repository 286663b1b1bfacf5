import type { Leadership } from '../../port/store.ts';
import type { Connection } from '../database/connection.ts';

/** The table `leases`: who leads. All functions run inside a transaction of the caller. */
export interface Leases {
  leader(): Leadership | undefined;
  take(engineId: string, term: number, since: number): Leadership;
}

export function prepareLeases(connection: Connection): Leases {
  const select = connection.prepare<{ holder: string; term: number; since: number }>(
    `SELECT holder, term, since FROM leases WHERE name = 'leader'`,
  );
  const put = connection.prepare(`
    INSERT INTO leases (name, holder, term, since) VALUES ('leader', ?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, term = excluded.term, since = excluded.since`);
  return {
    leader: () => {
      const row = select.get();
      return row && { engineId: row.holder, term: row.term, since: row.since };
    },
    take: (engineId, term, since) => {
      put.run(engineId, term, since);
      return { engineId, term, since };
    },
  };
}

import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Connection, connect } from '../database/connection.ts';
import { migrate } from '../database/migrate.ts';
import { SYSTEM_TIMERS } from '../database/timers.ts';
import { prepareRunReads } from '../reads/runs.ts';
import { prepareVersionCounts } from './versions.ts';

let connection: Connection;
let asked: string[];

beforeEach(async () => {
  const { prepare, ...rest } = await connect({ path: ':memory:', busyTimeoutMs: 0, timers: SYSTEM_TIMERS });
  asked = [];
  connection = {
    ...rest,
    prepare: (sql) => {
      asked.push(sql);
      return prepare(sql);
    },
  };
  await migrate(connection);
  asked = [];
});
afterEach(() => connection.close());

/** How SQLite goes about what was asked of a table. */
function plansOf(table: string): string[] {
  return asked
    .filter((sql) => new RegExp(String.raw`FROM ${table}\b`).test(sql))
    .map((sql) => {
      const steps = connection.database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
      return steps.map(({ detail }) => String(detail)).join('; ');
    });
}

test('closed runs are counted in their index alone, from `since` on', () => {
  prepareVersionCounts(connection);
  const index = 'SEARCH runs_closed USING COVERING INDEX runs_closed_counts';
  expect(plansOf('runs_closed')).toEqual([
    `${index} (namespace=? AND (workflow,workflow_version,status,started_at)>(?,?,?,?))`,
    `${index} (namespace=? AND workflow=? AND workflow_version=? AND status=? AND started_at>?)`,
  ]);
});

test.each([{}, { workflow: 'order' }, { workflow: 'order', workflowVersion: '1' }])(
  'listings go by run id, without sorting (%j)',
  (filter) => {
    const unused = {} as never; // Only reads by id ask these.
    const reads = prepareRunReads(connection, unused, unused, unused);
    asked = [];
    reads.list({ namespace: 'default', limit: 10, ...filter });
    const plans = [...plansOf('runs'), ...plansOf('runs_closed')];
    // The page, and where its look ends.
    expect(plans).toHaveLength(4);
    expect(plans.join()).not.toMatch(/runs_closed_counts|TEMP B-TREE/);
  },
);

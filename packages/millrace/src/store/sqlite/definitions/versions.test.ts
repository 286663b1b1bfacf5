import { afterEach, beforeEach, expect, test } from 'vitest';
import { OPEN_STATUSES } from '../../../core/status.ts';
import { type Connection, connect } from '../database/connection.ts';
import { migrate } from '../database/migrate.ts';
import { SYSTEM_TIMERS } from '../database/timers.ts';
import { prepareSettings } from '../engines/settings.ts';
import { prepareRunReads } from '../reads/runs.ts';
import { prepareDefinitions } from './definitions.ts';
import { prepareRoutes } from './routes.ts';
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

test('open runs are counted in the order of their index, without sorting', () => {
  prepareVersionCounts(connection);
  expect(plansOf('runs')).toEqual([
    'SEARCH runs USING INDEX runs_versions (namespace=?)',
    'SEARCH runs USING INDEX runs_versions (namespace=? AND workflow=?)',
  ]);
});

test('closed runs are counted in their index alone, from `since` on', () => {
  prepareVersionCounts(connection);
  const index = 'SEARCH runs_closed USING COVERING INDEX runs_closed_counts';
  expect(plansOf('runs_closed')).toEqual([
    `${index} (namespace=? AND (workflow,workflow_version,status,started_at)>(?,?,?,?))`,
    `${index} (namespace=? AND workflow=? AND workflow_version=? AND status=? AND started_at>?)`,
  ]);
});

test('whether runs are on a draft is one look', () => {
  const settings = prepareSettings(connection);
  prepareDefinitions(connection, settings, prepareRoutes(connection, settings));
  expect(plansOf('runs')).toEqual([
    'SEARCH runs USING COVERING INDEX runs_versions (namespace=? AND workflow=? AND <expr>=?)',
  ]);
});

test.each([
  [{}, 'SEARCH runs USING INDEX runs_versions (namespace=? AND workflow=? AND <expr>=?)'],
  [
    { before: 'x' },
    'SEARCH runs USING INDEX runs_versions (namespace=? AND workflow=? AND <expr>=? AND run_id<?)',
  ],
])('open runs of a version are listed in the order of their index, without sorting (%j)', (more, plan) => {
  list({ workflow: 'order', workflowVersion: '1', ...more });
  expect(plansOf('runs')[0]).toContain(plan);
  expect(plansOf('runs')[0]).not.toMatch(/TEMP B-TREE FOR ORDER BY/);
});

test.each([{}, { workflow: 'order' }, { workflow: '$task/mail', workflowVersion: '1' }])(
  'other listings go by run id (%j)',
  (filter) => {
    list(filter);
    expect(plansOf('runs').join()).not.toMatch(/runs_versions|TEMP B-TREE FOR ORDER BY/);
  },
);

function list(filter: { workflow?: string; workflowVersion?: string; before?: string }): void {
  const unused = {} as never; // Only reads by id ask these.
  const reads = prepareRunReads(connection, unused, unused, unused);
  asked = [];
  reads.list({ namespace: 'default', status: OPEN_STATUSES, limit: 10, ...filter });
}

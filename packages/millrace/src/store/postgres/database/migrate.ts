import { createHash } from 'node:crypto';
import type { PoolClient } from 'pg';
import { StoreError } from '../../port/errors.ts';
import type { MigrateOptions, MigrationReport } from '../../port/store.ts';
import { type Migration, MIGRATIONS } from '../schema/migrations.ts';
import { ask, type Connections } from './connect.ts';
import { classify } from './failure.ts';

interface AppliedMigration {
  id: number;
  name: string;
  checksum: string;
}

/** Any number that no other program locks: the digits of "millrace" on a telephone. */
const LOCK = 64_557_223;

/**
 * Brings the schema up to date, each step in a transaction of its own together with its record: a kill leaves
 * whole steps, and of two engines the later one finds the step done. The lock lasts as long as the
 * transaction, so it holds behind a transaction-mode pooler too and cannot be left behind.
 */
export async function migrate(
  connections: Connections,
  { dryRun = false, midStep }: MigrateOptions = {},
): Promise<MigrationReport> {
  return connections.hold(async (client) => {
    const before = await readApplied(client);
    checkApplied(before);
    const report: MigrationReport = {
      from: before.at(-1)?.id ?? 0,
      to: MIGRATIONS.at(-1)?.id ?? 0,
      applied: [],
    };
    const missing = MIGRATIONS.slice(before.length);
    if (dryRun) {
      report.applied = missing.map(({ id, name }) => ({ id, name }));
      return report;
    }
    for (const migration of missing) {
      // oxlint-disable-next-line no-await-in-loop -- steps build on each other
      if (await apply(client, migration, midStep))
        report.applied.push({ id: migration.id, name: migration.name });
    }
    return report;
  });
}

async function apply(client: PoolClient, migration: Migration, midStep?: () => void): Promise<boolean> {
  try {
    await client.query('BEGIN');
    await client.query(`SELECT pg_advisory_xact_lock(${LOCK})`);
    await client.query(`
      CREATE SCHEMA IF NOT EXISTS millrace;
      CREATE TABLE IF NOT EXISTS millrace.migrations (
        id integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, at timestamptz NOT NULL DEFAULT now()
      )`);
    const applied = await readApplied(client);
    checkApplied(applied);
    const isNew = !applied.some(({ id }) => id === migration.id);
    if (isNew) {
      await client.query(migration.sql);
      await client.query('INSERT INTO millrace.migrations (id, name, checksum) VALUES ($1, $2, $3)', [
        migration.id,
        migration.name,
        checksumOf(migration),
      ]);
      midStep?.();
    }
    await client.query('COMMIT');
    return isNew;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw classify(error, 'write');
  }
}

async function readApplied(client: PoolClient): Promise<AppliedMigration[]> {
  try {
    const exists = await ask<[unknown]>(client, { text: `SELECT to_regclass('millrace.migrations')` });
    if (exists[0]?.[0] === null) return [];
    const rows = await ask<[id: number, name: string, checksum: string]>(client, {
      text: 'SELECT id, name, checksum FROM millrace.migrations ORDER BY id',
    });
    return rows.map(([id, name, checksum]) => ({ id, name, checksum }));
  } catch (error) {
    throw classify(error, 'read');
  }
}

function checkApplied(applied: readonly AppliedMigration[]): void {
  for (const [index, { id, name, checksum }] of applied.entries()) {
    const known = MIGRATIONS[index];
    if (known === undefined) {
      throw new StoreError(
        'definite',
        `the database has schema ${applied.at(-1)?.id ?? id}, newer than this version of Millrace knows ` +
          `(${MIGRATIONS.length}): upgrade Millrace`,
        { code: 'STORE_SCHEMA_NEWER' },
      );
    }
    if (known.id !== id || checksumOf(known) !== checksum) {
      throw new StoreError(
        'definite',
        `the database has another migration ${id} ("${name}") than this version of Millrace`,
      );
    }
  }
}

function checksumOf(migration: Migration): string {
  return createHash('sha256').update(migration.sql).digest('hex');
}

import { createHash } from 'node:crypto';
import { StoreError } from '../../port/errors.ts';
import type { MigrateOptions, MigrationReport } from '../../port/store.ts';
import type { Connection } from './connection.ts';
import { type Migration, MIGRATIONS } from './schema.ts';

interface AppliedMigration {
  id: number;
  name: string;
  checksum: string;
}

/**
 * Brings the schema up to date, each step in a transaction of its own together with its record: a kill leaves
 * whole steps, and of two processes the later one finds the step done.
 */
export async function migrate(
  connection: Connection,
  { dryRun = false, midStep }: MigrateOptions = {},
): Promise<MigrationReport> {
  const before = await connection.read(() => readApplied(connection));
  const report: MigrationReport = {
    from: before.at(-1)?.id ?? 0,
    to: MIGRATIONS.at(-1)?.id ?? 0,
    applied: [],
  };
  checkApplied(before, connection.path);
  if (dryRun) {
    report.applied = MIGRATIONS.slice(before.length).map(({ id, name }) => ({ id, name }));
    return report;
  }
  for (const migration of MIGRATIONS.slice(before.length)) {
    // oxlint-disable-next-line no-await-in-loop -- steps build on each other
    if (await connection.write(() => apply(connection, migration, midStep))) {
      report.applied.push({ id: migration.id, name: migration.name });
    }
  }
  return report;
}

/** Throws unless the schema is exactly the one that this version works with. */
export function requireSchema(connection: Connection): void {
  const applied = readApplied(connection);
  checkApplied(applied, connection.path);
  if (applied.length < MIGRATIONS.length) {
    throw new StoreError(
      'definite',
      `${connection.path} has schema ${applied.at(-1)?.id ?? 0}, this version needs ${MIGRATIONS.length}: ` +
        'run `millrace migrate`',
    );
  }
}

function apply(connection: Connection, migration: Migration, midStep?: () => void): boolean {
  connection.database.exec(`
    CREATE TABLE IF NOT EXISTS migrations (
      id INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, at INTEGER NOT NULL
    ) STRICT`);
  const applied = readApplied(connection);
  checkApplied(applied, connection.path);
  if (applied.some(({ id }) => id === migration.id)) return false;
  connection.database.exec(migration.sql);
  connection
    .prepare('INSERT INTO migrations (id, name, checksum, at) VALUES (?, ?, ?, ?)')
    .run(migration.id, migration.name, checksumOf(migration), connection.timers.now());
  midStep?.();
  return true;
}

function readApplied(connection: Connection): AppliedMigration[] {
  const exists = connection
    .prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'`)
    .get();
  if (exists === undefined) return [];
  return connection.prepare<AppliedMigration>('SELECT id, name, checksum FROM migrations ORDER BY id').all();
}

function checkApplied(applied: readonly AppliedMigration[], path: string): void {
  for (const [index, { id, name, checksum }] of applied.entries()) {
    const known = MIGRATIONS[index];
    if (known === undefined) {
      throw new StoreError(
        'definite',
        `${path} has schema ${applied.at(-1)?.id ?? id}, newer than this version of Millrace knows ` +
          `(${MIGRATIONS.length}): upgrade Millrace`,
        { code: 'STORE_SCHEMA_NEWER' },
      );
    }
    if (known.id !== id || checksumOf(known) !== checksum) {
      throw new StoreError(
        'definite',
        `${path} has another migration ${id} ("${name}") than this version of Millrace`,
      );
    }
  }
}

function checksumOf(migration: Migration): string {
  return createHash('sha256').update(migration.sql).digest('hex');
}

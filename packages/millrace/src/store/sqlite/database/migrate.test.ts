import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startQueued } from '../../contract/samples.ts';
import { openSqlite } from '../open-sqlite.ts';
import { MIGRATIONS } from './schema.ts';

/** A process that stops half-way through the first migration and says so. */
const HALF_WAY = `
  const { DatabaseSync } = require('node:sqlite');
  const database = new DatabaseSync(process.argv[1]);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA cache_size = 1; BEGIN IMMEDIATE');
  database.exec('CREATE TABLE migrations (id INTEGER PRIMARY KEY, name TEXT, checksum TEXT, at INTEGER) STRICT');
  database.exec(process.argv[2]);
  process.stdout.write('half-way');
  setInterval(() => database, 1000);
`;

test('a migration that was killed in the middle is done from the start', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-'));
  const path = join(folder, 'store.db');
  const half = MIGRATIONS[0]?.sql.split(';').slice(0, 5).join(';') ?? '';
  const child = spawn(process.execPath, ['-e', HALF_WAY, path, half], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');

  const store = await openSqlite({ path });
  const report = await store.migrate();
  expect(report.from).toBe(0);
  expect(report.applied).toHaveLength(MIGRATIONS.length);
  await startQueued(store);
  await store.close();
  await rm(folder, { recursive: true });
});

test('migrations are numbered without a gap', () => {
  expect(MIGRATIONS.map(({ id }) => id)).toEqual(MIGRATIONS.map((_, index) => index + 1));
});

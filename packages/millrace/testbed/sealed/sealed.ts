import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { PayloadKey } from '../../src/core/payload/payload-keys.ts';
import { ask } from '../postgres-subject.ts';

/** A key of this id that is the same in every test. */
export function testKey(id: string, seed = id): PayloadKey {
  return { id, key: createHash('sha256').update(seed).digest() };
}

/** Everything that a database holds, as bytes and as text: of SQLite its files, of PostgreSQL every row of every table. */
export async function contentsOf(url: string): Promise<Buffer> {
  const path = /^file:(.*)$/.exec(url)?.[1];
  if (path !== undefined) {
    const files = [path, `${path}-wal`].filter((file) => existsSync(file));
    return Buffer.concat(files.map((file) => readFileSync(file)));
  }
  const tables = await ask<{ name: string }>(
    url,
    "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'millrace'",
  );
  const rows = await Promise.all(
    tables.map(({ name }) => ask<{ row: string }>(url, `SELECT t::text AS row FROM ${name} t`)),
  );
  const text = rows.flat().map(({ row }) => row);
  // Rows as text have bytes in hexadecimal.
  const bytes = text.flatMap((row) => row.match(/\\x[0-9a-f]+/g) ?? []).map((hex) => hex.slice(2));
  return Buffer.concat([Buffer.from(text.join('\n')), ...bytes.map((hex) => Buffer.from(hex, 'hex'))]);
}

/** Flips the last bit of a run's first chunk, as somebody who can write to the database. */
export async function alterHistory(url: string, runId: string): Promise<void> {
  const path = /^file:(.*)$/.exec(url)?.[1];
  if (path === undefined) {
    const flipped =
      'set_bit(data, octet_length(data) * 8 - 1, 1 - get_bit(data, octet_length(data) * 8 - 1))';
    await ask(url, `UPDATE millrace.history SET data = ${flipped} WHERE run_id = $1 AND seq = 0`, [runId]);
    return;
  }
  const database = new DatabaseSync(path);
  const row = database.prepare('SELECT data FROM history WHERE run_id = ? AND seq = 0').get(runId);
  const data = Uint8Array.from(row?.['data'] as Uint8Array);
  data[data.length - 1] = (data.at(-1) as number) ^ 128;
  database.prepare('UPDATE history SET data = ? WHERE run_id = ? AND seq = 0').run(data, runId);
  database.close();
}

/** What a statement finds, asked of the database itself. */
export async function rowsOf(url: string, statement: string): Promise<readonly Record<string, unknown>[]> {
  const path = /^file:(.*)$/.exec(url)?.[1];
  if (path === undefined) return ask(url, statement);
  const database = new DatabaseSync(path);
  const rows = database.prepare(statement).all();
  database.close();
  return rows;
}

/* The example cluster as a stranger runs it: three engines, the leader killed in the middle, and the totals afterwards. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Millrace } from '../src/index.ts';
import { findPostgresBinaries } from '../testbed/postgres-binaries.ts';
import { createDatabase } from '../testbed/postgres-database.ts';
import { postgresUrl } from '../testbed/postgres-url.ts';
import { until } from './rig/wait.ts';

const START = fileURLToPath(new URL('../../../examples/03-cluster/start.mjs', import.meta.url));
const PARCELS = 240;

let folder: string;
const shows: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-cluster-example-'));
});
afterEach(() => {
  for (const show of shows.splice(0)) show.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function start(...args: string[]) {
  const { DATABASE_URL: _, ...env } = process.env;
  const options = [START, '--once', '--parcels', String(PARCELS), ...args];
  const show = spawn(process.execPath, options, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  shows.push(show);
  const heard = { err: '' };
  show.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    heard.err += chunk;
  });
  const ended = Promise.all([text(show.stdout), once(show, 'close')]).then(([out, [code]]) => ({
    out,
    code,
  }));
  return { show, heard, ended };
}

async function checkShow(args: readonly string[]): Promise<string> {
  const { heard, ended } = start(...args);
  const { out, code } = await ended;
  expect({ out, code }, heard.err).toEqual({ out: expect.stringContaining('All totals agree.'), code: 0 });
  expect(out).toMatch(new RegExp(`^parcels delivered  ${PARCELS}$`, 'm'));
  expect(out).toMatch(
    /^(north|east|south) declared (north|east|south) dead after \d+ ms of silence: \d+ runs go on/m,
  );
  expect(heard.err).toMatch(/^kill -9 (north|east|south), which was leading\n/m);
  expect(heard.err).toMatch(/ is back, as a new incarnation\n/);
  return heard.err;
}

describe('the cluster example', () => {
  test.skipIf(postgresUrl === undefined)('loses nothing on PostgreSQL, its leader killed', async () => {
    const database = await createDatabase(postgresUrl ?? '');
    try {
      await checkShow(['--store', database.url]);
      const client = await Millrace.open({ store: database.url, work: false });
      const { engines } = await client.cluster();
      expect(
        engines.filter(({ status }) => status !== 'dead'),
        'all have left',
      ).toEqual([]);
      expect((await client.failovers()).failovers).toHaveLength(1);
      await client.close();
    } finally {
      await database.drop();
    }
  });

  test('loses nothing on a SQLite file that three processes share, its leader killed', async () => {
    const said = await checkShow(['--store', `file:${join(folder, 'cluster.db')}`]);
    expect(said).not.toContain('PostgreSQL');
  });

  test.skipIf(findPostgresBinaries() === undefined)(
    'brings a PostgreSQL of its own, and leaves nothing behind when it is interrupted',
    async () => {
      const { show, heard, ended } = start('--no-kill');
      await until('the first parcels', () => / {2}\d+ delivered/.test(heard.err));
      expect(heard.err).toContain('a PostgreSQL of its own');
      show.kill('SIGTERM');
      const { out, code } = await ended;
      expect({ out, code }, heard.err).toEqual({ out: '', code: 143 });
    },
  );
});

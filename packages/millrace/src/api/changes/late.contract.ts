import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../../../testbed/postgres-database.ts';
import { postgresUrl } from '../../../testbed/postgres-url.ts';
import { workflow } from '../../core/workflow/workflow.ts';
import { Millrace } from '../../millrace.ts';

const order = workflow('order', () => 'done');

describe.skipIf(postgresUrl === undefined)('what becomes visible late', () => {
  let database: TestDatabase;
  let nodes: Millrace[];

  beforeEach(async () => {
    database = await createDatabase(postgresUrl ?? '');
    const open = () => Millrace.open({ store: database.url, workflows: [order] });
    nodes = [await open(), await open()];
  });
  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.close({ grace: 0 })));
    await database.drop();
  });

  test('is told by every process, after what is newer and was visible before', async () => {
    const [first, second] = nodes as [Millrace, Millrace];
    const watches = [first, second].map((node) => node.watch({ types: ['run.started'] }));
    const firsts = watches.map((watch) => watch.next());
    const client = new Client(database.url);
    await client.connect();
    await client.query('BEGIN');
    const late = await first.start(order, undefined, { transaction: client });
    // Enough that looks at what is new have left the time of the late one behind.
    const early: string[] = [];
    for (const until = Date.now() + 1_500; Date.now() < until;) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const run = await second.start(order, undefined);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await run.result();
      early.push(run.runId);
    }
    await client.query('COMMIT');
    await client.end();
    for (const [at, watch] of watches.entries()) {
      const seen: unknown[] = [];
      for (let next = firsts[at]; next !== undefined; next = watch.next()) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const { value, done } = await next;
        if (done === true) break;
        seen.push(value.kind === 'run' && value.runId);
        if (seen.at(-1) === late.runId) break;
      }
      expect(seen.at(-1)).toBe(late.runId);
      expect(new Set(seen).size).toBe(seen.length);
      expect(early).toContain(seen[0]);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await watch.return?.();
    }
  });
});

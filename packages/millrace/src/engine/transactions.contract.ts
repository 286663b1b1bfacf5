import { once } from 'node:events';
import type { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { gate, open, refusal, typesOf } from '../../testbed/engines/engines.ts';
import { usePostgres } from '../../testbed/engines/postgres.ts';
import { ask } from '../../testbed/postgres-subject.ts';
import { postgresUrl } from '../../testbed/postgres-url.ts';
import { workflow } from '../index.ts';

describe.skipIf(postgresUrl === undefined)('a transaction on PostgreSQL', () => {
  const { url } = usePostgres(postgresUrl ?? '');
  const notes = async (): Promise<string[]> =>
    (await ask<{ text: string }>(url(), 'SELECT text FROM notes ORDER BY text')).map(({ text }) => text);

  /** A workflow of one transaction, which writes a note and then does this. */
  function noting(fn: (tx: Client, call: number) => unknown) {
    let calls = 0;
    return workflow('noting', (ctx, _: null) =>
      ctx.transaction<unknown, Client>('note', async (tx) => {
        await tx.query('INSERT INTO notes VALUES ($1)', [`call ${++calls}`]);
        return fn(tx, calls);
      }),
    );
  }
  const backendOf = async (tx: Client): Promise<number> =>
    (await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid as number;

  it('commits what was written together with its record', async () => {
    const subject = noting(() => 'noted');
    const millrace = await open({ workflows: [subject] });
    const run = await millrace.start(subject, null);
    expect(await run.result()).toBe('noted');
    expect(await typesOf(run)).toEqual(['started', 'step-completed', 'completed']);
    expect(await notes()).toEqual(['call 1']);
  });

  it('writes nothing when it throws, and is tried again like any step', async () => {
    const subject = noting((_, call) => (call < 3 ? Promise.reject(new Error('again')) : call));
    const millrace = await open({ workflows: [subject], retry: { maxAttempts: 3, initial: 1 } });
    const run = await millrace.start(subject, null);
    expect(await run.result()).toBe(3);
    expect((await typesOf(run)).filter((type) => type === 'step-retrying')).toHaveLength(2);
    expect(await notes()).toEqual(['call 3']);
  });

  it.each([
    [
      'while a statement is on its way',
      async (tx: Client) => tx.query('SELECT pg_terminate_backend(pg_backend_pid())'),
    ],
    [
      'between two statements, whatever the function makes of it',
      async (tx: Client) => {
        const pid = await backendOf(tx);
        await Promise.all([once(tx, 'error'), ask(url(), 'SELECT pg_terminate_backend($1)', [pid])]);
        await tx.query('SELECT 1').catch(() => Promise.reject(new RangeError('an error of my own')));
      },
    ],
  ])('that loses its connection %s is done again and charged with nothing', async (_, lose) => {
    const subject = noting((tx, call) => (call === 1 ? lose(tx) : 'noted'));
    const millrace = await open({ workflows: [subject], retry: false });
    const run = await millrace.start(subject, null);
    expect(await run.result()).toBe('noted');
    expect(await run.history()).toMatchObject([
      { type: 'started' },
      { type: 'step-completed', attempt: 1 },
      { type: 'completed' },
    ]);
    expect(await notes()).toEqual(['call 2']);
  });

  it('that stands idle until the server ends it has failed by itself', async () => {
    const subject = noting(async (tx) => {
      await tx.query("SET LOCAL idle_in_transaction_session_timeout = '20ms'");
      await once(tx, 'error');
    });
    const millrace = await open({ workflows: [subject], retry: false });
    const run = await millrace.start(subject, null);
    await expect(run.result()).rejects.toEqual(
      refusal('RUN_FAILED', /too long.*idle-in-transaction timeout/),
    );
    expect(await notes()).toEqual([]);
  });

  it('that is being done again heeds the time limit of its run', async () => {
    const lost = gate();
    const subject = noting((tx) => {
      lost.open();
      return tx.query('SELECT pg_terminate_backend(pg_backend_pid())');
    });
    const millrace = await open({ workflows: [subject], retry: false });
    const run = await millrace.start(subject, null, { timeout: 400 });
    await lost.passed;
    await expect(run.result({ timeout: '8s' })).rejects.toEqual(refusal('RUN_TIMED_OUT'));
    expect(await notes()).toEqual([]);
  });
});

import { once } from 'node:events';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createDatabase, type TestDatabase } from '../../../../testbed/postgres-database.ts';
import { postgresUrl } from '../../../../testbed/postgres-url.ts';
import { notifyHints, type NotifyHints } from './notify.ts';

describe.skipIf(postgresUrl === undefined)('hints by NOTIFY', () => {
  let database: TestDatabase;
  let listener: Client;
  let heard: string[];
  let hints: NotifyHints;

  beforeEach(async () => {
    database = await createDatabase(postgresUrl ?? '');
    heard = [];
    listener = new Client(database.url);
    await listener.connect();
    listener.on('notification', ({ payload = '' }) => heard.push(payload));
    await listener.query('LISTEN millrace');
  });
  afterEach(async () => {
    vi.useRealTimers();
    await hints.close();
    await listener.end();
    await database.drop();
  });

  const hear = async (payload: string) => {
    while (heard.at(-1) !== payload) await once(listener, 'notification');
  };
  /** What was said before this has been heard when it returns. */
  const mark = async () => {
    for (let trips = 0; trips < 50; trips++) await listener.query('SELECT 1');
    await listener.query("NOTIFY millrace, 'mark'");
    await hear('mark');
  };

  test('the first after a silence goes at once, what follows gathers and goes together, each once', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    hints = notifyHints({ newClient: () => new Client(database.url), gatherMs: 1000 });
    // Once there is a connection, this goes.
    hints.send({ kind: 'ready' });
    await hear('ready');
    vi.advanceTimersByTime(1000);
    hints.send({ kind: 'closed' });
    vi.advanceTimersByTime(0);
    await hear('closed');
    for (let times = 0; times < 5; times++) {
      hints.send({ kind: 'inbox', engineId: 'e' });
      hints.send({ kind: 'closed' });
      vi.advanceTimersByTime(199);
    }
    await mark();
    expect(heard).toEqual(['ready', 'closed', 'mark']);
    vi.advanceTimersByTime(5);
    await hear('closed');
    await mark();
    expect(heard).toEqual(['ready', 'closed', 'mark', 'inbox:e', 'closed', 'mark']);
  });
});

import { once } from 'node:events';
import { Client } from 'pg';
import type { ClientConfig } from 'pg';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createDatabase, type TestDatabase } from '../../../../testbed/postgres-database.ts';
import { postgresUrl } from '../../../../testbed/postgres-url.ts';
import { startTcpProxy } from '../../../../testbed/proxy/tcp-proxy.ts';
import type { Hint } from '../../port/store.ts';
import { notifyHints, type NotifyHints } from './notify.ts';

const eventually = { interval: 20, timeout: 10_000 } as const;

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

  /** What arrives once it listens. */
  const listen = async (): Promise<Hint[]> => {
    hints = notifyHints({ newClient: () => new Client(database.url) });
    const received: Hint[] = [];
    const listening = Promise.withResolvers<void>();
    hints.receive((hint) => {
      received.push(hint);
      if (hint.kind === 'locks') listening.resolve();
    });
    await listening.promise;
    received.length = 0;
    return received;
  };
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

  test('of messages to a run the last one is told, of those to many runs of an engine that there are some', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const received = await listen();
    const arrived = (engineId: string, runId: string, seq: number): Hint => ({
      ...{ kind: 'inbox', engineId, message: { runId, seq } },
    });
    for (let run = 1; run <= 17; run++) hints.send(arrived('busy', `r${run}`, 1));
    for (const seq of [3, 5, 4]) hints.send(arrived('idle', 'r', seq));
    hints.send({ kind: 'assigned', engineId: 'idle' });
    vi.advanceTimersByTime(10);
    await vi.waitFor(() => expect(received).toHaveLength(3));
    expect(received).toEqual([
      { kind: 'assigned', engineId: 'idle' },
      { kind: 'inbox', engineId: 'busy' },
      arrived('idle', 'r', 5),
    ]);
  });

  test('of queues with claimable runs each is named, unless there are many', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const received = await listen();
    const told = async (hintsSent: readonly Hint[], count: number): Promise<Hint[]> => {
      received.length = 0;
      for (const hint of hintsSent) hints.send(hint);
      vi.advanceTimersByTime(10);
      await vi.waitFor(() => expect(received).toHaveLength(count));
      return [...received];
    };
    const ready = (queue: string): Hint => ({ kind: 'ready', place: { namespace: 'ns', queue } });
    const odd = ready(`it's: "[x]"`);
    expect(await told([odd, ready('mail'), odd], 2)).toEqual([odd, ready('mail')]);
    expect(await told([odd, { kind: 'ready' }], 1)).toEqual([{ kind: 'ready' }]);
    const many = Array.from({ length: 17 }, (_, at) => ready(`q${at}`));
    expect(await told(many, 1)).toEqual([{ kind: 'ready' }]);
    const payloads = [`ready:nonsense`, `ready:["only one"]`];
    received.length = 0;
    for (const payload of payloads) await listener.query('SELECT pg_notify($1, $2)', ['millrace', payload]);
    await vi.waitFor(() => expect(received).toEqual([{ kind: 'ready' }, { kind: 'ready' }]));
  });

  test('a connection that is accepted and never answered is given up', async () => {
    const { hostname: host, port } = new URL(database.url);
    const proxy = await startTcpProxy({ host, port: Number(port) });
    try {
      proxy.setCondition('blackhole');
      const ways: number[] = [];
      const newClient = (config: ClientConfig): Client => {
        ways.push(1);
        return new Client({ ...config, connectionString: proxy.through(database.url) });
      };
      hints = notifyHints({ newClient, silenceMs: 100 });
      hints.receive(() => undefined);
      await expect.poll(() => ways.length, eventually).toBeGreaterThan(1);
      proxy.setCondition('pass');
      await expect.poll(() => hints.isListening(), eventually).toBe(true);
    } finally {
      await proxy.close();
    }
  });

  test('a line that waits to try again goes at once when the server answers others, if it ever led there', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const [nowhere, there] = ['postgres://postgres@127.0.0.1:1/none', database.url];
    let url = nowhere;
    let [tries, decided] = [0, 0];
    const newClient = (): Client => {
      tries++;
      const client = new Client(url);
      const connect = client.connect.bind(client);
      const counted = (): Promise<Client> => connect().finally(() => void decided++);
      client.connect = counted;
      return client;
    };
    /** Lets so much time pass that it has tried again and again in vain. */
    const fail = async (): Promise<void> => {
      const before = tries;
      await vi.waitFor(
        () => {
          vi.advanceTimersByTime(30_000);
          expect(tries).toBeGreaterThan(before + 3);
        },
        { timeout: 10_000, interval: 20 },
      );
      await vi.waitFor(() => expect(decided, 'the last try fails too').toBe(tries), {
        timeout: 10_000,
        interval: 20,
      });
    };
    hints = notifyHints({ newClient });
    hints.receive(() => undefined);
    await fail();
    const before = tries;
    hints.hurry();
    expect(tries, 'it may be a pooler').toBe(before);
    url = there;
    await vi.waitFor(() => expect(hints.isListening()).toBe(true), { timeout: 10_000, interval: 20 });

    url = nowhere;
    await listener.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`);
    await fail();
    url = there;
    hints.hurry();
    await expect.poll(() => hints.isListening(), eventually).toBe(true);
  });
});

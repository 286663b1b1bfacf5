import pg from 'pg';
import type { Client, ClientConfig } from 'pg';
import type { Hint, Hints } from '../../port/store.ts';

/*
 * Hints by LISTEN and NOTIFY, on one connection of their own: it is not in the pool, and no state is written on it.
 * A transaction that notifies holds a lock of the whole server while it commits; so hints gather for some milliseconds
 * and go in a transaction that waits for no disk.
 *   I1  Whatever goes wrong here is silent: a hint is lost, polling finds the rest.
 *   I2  A connection that does not hear its own voice (a transaction-mode pooler, a dead network) is not listened to.
 */
export interface NotifyOptions {
  /** Where to listen: directly at the server, not through a transaction-mode pooler. */
  config: ClientConfig;
  /** How long hints gather, ms. */
  gatherMs?: number;
  /** How often the connection is heard, and how long it may be silent then, ms. */
  probeMs?: number;
  silenceMs?: number;
}

export interface NotifyHints extends Hints {
  /** Whether notifications arrive at present; for health reports and tests. */
  isListening(): boolean;
  close(): Promise<void>;
}

const CHANNEL = 'millrace';
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;

export function notifyHints(options: NotifyOptions): NotifyHints {
  const { gatherMs = 5, probeMs = 15_000, silenceMs = 5000 } = options;
  const receivers = new Set<(hint: Hint) => void>();
  const waiting = new Set<string>();
  const self = Math.random().toString(36).slice(2);
  let client: Client | undefined;
  let listening = false;
  let closed = false;
  let pauseMs = FIRST_PAUSE_MS;
  let flushTimer: NodeJS.Timeout | undefined;
  let probeTimer: NodeJS.Timeout | undefined;
  let connecting: Promise<void> | undefined;

  function start(): void {
    if (closed || client !== undefined || connecting !== undefined) return;
    connecting = connect().finally(() => {
      connecting = undefined;
    });
  }

  async function connect(): Promise<void> {
    const fresh = new pg.Client({ ...options.config, keepAlive: true, application_name: 'millrace hints' });
    fresh.on('error', () => lose(fresh));
    fresh.on('end', () => lose(fresh));
    fresh.on('notification', ({ payload }) => hear(payload ?? ''));
    client = fresh;
    try {
      await fresh.connect();
      if (receivers.size > 0) await fresh.query(`LISTEN ${CHANNEL}`);
      pauseMs = FIRST_PAUSE_MS;
      probe(fresh);
      flush();
    } catch {
      lose(fresh);
    }
  }

  /** Drops a connection and tries another one later. */
  function lose(lost: Client): void {
    if (client !== lost) return;
    client = undefined;
    listening = false;
    clearTimeout(probeTimer);
    void lost.end().catch(() => undefined);
    if (closed) return;
    probeTimer = setTimeout(start, pauseMs * (0.5 + Math.random() / 2)).unref();
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }

  /** Speaks to itself; silence within the time means that nothing can be heard here. */
  function probe(on: Client): void {
    if (receivers.size === 0) return;
    notify(on, [`probe:${self}`]);
    clearTimeout(probeTimer);
    probeTimer = setTimeout(() => lose(on), silenceMs).unref();
  }

  function hear(payload: string): void {
    if (payload === `probe:${self}`) {
      const heard = client;
      if (!listening) for (const receiver of receivers) receiver({ kind: 'ready' }); // What came before went unheard.
      listening = true;
      clearTimeout(probeTimer);
      if (heard !== undefined) probeTimer = setTimeout(() => probe(heard), probeMs).unref();
      return;
    }
    const hint = decode(payload);
    if (hint !== undefined) for (const receiver of receivers) receiver(hint);
  }

  function flush(): void {
    flushTimer = undefined;
    if (client === undefined || waiting.size === 0) return;
    const payloads = [...waiting];
    waiting.clear();
    notify(client, payloads);
  }

  function notify(on: Client, payloads: readonly string[]): void {
    const calls = payloads.map((payload) => `pg_notify('${CHANNEL}', ${pg.escapeLiteral(payload)})`);
    // In one message, so that it works on any connection of a pooler and leaves nothing behind there.
    on.query(`BEGIN; SET LOCAL synchronous_commit = off; SELECT ${calls.join(', ')}; COMMIT`).catch(() =>
      lose(on),
    );
  }

  return {
    isListening: () => listening,
    send: (hint) => {
      if (closed) return;
      waiting.add(encode(hint));
      start();
      flushTimer ??= setTimeout(flush, gatherMs).unref();
    },
    receive: (receiver) => {
      receivers.add(receiver);
      const current = client;
      if (current === undefined || connecting !== undefined) start();
      else
        current.query(`LISTEN ${CHANNEL}`).then(
          () => probe(current),
          () => lose(current),
        );
      return () => void receivers.delete(receiver);
    },
    close: async () => {
      closed = true;
      clearTimeout(flushTimer);
      clearTimeout(probeTimer);
      receivers.clear();
      await connecting;
      const last = client;
      client = undefined;
      await last?.end().catch(() => undefined);
    },
  };
}

function encode(hint: Hint): string {
  return hint.kind === 'inbox' ? `inbox:${hint.engineId}` : hint.kind;
}

function decode(payload: string): Hint | undefined {
  if (payload === 'ready' || payload === 'closed') return { kind: payload };
  return payload.startsWith('inbox:')
    ? { kind: 'inbox', engineId: payload.slice('inbox:'.length) }
    : undefined;
}

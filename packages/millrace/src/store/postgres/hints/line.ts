import { escapeLiteral } from 'pg';
import type { Client, ClientConfig } from 'pg';

/*
 * One connection that speaks and listens on the channel, and comes back by itself.
 * It is not in the pool. A line that does not hear its own voice within the time (a transaction-mode pooler, a
 * dead network) counts as deaf and is made anew. It keeps an advisory lock for each incarnation of this process:
 * the server lets go of it when the connection ends, so that others learn at once that the process may be gone.
 *   L1  A lock is taken only on a connection that leads to the server itself: a pooler would lend it to others.
 *   L2  Locks are shared: nobody waits for one, not even two incarnations whose ids have one hash.
 */
export interface Line {
  /** Whether notifications arrive at present. */
  isListening(): boolean;
  /** Connects if need be; listening begins with the first call that asks for it. */
  open(listen: boolean): void;
  /** Sends payloads in one transaction; false: there is no connection yet. */
  speak(payloads: readonly string[]): boolean;
  /** Keeps a lock for this incarnation while there is a connection that listens. */
  vouch(engineId: string): void;
  /** Lets go of it. */
  disown(engineId: string): void;
  /** The server answers others: a line that has listened before does not wait to try again. */
  hurry(): void;
  close(): Promise<void>;
}

export interface LineOptions {
  /** A client that is not connected yet. */
  newClient: (config: ClientConfig) => Client;
  /** How often the line is heard, and how long it may be silent then, ms. */
  probeMs: number;
  silenceMs: number;
  onConnect: () => void;
  onPayload: (payload: string) => void;
  /** Listening has begun, or begun again: what came before went unheard. */
  onListening: () => void;
}

interface Talk {
  readonly options: LineOptions;
  /** What this line says to hear itself. */
  readonly voice: string;
  /** Incarnations of this process. */
  readonly engineIds: Set<string>;
  client: Client | undefined;
  /** The attempt to connect that is under way. */
  connecting: Promise<void> | undefined;
  wanted: boolean;
  listening: boolean;
  /** It has listened once: this way leads to a server, and not to a pooler. */
  direct: boolean;
  closed: boolean;
  pauseMs: number;
  timer: NodeJS.Timeout | undefined;
  /** Settles when what was last said has been heard: a client takes one query at a time. */
  said: Promise<unknown>;
}

/** The first half of the locks that processes keep. */
export const SESSION_LOCK = 77013;

const CHANNEL = 'millrace';
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;

export function openLine(options: LineOptions): Line {
  const talk: Talk = {
    options,
    engineIds: new Set(),
    voice: `probe:${Math.random().toString(36).slice(2)}`,
    client: undefined,
    connecting: undefined,
    wanted: false,
    listening: false,
    direct: false,
    closed: false,
    pauseMs: FIRST_PAUSE_MS,
    timer: undefined,
    said: Promise.resolve(),
  };
  return {
    isListening: () => talk.listening,
    open: (wanted) => {
      const begins = wanted && !talk.wanted;
      talk.wanted ||= wanted;
      const { client, connecting } = talk;
      if (client === undefined) connect(talk);
      else if (begins && connecting === undefined) listen(talk, client).catch(() => lose(talk, client));
    },
    speak: (payloads) => {
      if (talk.client === undefined || talk.connecting !== undefined) return false;
      speak(talk, talk.client, payloads);
      return true;
    },
    vouch: (engineId) => {
      talk.engineIds.add(engineId);
      if (talk.listening && talk.client !== undefined) lock(talk, talk.client, engineId);
    },
    disown: (engineId) => {
      if (!talk.engineIds.delete(engineId) || !talk.listening || talk.client === undefined) return;
      const text = `SELECT pg_advisory_unlock_shared(${SESSION_LOCK}, hashtext($1)) WHERE pg_backend_pid() = $2`;
      say(talk, talk.client, text, [engineId, backendOf(talk.client)]).catch(() => undefined);
    },
    hurry: () => {
      if (!talk.direct || talk.client !== undefined) return;
      clearTimeout(talk.timer);
      connect(talk);
    },
    close: async () => {
      talk.closed = true;
      clearTimeout(talk.timer);
      await talk.connecting;
      const last = talk.client;
      talk.client = undefined;
      await last?.end().catch(() => undefined);
    },
  };
}

function connect(talk: Talk): void {
  if (talk.closed || talk.client !== undefined) return;
  const client = talk.options.newClient({
    keepAlive: true,
    application_name: 'millrace hints',
    connectionTimeoutMillis: talk.options.silenceMs,
  });
  client.on('error', () => lose(talk, client));
  client.on('end', () => lose(talk, client));
  client.on('notification', ({ payload }) => hear(talk, client, payload ?? ''));
  talk.client = client;
  talk.said = Promise.resolve();
  talk.connecting = greet(talk, client);
}

async function greet(talk: Talk, client: Client): Promise<void> {
  try {
    await client.connect();
    if (talk.client !== client) return;
    talk.connecting = undefined;
    if (talk.wanted) await listen(talk, client);
    talk.options.onConnect();
  } catch {
    if (talk.client === client) talk.connecting = undefined;
    lose(talk, client);
  }
}

async function listen(talk: Talk, client: Client): Promise<void> {
  awaitVoice(talk, client);
  await say(talk, client, `LISTEN ${CHANNEL}`);
  probe(talk, client);
}

/** Drops a connection and tries another one later. */
function lose(talk: Talk, client: Client): void {
  if (talk.client !== client) return;
  talk.client = undefined;
  talk.listening = false;
  clearTimeout(talk.timer);
  client.end().catch(() => undefined);
  if (talk.closed) return;
  talk.timer = setTimeout(() => connect(talk), talk.pauseMs * (0.5 + Math.random() / 2)).unref();
  talk.pauseMs = Math.min(talk.pauseMs * 2, LONGEST_PAUSE_MS);
}

function probe(talk: Talk, client: Client): void {
  speak(talk, client, [talk.voice]);
  awaitVoice(talk, client);
}

function awaitVoice(talk: Talk, client: Client): void {
  clearTimeout(talk.timer);
  talk.timer = setTimeout(() => lose(talk, client), talk.options.silenceMs).unref();
}

function hear(talk: Talk, client: Client, payload: string): void {
  if (payload !== talk.voice) return talk.options.onPayload(payload);
  clearTimeout(talk.timer);
  talk.timer = setTimeout(() => probe(talk, client), talk.options.probeMs).unref();
  talk.pauseMs = FIRST_PAUSE_MS;
  if (talk.listening) return;
  talk.listening = true;
  talk.direct = true;
  for (const engineId of talk.engineIds) lock(talk, client, engineId);
  talk.options.onListening();
}

/** The row says that there is a lock to look for once it is there; whoever is told otherwise waits for the lease. */
function lock(talk: Talk, client: Client, engineId: string): void {
  const text = `WITH held AS MATERIALIZED (
      SELECT pg_advisory_lock_shared(${SESSION_LOCK}, hashtext($1)) WHERE pg_backend_pid() = $2)
    UPDATE millrace.engines SET session = pg_postmaster_start_time()
    WHERE engine_id = $1::uuid AND EXISTS (SELECT 1 FROM held)`;
  say(talk, client, text, [engineId, backendOf(client)]).catch(() => lose(talk, client));
}

/** The process of the server as it was announced (L1): a pooler announces another one than answers. */
function backendOf(client: Client): number {
  // The driver has it and its types do not say so.
  return (client as unknown as { processID?: number | null }).processID ?? 0;
}

function speak(talk: Talk, client: Client, payloads: readonly string[]): void {
  const calls = payloads.map((payload) => `pg_notify('${CHANNEL}', ${escapeLiteral(payload)})`);
  // In one message, so that it works on any connection of a pooler and leaves nothing behind there.
  const text = `BEGIN; SET LOCAL synchronous_commit = off; SELECT ${calls.join(', ')}; COMMIT`;
  say(talk, client, text).catch(() => lose(talk, client));
}

function say(talk: Talk, client: Client, text: string, values?: unknown[]): Promise<unknown> {
  const answer = talk.said.then(() => client.query(text, values));
  talk.said = answer.catch(() => undefined);
  return answer;
}

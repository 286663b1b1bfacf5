/*
 * Calls on the server, each one round trip on a connection of the pool.
 * I1  A connection that failed with a statement on its way, or did not answer in time, is closed, never used
 * again.
 * I2  No session state: what a call needs stands in the call, so that any connection does, also behind a
 * pooler that changes servers between transactions. Waiting for locks is bounded inside the functions
 * (PLANNING).
 */
import { Pool } from 'pg';
import type { ClientBase, PoolClient } from 'pg';
import { StoreError } from '../../port/errors.ts';
import { classify, isReadOnlyServer, isUsableAfter, type Moment } from './failure.ts';
import { PARSERS } from './rows.ts';
import type { Servers } from './servers.ts';

/** A text, a Buffer (sent as it is, in binary format) or NULL. */
export type Parameter = string | number | boolean | Buffer | null | undefined;

export interface Statement {
  text: string;
  values?: Parameter[];
}

export interface Connections {
  /** Runs one statement that writes, in a transaction of its own. */
  write: <Row extends unknown[]>(statement: Statement) => Promise<Row[]>;
  /** Runs one statement that only reads. */
  read: <Row extends unknown[]>(statement: Statement) => Promise<Row[]>;
  /**
   * Lends a connection; it goes back when `use` is done, or is closed if that fails in a way that leaves it
   * unsound.
   */
  hold: <T>(use: (client: PoolClient) => Promise<T>) => Promise<T>;
  close: () => Promise<void>;
}

export interface ConnectionOptions {
  pool: Pool;
  /** Whether `close` ends the pool. */
  owned: boolean;
  /** Where the pool connects to; undefined for a pool of the user's own. */
  servers?: Servers | undefined;
  /** How long a call may take before its connection is given up, ms. */
  callTimeoutMs: number;
}

export function connections({ pool, owned, servers, callTimeoutMs }: ConnectionOptions): Connections {
  /** Connections that were made before this count lead to a server that takes no writes any more. */
  let generation = 0;
  const generations = new WeakMap<PoolClient, number>();
  let closed = false;
  pool.on('error', ignore);
  pool.on('connect', welcome);

  function welcome(client: PoolClient): void {
    generations.set(client, generation);
    // An error between two statements, or while the connection ends, has nobody else to listen to it.
    client.on('error', ignore);
  }

  async function acquire(): Promise<PoolClient> {
    if (closed) throw new StoreError('definite', 'the store is closed', { code: 'ENGINE_CLOSED' });
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- one connection after the other is looked at
      const client = await connect(pool, servers);
      // A pool of the user's own may have made connections before.
      if (!generations.has(client)) welcome(client);
      if (generations.get(client) === generation) return client;
      client.release(true);
    }
  }

  async function hold<T>(use: (client: PoolClient, giveUp: () => void) => Promise<T>): Promise<T> {
    const client = await acquire();
    let released = false;
    function release(destroy: boolean): void {
      if (!released) client.release(destroy);
      released = true;
    }
    try {
      const value = await use(client, () => release(true));
      release(false);
      return value;
    } catch (error) {
      const cause = error instanceof StoreError ? error.cause : error;
      if (isReadOnlyServer(cause)) generation++;
      release(!isUsableAfter(cause) || client.getTransactionStatus() !== 'I');
      throw error;
    }
  }

  async function call<Row extends unknown[]>(statement: Statement, moment: Moment): Promise<Row[]> {
    return hold(async (client, giveUp) => {
      // The deadline is the caller's own: closing the socket is the only sure way to be rid of a statement.
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        // The machine of one of several servers may be gone without a word: whoever takes its place is asked anew.
        if ((servers?.size ?? 1) > 1) generation++;
        giveUp();
      }, callTimeoutMs);
      try {
        return await ask<Row>(client, statement);
      } catch (error) {
        throw classify(late ? new Error(`no answer within ${callTimeoutMs} ms`) : error, moment);
      } finally {
        clearTimeout(timer);
      }
    });
  }

  return {
    write: (statement) => call(statement, 'write'),
    read: (statement) => call(statement, 'read'),
    hold,
    close: async () => {
      if (closed) return;
      closed = true;
      if (owned) await pool.end();
      pool.off('connect', welcome);
    },
  };
}

/** From the pool; where that fails at one of several servers, from the next. */
async function connect(pool: Pool, servers: Servers | undefined): Promise<PoolClient> {
  const reasons: string[] = [];
  for (;;) {
    const server = servers?.current();
    try {
      // oxlint-disable-next-line no-await-in-loop -- one server after the other
      return await pool.connect();
    } catch (error) {
      const failure = classify(error, 'connect');
      reasons.push(failure.message);
      // One server, or no server's fault: all connections are lent.
      if (failure.failure === 'definite' || server === servers?.current()) throw failure;
      if (reasons.length < (servers?.size ?? 1)) continue;
      throw new StoreError('congestion', `no server can be used: ${reasons.join('; ')}`, { cause: error });
    }
  }
}

/** The statement under way reports what happened; an idle connection that broke is dropped by the pool. */
function ignore(): void {}

/** Runs a statement on a given client, unnamed: prepared names do not survive a transaction-mode pooler. */
export async function ask<Row extends unknown[]>(client: ClientBase, statement: Statement): Promise<Row[]> {
  const result = await client.query<Row>({
    text: statement.text,
    values: statement.values ?? [],
    rowMode: 'array',
    types: PARSERS,
  });
  return result.rows;
}

/** A pool of our own. */
export function openPool(servers: Servers, max: number): Pool {
  return new Pool({
    Client: servers.Client,
    max,
    // One that does not even refuse must not keep others waiting.
    connectionTimeoutMillis: servers.size > 1 ? 2000 : 5000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: 'millrace',
    allowExitOnIdle: true,
  });
}

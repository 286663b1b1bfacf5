import { callbackify } from 'node:util';
import { Client } from 'pg';
import type { ClientConfig } from 'pg';
import { StoreError } from '../../port/errors.ts';
import type { PostgresAddress } from './address.ts';

/**
 * Which of an address's servers is used, for all connections of a store.
 *
 *   V1  A server is left only by a connection that failed there, and the next one in the address is tried: whoever
 *       comes late with the failure of a server that was left already changes nothing.
 *   V2  Where the address asks for it, each new connection asks its server whether it takes writes before it is lent.
 */
export interface Servers {
  readonly size: number;
  /** The server that the next connection goes to. */
  current(): number;
  /** A client of the current server, not connected yet. Its `connect` fails if the server takes no writes (V2). */
  readonly Client: new (config?: ClientConfig) => Client;
}

export function serversOf({ servers, checked }: PostgresAddress): Servers {
  let current = 0;
  const leave = (server: number): void => {
    if (server === current) current = (current + 1) % servers.length;
  };

  class ServerClient extends Client {
    private readonly server: number = current;

    constructor(config: ClientConfig = {}) {
      super({ ...config, connectionString: servers[current] });
      // Whoever asked for it hears that it connected a moment later: nobody else listens in between.
      this.on('error', ignore);
    }

    override connect(): Promise<Client>;
    override connect(callback: Connected): void;
    override connect(callback?: Connected): Promise<Client> | void {
      if (callback === undefined) return this.greet();
      callbackify(() => this.greet())(callback as (error: Error | null, client: Client) => void);
    }

    private async greet(): Promise<Client> {
      try {
        await super.connect();
        if (checked) await this.checkWrites();
        return this;
      } catch (error) {
        leave(this.server);
        throw error;
      }
    }

    private async checkWrites(): Promise<void> {
      try {
        const { rows } = await this.query<{ transaction_read_only: string }>('SHOW transaction_read_only');
        if (rows[0]?.transaction_read_only === 'off') return;
      } catch (error) {
        this.end().catch(ignore);
        throw error;
      }
      this.end().catch(ignore);
      throw new StoreError(
        'congestion',
        'this PostgreSQL server takes no writes (a standby, or set read-only)',
      );
    }
  }

  return {
    size: servers.length,
    current: () => current,
    Client: ServerClient,
  };
}

/** As the driver's types have it. */
type Connected = ((error: Error) => void) | ((error: null, client: Client) => void);

function ignore(): void {}

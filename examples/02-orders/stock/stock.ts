import type { SyncTransactionHandle, TransactionHandle } from 'millrace';
import { postgresShelves } from './postgres.ts';
import type { Shelves } from './shelves.ts';
import { sqliteShelves } from './sqlite.ts';

/** The handle of `ctx.transaction`: which one it is depends on the store that Millrace was opened on. */
export type Tx = TransactionHandle | SyncTransactionHandle;

export function stockIn(tx: Tx): Shelves {
  return 'query' in tx ? postgresShelves(tx) : sqliteShelves(tx);
}

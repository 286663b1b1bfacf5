import { StoreError } from '../../port/errors.ts';
import type { Durability } from '../../port/store.ts';
import type { Connections } from './connect.ts';

const SETTINGS = `SELECT current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on'
    AND current_setting('synchronous_commit') <> 'off',
  current_setting('synchronous_standby_names') <> '' AND current_setting('synchronous_commit') NOT IN ('local', 'off'),
  pg_is_in_recovery()`;

/** What this server's settings promise. Throws for one that takes no writes. */
export async function readDurability({ read }: Connections): Promise<Durability> {
  const [row] = await read<[safe: boolean, synchronous: boolean, standby: boolean]>({ text: SETTINGS });
  const [safe, synchronous, standby] = row ?? [false, false, false];
  if (standby) {
    throw new StoreError('congestion', 'this PostgreSQL server is a standby: connect to the primary');
  }
  if (!safe) return UNSAFE;
  return synchronous ? SYNCHRONOUS : SINGLE;
}

const SINGLE: Durability = {
  profile: 'postgres',
  processKill: 'nothing that was acknowledged is lost',
  osCrash: 'nothing that was acknowledged is lost (every commit is synced), if the disk keeps its promises',
  nodeLoss: 'what was not replicated or archived yet is lost with the database server',
};
const SYNCHRONOUS: Durability = {
  ...SINGLE,
  profile: 'postgres-sync',
  nodeLoss: 'nothing that was acknowledged is lost while a synchronous standby is left',
};
const UNSAFE: Durability = {
  profile: 'postgres-unsafe',
  processKill: 'nothing that was acknowledged is lost',
  osCrash:
    'acknowledged commits may be lost: fsync, full_page_writes or synchronous_commit is off on the server',
  nodeLoss: 'what was not replicated or archived yet is lost with the database server',
};

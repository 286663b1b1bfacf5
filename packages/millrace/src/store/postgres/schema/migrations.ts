import { KEY_TABLE } from '../access/tables.ts';
import { START_RECORDED } from '../audit/starts.ts';
import { AUDIT_TABLE } from '../audit/tables.ts';
import { DEFINITIONS } from '../definitions/functions.ts';
import { CLOSED_TIMES, DEFINITION_TABLES } from '../definitions/tables.ts';
import { ANSWER } from './functions/answer.ts';
import { CLAIM } from './functions/claim.ts';
import { CLUSTER } from './functions/cluster.ts';
import { COMMIT } from './functions/commit.ts';
import { DELIVER } from './functions/deliver.ts';
import { CLAIM_LIMITED } from './functions/limits/claim-limited.ts';
import { OUTLOOK } from './functions/limits/outlook.ts';
import { SET_LIMIT } from './functions/limits/set-limit.ts';
import { REOPEN } from './functions/reopen.ts';
import { RETIRE } from './functions/retire.ts';
import { START } from './functions/start.ts';
import { WAKE, WORK } from './functions/wake.ts';
import { LINE_TABLES } from '../lines/tables.ts';
import { LOCKS } from '../locks/functions.ts';
import { CLOSED_ORDER, HELD_RUNS } from './changes.ts';
import { PAUSES } from '../pauses/functions.ts';
import { READ_RUNS } from '../reads/functions.ts';
import { TABLES } from './tables.ts';

/** One forward step of the schema. A released one never changes: its checksum is kept in the database. */
export interface Migration {
  id: number;
  name: string;
  sql: string;
}

/**
 * Functions are numbered (`commit_v1`): an engine of the previous minor version goes on calling its own while
 * the next one's are there.
 */
export const MIGRATIONS: readonly Migration[] = [
  { id: 1, name: 'runs, history, inbox, keys, engines', sql: TABLES },
  {
    id: 2,
    name: 'acts',
    sql: [
      ...[
        ANSWER,
        CLAIM,
        CLAIM_LIMITED,
        SET_LIMIT,
        OUTLOOK,
        DELIVER,
        START,
        COMMIT,
        WAKE,
        RETIRE,
        REOPEN,
        CLUSTER,
      ],
      ...[WORK, LOCKS],
    ].join('\n'),
  },
  { id: 3, name: 'definitions, routes', sql: [DEFINITION_TABLES, DEFINITIONS].join('\n') },
  { id: 4, name: 'closed runs by time', sql: CLOSED_TIMES },
  { id: 5, name: 'API keys', sql: KEY_TABLE },
  { id: 6, name: 'audit log', sql: AUDIT_TABLE },
  { id: 7, name: 'runs that stand still, runs opened again', sql: HELD_RUNS },
  { id: 8, name: 'closed runs in the order of time', sql: CLOSED_ORDER },
  { id: 9, name: 'pauses of runs', sql: PAUSES },
  { id: 10, name: 'reads of runs', sql: READ_RUNS },
  { id: 11, name: 'starts with their audit entries', sql: START_RECORDED },
  { id: 12, name: 'logs of runs', sql: LINE_TABLES },
];

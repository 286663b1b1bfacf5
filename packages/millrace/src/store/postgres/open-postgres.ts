import { Client } from 'pg';
import type { ClientBase, Pool, PoolClient } from 'pg';
import { StoreError } from '../port/errors.ts';
import type { StartRequest, StartResult, Store } from '../port/store.ts';
import {
  checkAnnouncement,
  checkScope,
  checkFilter,
  checkMessage,
  checkPlans,
  checkRef,
  checkSetting,
  checkStart,
  checkText,
} from '../port/text.ts';
import { accessCalls } from './access/keys.ts';
import { auditCalls } from './audit/audit.ts';
import { lineCalls } from './lines/lines.ts';
import { readAddress } from './database/address.ts';
import { ask, connections, type Connections, openPool } from './database/connect.ts';
import { readDurability } from './database/durability.ts';
import { classify } from './database/failure.ts';
import { migrate } from './database/migrate.ts';
import { serversOf, type Servers } from './database/servers.ts';
import { definitionCalls } from './definitions/definitions.ts';
import { lead, listFailovers, prune, putSetting, readSettings } from './engines/cluster.ts';
import {
  beat,
  listEngines,
  orderDrain,
  registerStatement,
  retireResult,
  retireStatement,
} from './engines/incarnations.ts';
import { notifyHints, type NotifyHints } from './hints/notify.ts';
import { limitActs } from './limits/limits.ts';
import { lockCalls } from './locks/statements.ts';
import { changeReads } from './reads/changes.ts';
import { pauseCalls } from './pauses/pauses.ts';
import { listOwned, loadRuns, readHistory, readInbox } from './reads/history.ts';
import { countAhead, countOpen, listRuns, readRuns } from './reads/runs.ts';
import { type Answer, claimsOf } from './runs/answer.ts';
import { arrange, commitResults, commitStatement } from './runs/commit.ts';
import {
  claimStatement,
  deliverResults,
  deliverStatement,
  releaseStatement,
  wakeResult,
  wakeStatement,
} from './runs/ownership.ts';
import { reopenStatement, unblockStatement } from './runs/reopen.ts';
import { startResults, startStatement, withoutOvertaking } from './runs/start.ts';
import { transact } from './runs/transact.ts';

export interface PostgresOptions {
  /**
   * `postgres://user@host:port/database`, or `postgres://user@host1:port,host2:port/database` for a primary and its
   * standbys; or a pool of the caller's own, which `close` leaves open.
   */
  url?: string;
  pool?: Pool;
  /** Most connections of the store's own pool. Default 10. */
  connections?: number;
  /**
   * Where to listen for hints when `url` leads to a transaction-mode pooler. `false`: no hints, polling only.
   */
  hintsUrl?: string | false;
  /** How long a call may take before its connection is given up, ms. Default 30,000. */
  callTimeoutMs?: number;
  /** The clock of every statement, for tests. Default: the database's own. */
  now?: () => number;
}

/**
 * Opens a PostgreSQL database as a store. The schema is made by `migrate`; every other call needs it. Works
 * behind a transaction-mode pooler; only hints need a direct connection.
 */
export async function openPostgres(options: PostgresOptions): Promise<Store> {
  const { callTimeoutMs = 30_000 } = options;
  const { pool, servers } = openConnections(options);
  const calls = connections({ pool, owned: options.pool === undefined, servers, callTimeoutMs });
  const durability = await readDurability(calls).catch(async (error: unknown) => {
    await calls.close();
    throw error;
  });
  const hints = openHints(options, pool, servers);
  const now = () => (options.now === undefined ? undefined : Math.floor(options.now()));

  return {
    name: 'postgres',
    durability,
    hints,
    migrate: (how) => migrate(calls, how),
    close: async () => {
      await hints?.close();
      await calls.close();
    },
    ...engineActs(calls, now, hints),
    ...clusterActs(calls, now),
    ...runActs(calls, now),
    ...outsideActs(calls, now),
    ...reads(calls),
    ...accessCalls(calls, now),
    ...changeReads(calls, now),
    ...definitionCalls(calls, now),
    ...auditCalls(calls, now),
    ...limitActs(calls, now),
    ...lineCalls(calls, now),
    ...lockCalls(calls, now),
    ...pauseCalls(calls, now),
  };
}

/** Undefined: the database's clock. */
type Now = () => number | undefined;

function engineActs(
  calls: Connections,
  now: Now,
  hints: NotifyHints | undefined,
): Pick<Store, 'register' | 'beat' | 'retire' | 'listOwned' | 'listEngines' | 'orderDrain'> {
  return {
    register: async (engine) => {
      checkAnnouncement(engine);
      await calls.write(registerStatement(engine, now()));
      hints?.vouch(engine.engineId);
    },
    beat: async (engineId, load, scope) => {
      if (scope !== undefined) checkScope(scope);
      const answer = await beat(calls, { engineId, load, scope }, now());
      hints?.hurry();
      return answer;
    },
    retire: async (engineId, expectBeat, how) => {
      const result = retireResult(await calls.write(retireStatement(engineId, expectBeat, how, now())));
      if (!result.remaining) hints?.disown(engineId);
      return result;
    },
    listOwned: (engineId) => listOwned(calls, engineId),
    listEngines: (filter) => listEngines(calls, filter?.retiredMs, now()),
    orderDrain: (engineId) => orderDrain(calls, engineId),
  };
}

function clusterActs(
  calls: Connections,
  now: Now,
): Pick<Store, 'lead' | 'readSettings' | 'putSetting' | 'listFailovers' | 'prune'> {
  return {
    lead: (engineId) => lead(calls, engineId, now()),
    readSettings: () => readSettings(calls),
    putSetting: async (name, value, expectRevision) => {
      checkSetting(name, value);
      return putSetting(calls, { name, value, expectRevision }, now());
    },
    listFailovers: (page) => listFailovers(calls, page),
    prune: (request) => prune(calls, request, now()),
  };
}

type RunActs =
  | 'startRuns'
  | 'claimRuns'
  | 'loadRuns'
  | 'commit'
  | 'deliver'
  | 'wakeDue'
  | 'release'
  | 'transact';

function runActs(calls: Connections, now: Now): Pick<Store, RunActs> {
  return {
    startRuns: async (requests, transaction) => {
      for (const request of requests) checkStart(request);
      if (requests.length === 0) return [];
      if (transaction !== undefined) return startInside(transaction, requests, now());
      const asked = withoutOvertaking(requests);
      const answers = await calls.write<Answer>(startStatement(asked, { now: now(), unowned: false }));
      return startResults(asked, answers, false);
    },
    claimRuns: async (request) => {
      checkScope(request);
      return claimsOf(await calls.write<Answer>(claimStatement(request, now())));
    },
    loadRuns: async (requests) => (requests.length === 0 ? [] : loadRuns(calls, requests)),
    commit: async (plans) => {
      checkPlans(plans);
      if (plans.length === 0) return [];
      const flush = arrange(plans);
      return commitResults(flush, await calls.write<Answer>(commitStatement(flush, now())));
    },
    deliver: async (messages, adopter) => {
      for (const message of messages) checkMessage(message);
      if (messages.length === 0) return [];
      return deliverResults(messages, await calls.write<Answer>(deliverStatement(messages, adopter, now())));
    },
    wakeDue: async (request) => {
      checkScope(request);
      return wakeResult(await calls.write<Answer>(wakeStatement(request, now())));
    },
    release: async (runs) => {
      if (runs.length === 0) return 0;
      const [row] = await calls.write<[number]>(releaseStatement(runs, now()));
      return row?.[0] ?? 0;
    },
    // `never` in the port stands for what each backend hands out.
    transact: (body, plan) =>
      transact(calls, { body: body as (tx: PoolClient) => ReturnType<typeof body>, plan }, now),
  };
}

function outsideActs(calls: Connections, now: Now): Pick<Store, 'reopen' | 'unblock'> {
  return {
    reopen: async (request) => {
      const [row] = await calls.write<['ok' | 'conflict' | 'not-found']>(reopenStatement(request, now()));
      return row?.[0] ?? 'not-found';
    },
    unblock: async (request) => {
      checkText(request.code, 'block code');
      checkScope(request);
      const [row] = await calls.write<[number]>(unblockStatement(request, now()));
      return row?.[0] ?? 0;
    },
  };
}

type Reads = 'readRuns' | 'listRuns' | 'countOpen' | 'countAhead' | 'readHistory' | 'readInbox';

function reads(calls: Connections): Pick<Store, Reads> {
  return {
    readRuns: async (refs, firsts) => {
      for (const ref of refs) checkRef(ref);
      return refs.length === 0 ? [] : readRuns(calls, refs, firsts);
    },
    listRuns: async (filter) => {
      checkFilter(filter);
      return listRuns(calls, filter);
    },
    countOpen: async (namespace, limit) => {
      checkText(namespace, 'namespace');
      return countOpen(calls, namespace, limit);
    },
    countAhead: (runId, limit) => countAhead(calls, runId, limit),
    readHistory: (runId, fromSeq, limit) => readHistory(calls, runId, fromSeq, limit),
    readInbox: (runId) => readInbox(calls, runId),
  };
}

/** The same function on the caller's connection: what it starts exists when his transaction commits. */
async function startInside(
  transaction: unknown,
  requests: readonly StartRequest[],
  now: number | undefined,
): Promise<StartResult[]> {
  if (typeof transaction !== 'object' || transaction === null || !('query' in transaction)) {
    throw new StoreError(
      'definite',
      'on PostgreSQL `transaction` is a client of the package `pg` with an open transaction',
    );
  }
  try {
    const statement = startStatement(requests, { now, unowned: true });
    return startResults(requests, await ask<Answer>(transaction as ClientBase, statement), true);
  } catch (error) {
    throw classify(error, 'write');
  }
}

function openConnections({ url, pool, connections: most = 10 }: PostgresOptions): {
  pool: Pool;
  servers: Servers | undefined;
} {
  if (pool !== undefined) return { pool, servers: undefined };
  if (url === undefined) throw new StoreError('definite', 'a PostgreSQL store needs a `url` or a `pool`');
  const servers = serversOf(readAddress(url));
  return { pool: openPool(servers, most), servers };
}

/** Where the store itself is, unless told otherwise: of several servers the one that it uses. */
function openHints(
  { hintsUrl }: PostgresOptions,
  pool: Pool,
  servers: Servers | undefined,
): NotifyHints | undefined {
  if (hintsUrl === false) return undefined;
  const own = hintsUrl === undefined ? servers : serversOf(readAddress(hintsUrl));
  // A pool keeps the settings of its connections where its type does not say so.
  if (own === undefined)
    return notifyHints({ newClient: (config) => new Client({ ...pool.options, ...config }) });
  return notifyHints({ newClient: (config) => new own.Client(config) });
}

import { StoreError } from '../port/errors.ts';
import type { LockStore } from '../port/locks.ts';
import type { Durability, Plan, PlanResult, StartRequest, StartResult, Store } from '../port/store.ts';
import {
  checkAnnouncement,
  checkCount,
  checkScope,
  checkFilter,
  checkLimit,
  checkLock,
  checkMessage,
  checkPause,
  checkPlans,
  checkRef,
  checkSetting,
  checkStart,
  checkText,
} from '../port/text.ts';
import { accessCalls, prepareKeys } from './access/keys.ts';
import { auditCalls, prepareAudit } from './audit/audit.ts';
import { lineCalls, prepareLines } from './lines/lines.ts';
import { connect, type Connection } from './database/connection.ts';
import { pollHints } from './database/hints.ts';
import { migrate, requireSchema } from './database/migrate.ts';
import { SYSTEM_TIMERS, type Timers } from './database/timers.ts';
import { prepareGuest, type Guest, type SqliteTransaction } from './database/transact.ts';
import { definitionCalls } from './definitions/calls.ts';
import { prepareDefinitions } from './definitions/definitions.ts';
import { prepareRoutes } from './definitions/routes.ts';
import { prepareVersionCounts } from './definitions/versions.ts';
import { prepareFailovers } from './engines/failovers.ts';
import { prepareIncarnations } from './engines/incarnations.ts';
import { prepareLeases } from './engines/leases.ts';
import { prepareRetirements } from './engines/retire.ts';
import { prepareNews } from './engines/news.ts';
import { prepareSettings } from './engines/settings.ts';
import { prepareLimits } from './limits/limits.ts';
import { prepareLimitReads } from './limits/read-limits.ts';
import { prepareStartLimits } from './limits/start-limits.ts';
import { prepareGlance } from './engines/work.ts';
import { prepareLocks } from './locks/locks.ts';
import { prepareChanges } from './reads/changes.ts';
import { prepareHistories } from './reads/history.ts';
import { prepareRunReads } from './reads/runs.ts';
import { prepareBacklog } from './runs/backlog.ts';
import { prepareClaims } from './runs/claim.ts';
import { prepareCommits } from './runs/commit.ts';
import { prepareDeliveries } from './runs/deliver.ts';
import { preparePauses, prepareUnpause } from './pauses/pauses.ts';
import { prepareReopenings } from './runs/reopen.ts';
import { prepareStarts } from './runs/start.ts';
import { prepareWakes } from './runs/wake.ts';

export interface SqliteOptions extends Partial<Timers> {
  /** A file, or `:memory:`. */
  path: string;
  /**
   * How long a call waits for another process's transaction before it fails as congestion, ms. Default 5,000.
   */
  busyTimeoutMs?: number;
  /** Bounds of the pause between two looks for other processes' commits, ms. Default 5 and 100. */
  minPollMs?: number;
  maxPollMs?: number;
}

/** What the calls of a store share: the connection, and the prepared acts. */
interface Backend {
  connection: Connection;
  guest: Guest;
  /** Statements can be prepared once the tables are there. */
  acts: () => Acts;
}

/**
 * Opens a SQLite database as a store. The schema is made by `migrate`; every other call needs it.
 * Several processes may open one file; each waits for the others without blocking its event loop.
 */
export async function openSqlite(options: SqliteOptions): Promise<Store> {
  const { path, busyTimeoutMs = 5000, minPollMs = 5, maxPollMs = 100, ...timers } = options;
  const connection = await connect({ path, busyTimeoutMs, timers: { ...SYSTEM_TIMERS, ...timers } });
  const guest = prepareGuest(connection);
  let prepared: Acts | undefined;
  function acts(): Acts {
    if (prepared === undefined) {
      requireSchema(connection);
      prepared = prepareActs(connection);
    }
    return prepared;
  }
  const engineIds = new Set<string>();
  const inMemory = path === ':memory:';
  const backend = { connection, guest, acts };
  return {
    name: 'sqlite',
    durability: inMemory ? IN_MEMORY : ON_DISK,
    hints: inMemory
      ? undefined
      : pollHints(connection, () => acts().news(engineIds), { minPollMs, maxPollMs }),
    migrate: (how) => migrate(connection, how),
    close: async () => connection.close(),
    ...engineCalls(backend, engineIds),
    ...runCalls(backend),
    ...outsideCalls(backend),
    ...readCalls(backend),
    ...accessCalls(connection, acts),
    ...definitionCalls(connection, acts),
    ...auditCalls(connection, acts),
    ...limitCalls(backend),
    ...lineCalls(connection, acts),
    ...lockCalls(backend),
  };
}

function engineCalls({ connection: { write }, acts }: Backend, engineIds: Set<string>) {
  return {
    register: async (engine) => {
      checkAnnouncement(engine);
      await write(() => acts().incarnations.register(engine));
      engineIds.add(engine.engineId);
    },
    beat: async (engineId, load, scope) => {
      if (scope !== undefined) checkScope(scope);
      return write(() => {
        const { incarnations, glance } = acts();
        return { ...incarnations.beat(engineId, load), work: scope && glance(engineId, scope) };
      });
    },
    retire: (engineId, expectBeat, how) => write(() => acts().retirements.retire(engineId, expectBeat, how)),
    orderDrain: (engineId) => write(() => acts().incarnations.orderDrain(engineId)),
    lead: (engineId) => write(() => acts().incarnations.lead(engineId)),
    putSetting: async (name, value, expectRevision) => {
      checkSetting(name, value);
      return write(() => acts().settings.put(name, value, expectRevision));
    },
    prune: (request) => write(() => acts().failovers.prune(request)),
  } satisfies Partial<Store>;
}

function runCalls({ connection, guest, acts }: Backend) {
  const { write } = connection;
  return {
    startRuns: async (requests, transaction) => {
      for (const request of requests) checkStart(request);
      if (transaction !== undefined)
        return startInside(guest, transaction, () => startAll(acts(), requests, true));
      return requests.length === 0 ? [] : write(() => startAll(acts(), requests, false));
    },
    claimRuns: async (request) => {
      checkScope(request);
      return write(() => acts().claims.claim(request));
    },
    commit: async (plans) => {
      checkPlans(plans);
      return plans.length === 0 ? [] : write(() => acts().commits.commit(plans));
    },
    deliver: async (messages, adopter) => {
      for (const message of messages) checkMessage(message);
      if (messages.length === 0) return [];
      return write(() => {
        const { deliveries } = acts();
        const places = deliveries.room();
        return messages.map((message) => deliveries.deliver(message, adopter, places));
      });
    },
    wakeDue: async (request) => {
      checkScope(request);
      return write(() => acts().wakes.wakeDue(request));
    },
    release: async (runs) => (runs.length === 0 ? 0 : write(() => acts().reopenings.release(runs))),
    transact: (body, plan) => transact({ connection, guest, acts }, { body, plan }),
  } satisfies Partial<Store>;
}

function outsideCalls({ connection: { write }, acts }: Backend) {
  return {
    reopen: (request) => write(() => acts().reopenings.reopen(request)),
    unblock: async (request) => {
      checkText(request.code, 'block code');
      checkScope(request);
      return write(() => acts().reopenings.unblock(request));
    },
    pauseRun: async (request) => {
      checkPause(request);
      return write(() => acts().pauses.pause(request));
    },
    resumeRun: (runId) => write(() => acts().pauses.resume(runId)),
    recordPaused: async (record) => {
      checkCount(record);
      return write(() => acts().pauses.record(record));
    },
  } satisfies Partial<Store>;
}

function readCalls({ connection: { read }, acts }: Backend) {
  return {
    loadRuns: (requests) => read(() => acts().histories.load(requests)),
    listEngines: (filter) => read(() => acts().incarnations.list(filter?.retiredMs)),
    readSettings: () => read(() => acts().settings.read()),
    listFailovers: ({ limit, before }) => read(() => acts().failovers.list(limit, before)),
    listOwned: (engineId) => read(() => acts().histories.listOwned(engineId)),
    readRuns: async (refs, firsts) => {
      for (const ref of refs) checkRef(ref);
      return read(() => acts().runReads.read(refs, firsts));
    },
    listRuns: async (filter) => {
      checkFilter(filter);
      return read(() => acts().runReads.list(filter));
    },
    countOpen: async (namespace, limit) => {
      checkText(namespace, 'namespace');
      return read(() => acts().runReads.countOpen(namespace, limit));
    },
    readChanges: (request) => read(() => acts().changes.since(request)),
    listHeld: (filter) => read(() => acts().changes.held(filter)),
    countAhead: (runId, limit) => read(() => acts().runReads.countAhead(runId, limit)),
    readHistory: (runId, fromSeq, limit) => read(() => acts().histories.chunks(runId, fromSeq, limit)),
    readInbox: (runId) => read(() => acts().histories.inbox(runId)),
  } satisfies Partial<Store>;
}

function limitCalls({ connection: { read, write }, acts }: Backend) {
  return {
    setLimit: async (change) => {
      checkLimit(change);
      return write(() => acts().limits.set(change));
    },
    readLimits: (namespace) => read(() => acts().limitReads.all(namespace)),
    limitsOf: (runId) => read(() => acts().limitReads.ofRun(runId)),
    readQueues: (namespace) => read(() => acts().limitReads.queues(namespace)),
  } satisfies Partial<Store>;
}

function lockCalls({ connection: { read, write }, acts }: Backend): LockStore {
  return {
    acquireLock: async (request) => {
      checkLock(request);
      return write(() => acts().locks.acquire(request));
    },
    renewLock: async (claim, holdMs) => {
      checkLock(claim);
      return write(() => acts().locks.renew(claim, holdMs));
    },
    releaseLock: async (claim) => {
      checkLock(claim);
      return write(() => acts().locks.release(claim));
    },
    forceLock: async (lock) => {
      checkLock(lock);
      return write(() => acts().locks.force(lock));
    },
    listLocks: async (filter) => {
      checkLock(filter);
      return read(() => acts().locks.list(filter));
    },
  };
}

type Acts = ReturnType<typeof prepareActs>;

function prepareActs(connection: Connection) {
  const settings = prepareSettings(connection);
  const routes = prepareRoutes(connection, settings);
  const limits = prepareLimits(connection);
  const failovers = prepareFailovers(connection, limits);
  const incarnations = prepareIncarnations(connection, prepareLeases(connection), settings);
  const unpause = prepareUnpause(connection, incarnations);
  const deliveries = prepareDeliveries(connection, incarnations, unpause);
  const backlog = prepareBacklog(connection);
  const starts = prepareStarts(connection, incarnations, deliveries, {
    backlog,
    limits: prepareStartLimits(connection, limits),
  });
  const histories = prepareHistories(connection);
  const locks = prepareLocks({ connection, incarnations, deliveries });
  return {
    incarnations,
    deliveries,
    starts,
    histories,
    settings,
    routes,
    definitions: prepareDefinitions(connection, settings, routes),
    countVersions: prepareVersionCounts(connection),
    failovers,
    audit: prepareAudit(connection),
    lines: prepareLines(connection),
    locks,
    limits,
    limitReads: prepareLimitReads(connection, limits),
    keys: prepareKeys(connection),
    retirements: prepareRetirements(connection, failovers, locks),
    glance: prepareGlance(connection, backlog),
    news: prepareNews(connection),
    claims: prepareClaims(connection, incarnations, backlog, limits),
    commits: prepareCommits(connection, incarnations, limits, { starts, deliveries, locks }),
    wakes: prepareWakes(connection, { deliveries, limits, locks }),
    reopenings: prepareReopenings(connection, limits),
    changes: prepareChanges(connection),
    pauses: preparePauses(connection, incarnations, unpause),
    runReads: prepareRunReads(connection, deliveries, histories, backlog),
  };
}

function startAll(
  { starts, audit }: Acts,
  requests: readonly StartRequest[],
  unowned: boolean,
): StartResult[] {
  const call = starts.call({ unowned, outside: true });
  return requests.map((request) => {
    const result = starts.start(request, call);
    if (request.act !== undefined && result.outcome === 'started') audit.append([request.act]);
    return result;
  });
}

/** Starts that belong to the transaction of an author's function which is running now. */
function startInside(guest: Guest, transaction: unknown, start: () => StartResult[]): StartResult[] {
  if (transaction !== guest.current()) {
    throw new StoreError(
      'definite',
      'on SQLite a start joins only the transaction that is open: the `tx` of `transact`',
    );
  }
  try {
    return start();
  } catch (error) {
    guest.doom(error);
    throw error;
  }
}

interface Transaction<T> {
  body: (tx: never) => T | Promise<T>;
  plan: (value: T) => Plan;
}

async function transact<T>({ connection, guest, acts }: Backend, { body, plan }: Transaction<T>) {
  let failure: { error: unknown } | undefined;
  try {
    return await connection.writeIf(
      (): { value: T; result: PlanResult } => {
        const { commits } = acts();
        let value: T;
        let plans: Plan[];
        try {
          // `never` in the port stands for what each backend hands out; a promise is refused by the guest.
          value = guest.run(body as (tx: SqliteTransaction) => T);
          plans = [plan(value)];
        } catch (error) {
          failure = { error };
          throw error;
        }
        checkPlans(plans);
        const [result] = commits.commit(plans);
        if (result === undefined) throw new Error('a plan without a result');
        return { value, result };
      },
      // An earlier sending brought the author's writes with it; a conflict must not leave them behind.
      ({ result }) => result.outcome === 'ok',
    );
  } catch (error) {
    // The author's own error passes unchanged, also one that SQLite raised about the author's own SQL.
    throw failure === undefined ? error : failure.error;
  }
}

const ON_DISK: Durability = {
  profile: 'sqlite-full',
  processKill: 'nothing that was acknowledged is lost',
  osCrash: 'nothing that was acknowledged is lost (every commit is synced), if the disk keeps its promises',
  nodeLoss: 'everything is lost that is not backed up: the database is one file on this machine',
};
const IN_MEMORY: Durability = {
  profile: 'sqlite-memory',
  processKill: 'everything is lost',
  osCrash: 'everything is lost',
  nodeLoss: 'everything is lost',
};

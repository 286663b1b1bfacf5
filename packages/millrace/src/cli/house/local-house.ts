import { endsOf } from '../../api/run/read-runs.ts';
import type { Role } from '../../core/access/roles.ts';
import { MillraceError } from '../../core/errors.ts';
import { describeRun, describeStored, type RunDescription } from '../../core/reading/describe-run.ts';
import { historyItem, placedEvents } from '../../core/reading/history-items.ts';
import type { Millrace } from '../../millrace.ts';
import type { RunRow } from '../../store/port/store.ts';
import { NAMESPACE, findRun } from './find-run.ts';
import type { House, HouseKeys, HouseRun } from './house.ts';

/** A store that this process has opened. */
export function localHouse(millrace: Millrace): House {
  const { store } = millrace;
  return {
    ...asked(millrace),
    findRun: (argument) => findRun(millrace, argument),
    async findKey(key) {
      const [row] = await store.readRuns([{ namespace: NAMESPACE, key }]);
      return row;
    },
    async runs({ cursor: before, ...filter }) {
      const { runs, next = null } = await store.listRuns({ ...filter, namespace: NAMESPACE, before });
      return { items: runs.map((row) => describeRun(row, [])), nextCursor: next };
    },
    withValues: (items) => withValues(millrace, items),
    run: (runId) => localRun(millrace, runId),
    keys: localKeys(millrace),
    start: (workflow, input, options) => millrace.start(workflow, input, options),
  };
}

function localRun(millrace: Millrace, runId: string): HouseRun {
  const run = millrace.run(runId);
  return {
    describe: (options) => run.describe(options),
    standing: async () => describeRun(await rowOf(millrace, runId), []),
    recorded: async () => (await rowOf(millrace, runId)).events,
    detail: () => run.detail(),
    async history(from = 0) {
      const chunks = await millrace.store.readHistory(runId, from);
      return placedEvents(chunks)
        .filter(({ seq }) => seq >= from)
        .map(historyItem);
    },
    logPage: (options) => run.logPage(options),
    why: () => run.why(),
    async ended() {
      // How it ended is read, not caught.
      await run.result().catch(() => undefined);
    },
    signal: (name, payload, options) => run.signal(name, payload, options),
    cancel: (reason) => run.cancel(reason),
    retry: (options) => run.retry(options),
    pause: (options) => run.pause(options),
    resume: () => run.resume(),
  };
}

async function rowOf({ store }: Millrace, runId: string): Promise<RunRow> {
  const [row] = await store.readRuns([{ runId, namespace: NAMESPACE }]);
  if (row !== undefined) return row;
  throw new MillraceError('RUN_NOT_FOUND', `run ${runId} does not exist`);
}

/** Rows of a list come without their histories; the first and the last chunk have input and output. */
async function withValues(
  { store }: Millrace,
  items: readonly RunDescription[],
): Promise<readonly RunDescription[]> {
  const full = await store.readRuns(
    items.map(({ runId }) => ({ runId, namespace: NAMESPACE })),
    true,
  );
  return items.map((listed, at) => {
    const row = full[at];
    if (row === undefined) return listed;
    return describeStored(row, endsOf(row));
  });
}

function localKeys(millrace: Millrace): HouseKeys {
  const { keys } = millrace;
  return {
    // Whatever was typed: roles are checked behind this.
    create: ({ role, ...wish }) => keys.create({ ...wish, role: role as Role }),
    async list({ limit, cursor: before }) {
      const { keys: items, next = null } = await keys.list({ limit, before });
      return { items, nextCursor: next };
    },
    revoke: (keyId, options) => keys.revoke(keyId, options),
  };
}

type Asked = Omit<House, 'findRun' | 'findKey' | 'runs' | 'withValues' | 'run' | 'start' | 'keys'>;

function asked(millrace: Millrace): Asked {
  return {
    cluster: () => millrace.cluster(),
    strategy: () => millrace.strategy(),
    setStrategy: (strategy, options) => millrace.setStrategy(strategy, options),
    failovers: (filter) => millrace.failovers(filter),
    drain: (engine) => millrace.drain(engine),
    failover: (engine) => millrace.failover(engine),
    locks: () => millrace.locks(),
    releaseLock: (name) => millrace.releaseLock(name),
    queues: () => millrace.queues(),
    limits: () => millrace.limits(),
    setQueue: (queue, change) => millrace.setQueue(queue, change),
    setLimit: (scope, change) => millrace.setLimit(scope, change),
    deadLetters: (queue, page) => millrace.deadLetters(queue, page),
    redrive: (queue, options) => millrace.redrive(queue, options),
    definitions: () => millrace.definitions(),
    definition: (name) => millrace.definition(name),
    deploy: (definition, options) => millrace.deploy(definition, options),
    activate: (name, version) => millrace.activate(name, version),
    rollout: (name, weights, options) => millrace.rollout(name, weights, options),
    rollback: (name) => millrace.rollback(name),
  };
}

import type { AccessStore } from '../../store/port/access/keys.ts';
import type { LockGrant, LockStore } from '../../store/port/locks.ts';
import type { Plan, PlanResult, RunRow, Store } from '../../store/port/store.ts';
import type { Tally } from '../check/tally.ts';
import type { Watched, Watcher } from '../check/watcher.ts';
import type { Actor } from '../virtual/scheduler.ts';
import type { HintHub } from './hints.ts';
import type { Network } from './network.ts';

export interface SimStoreParts {
  /** The store under test. */
  subject: Store;
  network: Network;
  watcher: Watcher;
  hub: HintHub | undefined;
  tally: Tally;
  batchLimit: number | undefined;
}

type Rows = ReadonlyMap<string, Watched>;

/** Hands each process its own view of one store, at the other end of the network. */
export function createSimStore(parts: SimStoreParts): (actor: Actor) => Store {
  const firstSent = new Map<number, number>();
  return (actor) => {
    const { subject, network, hub } = parts;
    const read = <R>(name: string, act: () => Promise<R>): Promise<R> => network.send({ actor, name, act });
    return {
      name: subject.name,
      durability: subject.durability,
      hints: hub?.connect(actor),
      migrate: () => Promise.resolve({ from: 1, to: 1, applied: [] }),
      close: () => Promise.resolve(),
      ...engineCalls(parts, actor),
      ...clusterCalls(parts, actor),
      ...startCalls(parts, actor),
      ...planCalls(parts, actor, firstSent),
      ...outsideCalls(parts, actor),
      ...accessCalls(parts, actor),
      ...definitionCalls(parts, actor),
      ...limitCalls(parts, actor),
      ...lockCalls(parts, actor),
      loadRuns: (requests) => read('loadRuns', () => subject.loadRuns(requests)),
      listOwned: (engineId) => read('listOwned', () => subject.listOwned(engineId)),
      readRuns: (...args) => read('readRuns', () => subject.readRuns(...args)),
      listRuns: (filter) => read('listRuns', () => subject.listRuns(filter)),
      countOpen: (...args) => read('countOpen', () => subject.countOpen(...args)),
      countAhead: (...args) => read('countAhead', () => subject.countAhead(...args)),
      readChanges: (request) => read('readChanges', () => subject.readChanges(request)),
      listHeld: (filter) => read('listHeld', () => subject.listHeld(filter)),
      readHistory: (...args) => read('readHistory', () => subject.readHistory(...args)),
      readInbox: (runId) => read('readInbox', () => subject.readInbox(runId)),
      listEngines: (filter) => read('listEngines', () => subject.listEngines(filter)),
      listFailovers: (page) => read('listFailovers', () => subject.listFailovers(page)),
      readSettings: () => read('readSettings', () => subject.readSettings()),
      readLimits: (namespace) => read('readLimits', () => subject.readLimits(namespace)),
      limitsOf: (runId) => read('limitsOf', () => subject.limitsOf(runId)),
      readDefinitions: (refs) => read('readDefinitions', () => subject.readDefinitions(refs)),
      listDefinitions: (namespace) => read('listDefinitions', () => subject.listDefinitions(namespace)),
      countVersions: (filter) => read('countVersions', () => subject.countVersions(filter)),
      readQueues: (namespace) => read('readQueues', () => subject.readQueues(namespace)),
      listAudit: (filter) => read('listAudit', () => subject.listAudit(filter)),
      appendAudit: (entries) => read('appendAudit', () => subject.appendAudit(entries)),
      pruneAudit: (request) => read('pruneAudit', () => subject.pruneAudit(request)),
      appendLines: (...args) => read('appendLines', () => subject.appendLines(...args)),
      readLines: (request) => read('readLines', () => subject.readLines(request)),
      pruneLines: (request) => read('pruneLines', () => subject.pruneLines(request)),
    };
  };
}

function engineCalls({ subject, network, watcher, tally, batchLimit }: SimStoreParts, actor: Actor) {
  const limited = (limit: number): number => Math.min(limit, batchLimit ?? limit);
  return {
    register: (engine) => network.send({ actor, name: 'register', act: () => subject.register(engine) }),
    retire: (engineId, expectBeat, options) =>
      network.send({
        actor,
        name: 'retire',
        act: () => subject.retire(engineId, expectBeat, { ...options, limit: limited(options.limit) }),
        inspect: ({ retired, grants }, rows) => {
          if (retired) {
            watcher.noteRetired(engineId);
            if (!options.harmless) tally.add('engine retired');
          }
          return [...idsOf(rows, (row) => row.ownerId === engineId), ...told(grants)];
        },
        describe: ({ retired, requeued, remaining }) =>
          `${engineId.slice(0, 4)} ${retired ? 'retired' : 'known'}, ${requeued} requeued${remaining ? ', more' : ''}`,
      }),
    claimRuns: (request) =>
      network.send({
        actor,
        name: 'claimRuns',
        act: () => subject.claimRuns({ ...request, limit: limited(request.limit) }),
        inspect: (claimed, rows) => {
          const runIds = claimed.map(({ runId }) => runId);
          watcher.checkClaim(request.engineId, runIds, network.now());
          watcher.limits.checkClaim(claimed);
          if (claimed.askAgainMs !== undefined) tally.add('claim held back');
          // Those that were kept for it and found their key full are parked, and kept for nobody any more.
          const kept = idsOf(rows, ({ assignedTo }) => assignedTo === request.engineId);
          return [...runIds, ...kept];
        },
        describe: (claimed) => claimed.map(({ runId, epoch }) => `${short(runId)}@${epoch}`).join(' '),
      }),
    wakeDue: (request) =>
      network.send({
        actor,
        name: 'wakeDue',
        act: () => subject.wakeDue({ ...request, limit: limited(request.limit) }),
        inspect: ({ storeTime, grants }, rows) => [
          ...idsOf(
            rows,
            ({ status, wakeAt }) => status === 'waiting' && wakeAt !== undefined && wakeAt <= storeTime,
          ),
          ...told(grants),
        ],
        describe: ({ adopted, queued, assigned }) =>
          adopted.length + queued + assigned.length === 0
            ? ''
            : `${adopted.map(({ runId }) => short(runId)).join(' ')} queued ${queued} assigned ${assigned.length}`,
      }),
  } satisfies Partial<Store>;
}

function clusterCalls({ subject, network, watcher }: SimStoreParts, actor: Actor) {
  return {
    beat: (...args) =>
      network.send({
        actor,
        name: 'beat',
        act: () => subject.beat(...args),
        inspect: ({ leader, settings }) => {
          watcher.cluster.checkLease(leader);
          watcher.cluster.checkRevision(settings);
          return [];
        },
      }),
    lead: (engineId) =>
      network.send({
        actor,
        name: 'lead',
        act: () => subject.lead(engineId),
        inspect: (leader) => {
          watcher.cluster.checkLease(leader);
          return [];
        },
        describe: (leader) => `${leader?.engineId.slice(0, 4)} term ${leader?.term}`,
      }),
    orderDrain: (engineId) =>
      network.send({ actor, name: 'orderDrain', act: () => subject.orderDrain(engineId) }),
    putSetting: (...args) =>
      network.send({
        actor,
        name: 'putSetting',
        act: () => subject.putSetting(...args),
        describe: (outcome) => `${args[0]} ${outcome}`,
      }),
    prune: (request) => network.send({ actor, name: 'prune', act: () => subject.prune(request) }),
  } satisfies Partial<Store>;
}

function accessCalls({ subject, network }: SimStoreParts, actor: Actor): AccessStore {
  return {
    createKey: (request) => network.send({ actor, name: 'createKey', act: () => subject.createKey(request) }),
    revokeKey: (request) => network.send({ actor, name: 'revokeKey', act: () => subject.revokeKey(request) }),
    readKey: (keyId) => network.send({ actor, name: 'readKey', act: () => subject.readKey(keyId) }),
    listKeys: (filter) => network.send({ actor, name: 'listKeys', act: () => subject.listKeys(filter) }),
  };
}

function definitionCalls({ subject, network }: SimStoreParts, actor: Actor) {
  return {
    putDefinition: (request) =>
      network.send({
        actor,
        name: 'putDefinition',
        act: () => subject.putDefinition(request),
        describe: ({ outcome }) => `${request.name}@${request.version} ${outcome}`,
      }),
    putRoute: (request) =>
      network.send({
        actor,
        name: 'putRoute',
        act: () => subject.putRoute(request),
        describe: (outcome) => `${request.name} ${outcome}`,
      }),
  } satisfies Partial<Store>;
}

function startCalls({ subject, network, watcher, tally }: SimStoreParts, actor: Actor) {
  return {
    startRuns: (requests) =>
      network.send({
        actor,
        name: 'startRuns',
        act: () => subject.startRuns(requests),
        inspect: (results, rows) => {
          results.forEach((result, at) => {
            const { owner, runId, limits } = requests[at] as (typeof requests)[number];
            if (result.outcome === 'started') watcher.limits.noteKeys(runId, limits);
            const known = rows.has(result.runId);
            if (result.outcome !== 'started') tally.add(`start ${result.outcome}`);
            else if (known && runId === result.runId) tally.add('start repeated');
            else if (result.assignedTo !== undefined) tally.add('start placed at another');
            else if (owner !== undefined && watcher.retired.has(owner)) tally.add('zombie start unowned');
          });
          return results.map(({ runId }) => runId);
        },
        describe: (results) => results.map(({ outcome, runId }) => `${outcome} ${short(runId)}`).join(' '),
      }),
    deliver: (messages, adopter) =>
      network.send({
        actor,
        name: 'deliver',
        act: () => subject.deliver(messages, adopter),
        inspect: (results) => {
          results.forEach(({ outcome }, at) => {
            tally.add(`delivery ${outcome}`);
            // With plans go the ends of children; by themselves only those that a retried run must hear again.
            if (messages[at]?.dedup.startsWith('child:')) tally.add('child told again');
          });
          return results.flatMap((result) => ('runId' in result ? [result.runId] : []));
        },
        describe: (results) =>
          results
            .map(
              (result, at) =>
                `${messages[at]?.dedup} ${result.outcome} ${'runId' in result ? short(result.runId) : ''}`,
            )
            .join('; '),
      }),
  } satisfies Partial<Store>;
}

function lockCalls({ subject, network }: SimStoreParts, actor: Actor): LockStore {
  return {
    acquireLock: (request) =>
      network.send({
        actor,
        name: 'acquireLock',
        act: () => subject.acquireLock(request),
        inspect: ({ grants }) => told(grants),
        describe: ({ outcome }) => `${request.name} ${outcome}`,
      }),
    renewLock: (...args) => network.send({ actor, name: 'renewLock', act: () => subject.renewLock(...args) }),
    releaseLock: (claim) =>
      network.send({
        actor,
        name: 'releaseLock',
        act: () => subject.releaseLock(claim),
        inspect: ({ grants }) => told(grants),
        describe: ({ held }) => `${claim.name} ${held ? 'released' : 'not held'}`,
      }),
    forceLock: (lock) =>
      network.send({
        actor,
        name: 'forceLock',
        act: () => subject.forceLock(lock),
        inspect: ({ grants }) => told(grants),
      }),
    listLocks: (filter) => network.send({ actor, name: 'listLocks', act: () => subject.listLocks(filter) }),
  };
}

function planCalls(parts: SimStoreParts, actor: Actor, firstSent: Map<number, number>) {
  const { subject, network, watcher } = parts;
  const note = (plan: Plan): void => {
    if (!firstSent.has(plan.commitId)) firstSent.set(plan.commitId, network.now());
  };
  return {
    commit: (plans) => {
      for (const plan of plans) note(plan);
      const sent = new Map(plans.map(({ runId, commitId }) => [runId, firstSent.get(commitId)]));
      return network.send({
        actor,
        name: 'commit',
        act: () => subject.commit(plans),
        newsAt: (runId) => sent.get(runId),
        inspect: (results) => {
          plans.forEach((plan, at) => watcher.checkPlan(plan, results[at] as PlanResult, network.now()));
          return plans.flatMap((plan, at) => touchedBy(plan, results[at] as PlanResult));
        },
        describe: (results) =>
          plans.map((plan, at) => describePlan(plan, results[at] as PlanResult)).join('; '),
      });
    },
    transact: (body, planOf) => {
      let made: Plan | undefined;
      const remembering = (value: never): Plan => (made = planOf(value));
      return network.send({
        actor,
        name: 'transact',
        act: () => subject.transact(body, remembering as typeof planOf),
        // The plan is made while the transaction runs.
        newsAt: () => network.now(),
        inspect: ({ result }) => {
          if (made === undefined) return [];
          watcher.checkPlan(made, result, network.now());
          return [made.runId];
        },
        describe: ({ result }) => (made === undefined ? '' : describePlan(made, result)),
      });
    },
  } satisfies Partial<Store>;
}

function outsideCalls({ subject, network, tally }: SimStoreParts, actor: Actor) {
  return {
    release: (runs) =>
      network.send({
        actor,
        name: 'release',
        act: () => subject.release(runs),
        inspect: () => runs.map(({ runId }) => runId),
        describe: (count) => `${count} of ${runs.map(({ runId }) => short(runId)).join(' ')}`,
      }),
    reopen: (request) =>
      network.send({
        actor,
        name: 'reopen',
        act: () => subject.reopen(request),
        inspect: (outcome, rows) => {
          const isChild = rows.get(request.runId)?.row.parentRunId !== undefined;
          tally.add(`reopen of a ${isChild ? 'child' : 'run'} ${outcome}`);
          return [request.runId];
        },
        describe: (outcome) => `${short(request.runId)} ${outcome}`,
      }),
    pauseRun: (request) =>
      network.send({
        actor,
        name: 'pauseRun',
        act: () => subject.pauseRun(request),
        inspect: ({ outcome }, rows) => {
          const was = rows.get(request.runId)?.row.status;
          if (outcome === 'paused') tally.add(`paused ${was}`);
          return [request.runId, ...tasksOf(rows, request.runId)];
        },
        describe: ({ outcome }) => `${short(request.runId)} ${outcome}`,
      }),
    resumeRun: (runId) =>
      network.send({
        actor,
        name: 'resumeRun',
        act: () => subject.resumeRun(runId),
        inspect: (result, rows) => {
          if (result.outcome === 'resumed') tally.add(`resumed ${result.status}`);
          return [runId, ...tasksOf(rows, runId)];
        },
        describe: (result) =>
          `${short(runId)} ${result.outcome === 'resumed' ? result.status : result.outcome}`,
      }),
    recordPaused: (record) =>
      network.send({
        actor,
        name: 'recordPaused',
        act: () => subject.recordPaused(record),
        inspect: (outcome) => {
          if (record.count > 0) tally.add(`outcome of a paused run ${outcome}`);
          return [record.runId];
        },
        describe: (outcome) =>
          `${short(record.runId)} [${record.history === undefined ? '' : typesOf(record.history)}] ${outcome}`,
      }),
    unblock: (request) =>
      network.send({
        actor,
        name: 'unblock',
        act: () => subject.unblock(request),
        inspect: (_count, rows) => idsOf(rows, ({ status }) => status === 'blocked'),
      }),
  } satisfies Partial<Store>;
}

function tasksOf(rows: Rows, runId: string): string[] {
  return idsOf(rows, ({ parentRunId }) => parentRunId === runId);
}

function told(grants: readonly LockGrant[] = []): string[] {
  return grants.flatMap(({ holder }) => (holder.kind === 'run' ? [holder.id] : []));
}

function limitCalls({ subject, network, watcher, tally }: SimStoreParts, actor: Actor) {
  return {
    setLimit: (change) =>
      network.send({
        actor,
        name: 'setLimit',
        act: () => subject.setLimit(change),
        inspect: () => {
          watcher.limits.noteLimit(change);
          tally.add('limit changed');
          return [];
        },
        describe: (row) =>
          `${change.kind} ${change.name} ${row === undefined ? 'is none' : JSON.stringify(row)}`,
      }),
  } satisfies Partial<Store>;
}

function touchedBy(plan: Plan, result: PlanResult): string[] {
  if (result.outcome !== 'ok') return [plan.runId];
  const targets = result.deliveries.flatMap((delivery) => ('runId' in delivery ? [delivery.runId] : []));
  return [plan.runId, ...result.starts.map(({ runId }) => runId), ...targets, ...told(result.grants)];
}

function describePlan(plan: Plan, result: PlanResult): string {
  const events = plan.history === undefined ? '' : typesOf(plan.history);
  const place = `${short(plan.runId)}@${plan.epoch}.${plan.version}`;
  const next = plan.next.kind === 'close' ? plan.next.status : plan.next.kind;
  const starts =
    plan.starts.length === 0 ? '' : ` starts ${plan.starts.map(({ runId }) => short(runId)).join(' ')}`;
  return `${place} [${events}] ${next}${starts}: ${result.outcome}`;
}

const DECODER = new TextDecoder();

function typesOf(history: Uint8Array): string {
  const heads = DECODER.decode(history).matchAll(/"type":"([a-z-]+)"(?:,"ordinal":(\d+))?/g);
  return [...heads]
    .map(([, type, ordinal]) => (ordinal === undefined ? type : `${type} ${ordinal}`))
    .join(', ');
}

/** The random end of a run id tells runs apart. */
function short(runId: string): string {
  return runId.slice(-5);
}

function idsOf(rows: Rows, test: (row: RunRow) => boolean): string[] {
  const found: string[] = [];
  for (const [runId, { row }] of rows) if (test(row)) found.push(runId);
  return found;
}

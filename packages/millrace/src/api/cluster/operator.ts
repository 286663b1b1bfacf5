import type { Act } from '../../core/audit/act.ts';
import type { ClusterDescription } from '../../core/cluster/describe-cluster.ts';
import type { FailoverDescription } from '../../core/cluster/describe-failover.ts';
import type { LimitDescription, QueueDescription } from '../../core/limits/describe-queue.ts';
import type { LockDescription } from '../../core/locks/describe-lock.ts';
import type { RuleOptions } from '../../core/placement/rule.ts';
import type { StrategyName } from '../../core/placement/strategy.ts';
import type { RunDescription } from '../../core/reading/describe-run.ts';
import type { Library } from '../../engine/claim/repertoire.ts';
import type { Engine } from '../../engine/engine.ts';
import type { EngineOptions } from '../../engine/options.ts';
import type { Ports } from '../../engine/ports.ts';
import type { StoreClock } from '../../engine/store-clock.ts';
import type { Store } from '../../store/port/store.ts';
import { declareDead, orderDrain } from './act.ts';
import { readCluster, readFailovers, type FailoversFilter } from './look.ts';
import type { InstanceChoice, InstanceWish, Selector } from './select.ts';
import { putStrategy, readStrategy, type StrategyDescription } from './strategy.ts';
import { type AuditFilterOptions, type AuditPage, readAudit } from '../audit/look.ts';
import type { Trail } from '../audit/trail.ts';
import type { Gateway } from '../gateway.ts';
import type { Run } from '../handle.ts';
import { type Keys, openKeys } from '../access/keys.ts';
import { changeLimit, type LimitTarget, type QueueChange, scopeOf } from '../limits/change.ts';
import { type DeadPage, readDead, redriveDead, type Redriven } from '../limits/dead.ts';
import { Observer } from '../changes/observer.ts';
import {
  readAutoscaling,
  describeQueue,
  readLimits,
  readQueues,
  type Autoscaling,
  type QueueDesk,
} from '../limits/look.ts';
import { createQueueReports } from '../limits/queue-reports.ts';
import type { Keeper } from '../locks/keeper.ts';
import { forceLock, readLocks } from '../locks/look.ts';
import { tellGranted } from '../locks/open-keeper.ts';
import { ask } from '../store-failure.ts';

/**
 * What those who run a cluster ask of it and change in it: engines, strategies, locks, queues. It is the store's word, so
 * a process without an engine can do the same.
 */
export abstract class Operator extends Observer {
  abstract readonly store: Store;
  abstract readonly engine: Engine | undefined;
  protected abstract readonly options: EngineOptions;
  protected abstract readonly gateway: Gateway;
  protected abstract readonly selector: Selector;
  protected abstract readonly library: Library;
  protected abstract readonly keeper: Keeper;
  protected abstract readonly trail: Trail;
  protected abstract readonly ports: Ports;
  protected abstract readonly clock: StoreClock;
  private knownQueues: QueueDesk | undefined;
  abstract run(ref: string | { key: string }): Run;

  /** The API keys of this namespace. */
  get keys(): Keys {
    return openKeys(this.store, this.options);
  }

  /** Who is there for this namespace, who leads, and who should be there and is not. */
  cluster(): Promise<ClusterDescription> {
    return readCluster(this.store, this.options, this.library);
  }

  /**
   * Which engine the strategy in force would give a piece of work to, as the engines stand now, and why; nothing is
   * reserved. What it answered counts when it is asked again.
   * @param wish - `{ workflow }` or `{ executor }`, and what it asks of an engine.
   * @throws INVALID_ARGUMENT, UNKNOWN_OPTION.
   */
  selectInstance(wish: InstanceWish): Promise<InstanceChoice> {
    return this.selector(wish);
  }

  /** By which strategy runs are placed, and how the one in the shadow compares with it. */
  strategy(): Promise<StrategyDescription> {
    return readStrategy(this.store, this.options.strategy);
  }

  /**
   * Sets the strategy of all engines; each follows with its next beat. What is left out is not set: without `shadow`
   * none is compared, without `queues` no queue has a strategy of its own.
   * @param strategy - null: each engine goes by its own option `strategy` again.
   * @throws INVALID_ARGUMENT, UNKNOWN_OPTION.
   */
  async setStrategy(strategy: StrategyName | null, options: RuleOptions = {}): Promise<StrategyDescription> {
    await putStrategy(this.store, strategy, options);
    return this.strategy();
  }

  /** Engines of this namespace that were declared dead, newest first. `next` is the `before` of the next page. */
  failovers(
    filter: FailoversFilter = {},
  ): Promise<{ failovers: FailoverDescription[]; next: string | undefined }> {
    return readFailovers(this.store, this.options.namespace, filter);
  }

  /**
   * Tells an engine to leave in good order: within a beat it takes nothing new, lets running steps end, and leaves.
   * @param engine - its name, its incarnation, or the first 8 or more characters of that.
   * @returns the incarnation that was told. @throws ENGINE_NOT_FOUND, INVALID_ARGUMENT.
   */
  async drain(engine: string): Promise<{ engineId: string; incarnation: string }> {
    const { name, engineId } = await orderDrain(this.store, this.options.namespace, engine);
    return { engineId: name, incarnation: engineId };
  }

  /**
   * Declares an engine dead: what it owns is queued again, and whatever it still writes is refused. Nothing is held
   * against its runs. One that lives comes back as a new incarnation.
   * @param engine - as for `drain`.
   * @throws ENGINE_NOT_FOUND, INVALID_ARGUMENT.
   */
  async failover(engine: string): Promise<{ engineId: string; incarnation: string; requeued: number }> {
    const { namespace, deathLimit } = this.options;
    const { row, requeued } = await declareDead(this.store, namespace, engine, deathLimit);
    this.gateway.hintReady();
    return { engineId: row.name, incarnation: row.engineId, requeued };
  }

  /**
   * Writes down that somebody did something, or tried to, in the audit log of the namespace. Resolves when it is stored;
   * where the store does not take it within 2 s, it is kept in memory and stored later. Never rejects.
   */
  record(act: Act): Promise<void> {
    return this.trail.record(act);
  }

  /** The audit log of the namespace, newest first. `next` is the `before` of the next page. @throws INVALID_ARGUMENT. */
  audit(filter: AuditFilterOptions = {}): Promise<AuditPage> {
    return readAudit(this.store, this.options.namespace, filter);
  }

  /** Locks that are held or waited for in this namespace, by name. */
  locks(): Promise<LockDescription[]> {
    return readLocks(this.store, this.options.namespace);
  }

  /**
   * Takes a lock from whoever holds it and gives it to whoever waits. What its holder still does is not stopped: the
   * resource must refuse its token. @throws LOCK_NOT_HELD, INVALID_ARGUMENT.
   */
  async releaseLock(name: string): Promise<void> {
    tellGranted(this.store, this.engine, await forceLock(this.store, this.options.namespace, name));
    this.keeper.nudge();
  }

  private get queueDesk(): QueueDesk {
    const { store, ports, clock } = this;
    const { namespace } = this.options;
    this.knownQueues ??= {
      ...{ store, namespace, reports: createQueueReports(store, namespace, ports) },
      storeTime: () => clock.upper(),
    };
    return this.knownQueues;
  }

  /** The queues of the namespace that have open runs or limits, by name. */
  queues(): Promise<QueueDescription[]> {
    return readQueues(this.queueDesk);
  }

  /** How many runs of the namespace are open, tasks among them; counts to `limit` and no further. */
  countOpen(limit: number): Promise<number> {
    return ask(() => this.store.countOpen(this.options.namespace, limit));
  }

  /** How many engines a queue wants, for an autoscaler. */
  autoscaling(queue = 'default'): Promise<Autoscaling> {
    return readAutoscaling(this.queueDesk, queue);
  }

  /** The limits of the namespace: of all, of queues, workflows and keys, those left out that only runs brought along. */
  limits(): Promise<LimitDescription[]> {
    return readLimits(this.store, this.options.namespace);
  }

  /**
   * Changes how a queue is worked on, at once and on all engines; what is left out stays, `null` takes a limit away.
   * What holds a grant already goes on. @throws INVALID_ARGUMENT, UNKNOWN_OPTION.
   * @param options.by - who changes it; default: the name of this engine.
   */
  async setQueue(
    queue: string,
    change: QueueChange,
    options: { by?: string | undefined } = {},
  ): Promise<QueueDescription> {
    const { namespace, name } = this.options;
    const { by = name } = options;
    await changeLimit(this.store, { namespace, by, scope: { kind: 'queue', name: queue }, change });
    this.gateway.hintReady();
    return describeQueue(this.queueDesk, queue);
  }

  /** The same for `{workflow}`, `{key}`, `{queue}`, or `'all'` of the namespace. @throws as `setQueue`. */
  async setLimit(scope: LimitTarget, change: QueueChange): Promise<LimitDescription | null> {
    const { namespace, name: by } = this.options;
    const limit = await changeLimit(this.store, { namespace, by, scope: scopeOf(scope), change });
    this.gateway.hintReady();
    return limit;
  }

  /** Runs of a queue that failed, or were quarantined; newest first. `next` is the `before` of the next page. */
  deadLetters(
    queue: string,
    page: DeadPage = {},
  ): Promise<{ runs: RunDescription[]; next: string | undefined }> {
    return readDead(this.store, { namespace: this.options.namespace, queue }, page);
  }

  /**
   * Lets the dead letters of a queue go on as `retry` does, the newest first.
   * @param options.limit - how many at most; default 1,000.
   */
  redrive(queue: string, options: { limit?: number } = {}): Promise<Redriven> {
    const of = { namespace: this.options.namespace, queue };
    return redriveDead(this.store, of, options.limit ?? 1_000, (runId) => this.run(runId).retry());
  }
}

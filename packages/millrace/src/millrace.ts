import { hash } from 'node:crypto';
import { hostname } from 'node:os';
import { isMillraceError, MillraceError } from './core/errors.ts';
import { durationMs } from './core/duration.ts';
import { runIdOf } from './core/ids.ts';
import { describeRun, type RunDescription } from './core/reading/describe-run.ts';
import type { PreflightReport } from './core/rehearsal/report.ts';
import { dedupOf, encodeMessage } from './core/run/message.ts';
import { encodeFailure } from './core/run/outcome.ts';
import { failureOf } from './core/failure.ts';
import type { PoolState } from './core/pool/state.ts';
import type { Signal } from './core/workflow/signal.ts';
import { readToken } from './core/workflow/token.ts';
import { checkInput, hasSchema } from './core/workflow/check-input.ts';
import type { AnyWorkflow, InputOf, NamedWorkflow, OutputOf } from './core/workflow/workflow.ts';
import { actingStore } from './api/audit/acting-store.ts';
import { createTrail, type Trail } from './api/audit/trail.ts';
import { createClientPlacing, type ClientPlacing } from './api/cluster/client-placing.ts';
import { createSelector, type Selector } from './api/cluster/select.ts';
import { whileHeld, type HeldLock } from './api/locks/hold.ts';
import type { Keeper } from './api/locks/keeper.ts';
import { openKeeper } from './api/locks/open-keeper.ts';
import { openObservatory, type Observatory } from './api/changes/observer.ts';
import { createDesk, type Desk } from './api/desk.ts';
import { engineListener } from './api/engine/listener.ts';
import { createGateway, type Gateway } from './api/gateway.ts';
import { createPausing } from './api/pausing/pause.ts';
import { runHandle, type Run } from './api/handle.ts';
import { checkedKeys, engineOptions, type MillraceOptions } from './api/options.ts';
import { preflightParts, type PreflightOptions } from './api/preflight/options.ts';
import { preflight } from './api/preflight/preflight.ts';
import { createResults, type Results } from './api/results.ts';
import { ask, callersPatience } from './api/store-failure.ts';
import { startOutcome, type StartOutcome } from './api/run/start-outcome.ts';
import {
  checkWorkflow,
  refusalOf,
  isPlaced,
  startRequest,
  type StartFacts,
  type StartOptions,
} from './api/start-request.ts';
import { createReplies } from './api/update.ts';
import { startChores } from './cluster/leader.ts';
import { createPlacing } from './cluster/placement.ts';
import { reportPool } from './core/cluster/pool-report.ts';
import type { LockOptions } from './core/locks/lock-options.ts';
import type { Library } from './engine/claim/repertoire.ts';
import { Engine } from './engine/engine.ts';
import { createOutage, watchStore } from './engine/outage.ts';
import type { EngineOptions } from './engine/options.ts';
import type { Loop } from './engine/loop.ts';
import type { Ports } from './engine/ports.ts';
import { createStoreClock, type StoreClock } from './engine/store-clock.ts';
import { nodePorts } from './ports/node-ports.ts';
import { openExecutors } from './open-executors.ts';
import { realPorts, silent } from './ports/real-ports.ts';
import { DEFAULT_STORE, openExisting, openStore, withPayloadKeys } from './open-store.ts';
import type { Pool } from './pool/pool.ts';
import { chooseWorkflow, chosenAtOnce, type StartName } from './versions/acts/choose.ts';
import type { VersionDesk } from './versions/desk.ts';
import { startGuard } from './versions/guard-chore.ts';
import { openVersions, refuseDuplicates } from './versions/open-versions.ts';
import { Publisher } from './versions/publisher.ts';
import { nodeReader, storedDefinitions } from './versions/read-nodes.ts';
import type { DeliveryResult, RunFilter, StartRequest, StartResult, Store } from './store/port/store.ts';

export interface RunsFilter extends Partial<Omit<RunFilter, 'namespace'>> {}

/** One start of `startMany`. */
export interface StartItem<W extends AnyWorkflow | StartName = AnyWorkflow> extends Omit<
  StartOptions,
  'transaction'
> {
  workflow: W;
  input: InputOf<W>;
}

export interface SignalWithStartOptions<T> extends Omit<StartOptions, 'transaction'> {
  key: string;
  signal: Signal<T> | string;
  payload: T;
  /** The same `id` twice is one signal. */
  id?: string | undefined;
}

/**
 * An open store, and an engine that works on it unless told otherwise. Made by `Millrace.open`; several can
 * live in one process.
 */
export class Millrace extends Publisher {
  readonly store: Store;
  /** The engine of this process; undefined for a client (`work: false`). */
  readonly engine: Engine | undefined;
  protected readonly ports: Ports;
  protected readonly options: EngineOptions;
  protected readonly clock: StoreClock;
  private readonly desk: Desk;
  private readonly facts: StartFacts;
  private readonly results: Results;
  protected readonly gateway: Gateway;
  protected readonly selector: Selector;
  /** Where a client's runs shall begin; an engine has a placer of its own. */
  private readonly clientPlacing: ClientPlacing | undefined;
  protected readonly keeper: Keeper;
  protected readonly trail: Trail;
  readonly observatory: Observatory;
  protected readonly versions: VersionDesk;
  protected readonly library: Library;
  private readonly workers: Pool | undefined;
  private readonly ownsStore: boolean;
  private chores: readonly Loop[] = [];
  private stopHints: () => void = () => {};
  private closing: Promise<void> | undefined;

  /**
   * Opens the store, brings its schema up to date and starts working.
   * @throws STORE_URL, STORE_UNREACHABLE, STORE_NOT_WRITABLE, STORE_SCHEMA_NEWER, DUPLICATE_REGISTRATION,
   *   INVALID_ARGUMENT, UNKNOWN_OPTION, WORKER_CRASHED.
   */
  static async open(options: MillraceOptions = {}): Promise<Millrace> {
    const resolved = engineOptions(options, () => process.env['NODE_ID'] ?? `${hostname()}-${process.pid}`);
    const url = options.store ?? process.env['DATABASE_URL'] ?? DEFAULT_STORE;
    const store = typeof url === 'string' ? await ask(() => openStore(url)) : url;
    const ports = options.ports ?? realPorts(options, resolved, typeof url === 'string' ? url : undefined);
    let pool: Pool | undefined;
    try {
      await ask(() => store.migrate({ midStep: () => ports.crashPoint('migrate.mid') }));
      const work = options.work ?? true;
      // A client executes nothing: it needs neither functions nor processes for them.
      const isolation = work ? await openExecutors(ports, resolved) : { executors: {}, pool: undefined };
      ({ pool } = isolation);
      const parts = {
        store: withPayloadKeys(store, resolved.payloadKeys, resolved.namespace),
        ports,
        options: { ...resolved, executors: isolation.executors, reportPool: reporterOf(pool) },
        pool,
        work,
        actor: resolved.actor,
        ownsStore: typeof url === 'string',
      };
      const millrace = new Millrace(parts);
      await millrace.begin();
      return millrace;
    } catch (error) {
      await pool?.close(0);
      if (typeof url === 'string') await store.close();
      throw error;
    }
  }

  /**
   * Holds every open run of these workflows against them, as a build that is not deployed yet: which runs would break, and
   * where. Reads only, and calls no step; but the programs run in this thread (docs/guides/preflight.md).
   * @throws STORE_UNREACHABLE, UNKNOWN_WORKFLOW, UNKNOWN_VERSION, DUPLICATE_REGISTRATION, INVALID_ARGUMENT.
   */
  static async preflight(options: PreflightOptions): Promise<PreflightReport> {
    const parts = preflightParts(options, nodePorts(silent).drained);
    const keys = checkedKeys(options.payloadKeys, 'preflight');
    const url = options.store ?? process.env['DATABASE_URL'] ?? DEFAULT_STORE;
    if (typeof url !== 'string') return preflight(withPayloadKeys(url, keys, parts.namespace), parts);
    const store = await ask(() => openExisting(url));
    try {
      return await preflight(withPayloadKeys(store, keys, parts.namespace), parts);
    } finally {
      await store.close();
    }
  }

  private constructor(parts: Parts) {
    super();
    const { ports, options } = parts;
    const outage = createOutage(ports);
    const watched = watchStore(parts.store, outage);
    const { namespace } = options;
    this.trail = createTrail({ store: watched, ports, namespace, storeTime: () => this.clock.upper() });
    const { actor } = parts;
    const store = actor === undefined ? watched : actingStore(watched, actor, (act) => this.record(act));
    this.store = store;
    this.ports = ports;
    this.options = options;
    this.workers = parts.pool;
    this.ownsStore = parts.ownsStore;
    const replies = createReplies();
    const isHere = (runId: string): boolean => this.engine?.held.has(runId) ?? false;
    this.results = createResults({ store, ports, namespace, isHere });
    this.observatory = openObservatory(store, ports, options.namespace);
    if (parts.work) {
      const { results, observatory, meters: meter } = this;
      const listener = engineListener({ results, replies, outage, observatory, meter });
      const engine = new Engine(store, ports, options, listener);
      engine.placing = createPlacing(engine);
      this.engine = engine;
    }
    this.clock = this.engine?.clock ?? createStoreClock(() => ports.clock.mono());
    const { clock, engine } = this;
    const answered = callersPatience(ports, () => this.closing !== undefined);
    this.versions = openVersions({ store, ports, options, clock, engine, answered });
    const { catalogue: library } = this.versions;
    this.library = library;
    if (engine === undefined) this.clientPlacing = createClientPlacing(store, ports, options, library);
    this.selector = createSelector(store, options, library);
    this.gateway = createGateway(engine?.store ?? store, ports, engine, answered);
    const { name: engineName, maxPayloadBytes, stickyMs } = options;
    const { results, gateway } = this;
    this.keeper = openKeeper({ store, ports, options, engine, meter: this.meters });
    const readNodes = nodeReader(storedDefinitions(store), ports.drained);
    const pausing = createPausing(engine?.store ?? store, engine, answered, gateway.hintReady);
    const callers = { results, replies, gateway, pausing, outage, clock, library, readNodes };
    const bounds = { namespace, maxPayloadBytes, stickyMs };
    this.desk = createDesk({ store, ports, ...callers, engineName, ...bounds });
    this.facts = this.startFacts();
  }

  private async begin(): Promise<void> {
    if (this.engine === undefined) await this.sampleClock();
    else {
      await ask(() => this.library.look());
      refuseDuplicates(this.versions);
      await this.engine.start();
      const { ports, engine, versions } = this;
      this.chores = [startChores(ports, engine), startGuard(engine, versions.catalogue)];
    }
    this.stopHints =
      this.store.hints?.receive(({ kind }) => {
        if (kind === 'closed' || kind === 'ready') this.observatory.nudge();
        if (kind === 'closed') this.results.nudge();
        else if (kind === 'locks') this.keeper.nudge();
      }) ?? (() => {});
  }

  /** A client has no beat; the list of engines tells it the store's time. */
  private async sampleClock(): Promise<void> {
    const sent = this.ports.clock.mono();
    const { storeTime } = await this.store.listEngines();
    this.clock.sample(sent, this.ports.clock.mono(), storeTime);
  }

  /**
   * Starts a run. When it resolves the run is durable.
   * @param workflow - what `workflow()` returned; `name@version`, or `{ name, version }`, of one that is deployed or that
   *   other engines have; or a name alone: the version is then chosen by its route, else it is the highest.
   * @throws INVALID_INPUT, INVALID_ARGUMENT, UNKNOWN_WORKFLOW, UNKNOWN_VERSION, EXPRESSION, KEY_IN_USE, QUEUE_FULL,
   *   NOT_SERIALIZABLE, PAYLOAD_TOO_LARGE, STORE_UNREACHABLE.
   */
  async start<W extends AnyWorkflow | StartName>(
    workflow: W,
    input: InputOf<W>,
    options: StartOptions = {},
  ): Promise<Run<OutputOf<W>>> {
    const request = await this.request(workflow, input, options);
    const { transaction } = options;
    if (transaction === undefined) return this.started(await this.gateway.start(request), request);
    const [result] = await ask(() => this.store.startRuns([request], transaction));
    return this.started(result as StartResult, request);
  }

  /**
   * Starts many runs with as few round trips as possible; rejects with the first refusal, the others stand.
   */
  async startMany<W extends AnyWorkflow>(items: readonly StartItem<W>[]): Promise<Run<OutputOf<W>>[]> {
    const requests = await Promise.all(
      items.map(async ({ workflow, input, ...options }) => this.request(workflow, input, options)),
    );
    const results = await Promise.all(requests.map((request) => this.gateway.start(request)));
    return results.map((result, at) => this.started(result, requests[at] as StartRequest));
  }

  /** Starts many runs, each of which is refused alone; outcomes in the order of the items. */
  startEach(items: readonly StartItem<AnyWorkflow | StartName>[]): Promise<StartOutcome[]> {
    return Promise.all(
      items.map(async ({ workflow, input, ...options }) => {
        try {
          const request = await this.request(workflow, input, options);
          const result = await this.gateway.start(request);
          return startOutcome(this.started(result, request), result, request);
        } catch (error) {
          if (isMillraceError(error)) return { refusal: error };
          throw error;
        }
      }),
    );
  }

  /**
   * Gives a signal to the run of a key, which is started if there is none that is open: both or neither.
   * A run that is there keeps its own input. @throws as `start`, RUN_CLOSED with `reuse: 'return'`.
   */
  async signalWithStart<W extends AnyWorkflow, T>(
    workflow: W,
    input: InputOf<W>,
    options: SignalWithStartOptions<T>,
  ): Promise<Run<OutputOf<W>>> {
    const { signal, payload: value, id = this.ports.uuid(), ...start } = options;
    const request = await this.request(workflow, input, { reuse: 'allow', ...start });
    const name = this.desk.checkedName('signal', typeof signal === 'string' ? signal : signal.signal);
    const payload = this.desk.encode(value, `payload of signal "${name}"`);
    const message = { kind: 'signal', id, name, payload } as const;
    const { stickyMs: windowMs } = this.options;
    request.message = { dedup: dedupOf(message), body: encodeMessage(message), windowMs };
    for (;;) {
      const result = await this.gateway.start(request);
      const run = this.started<OutputOf<W>>(result, request);
      if (!('delivery' in result) || result.delivery?.outcome !== 'run-closed') return run;
      // It closed between the look at the key and the delivery: by now the key is free, unless it stays its own.
      if (isFreed(result.delivery, request)) continue;
      // To the run that it continued as, or to nobody.
      await this.desk.send(result, message);
      return run;
    }
  }

  /** The handle of an existing run; does no I/O. */
  run<O = unknown>(ref: string | { key: string }): Run<O> {
    return runHandle<O>(this.desk, typeof ref === 'string' ? { runId: ref } : { key: ref.key });
  }

  /**
   * A page of runs, newest first; `next` is the `before` of the next page. `input`, `output` and `error` are
   * null in it, whatever became of the runs: those of a page could be gigabytes. `run(runId).describe()` has
   * them.
   */
  async runs(filter: RunsFilter = {}): Promise<{ runs: RunDescription[]; next: string | undefined }> {
    const { limit = 50 } = filter;
    const { namespace } = this.options;
    const page = await ask(() => this.store.listRuns({ ...filter, limit, namespace }));
    return { runs: page.runs.map((row) => describeRun(row, [])), next: page.next };
  }

  /**
   * Takes a lock that all share who name it, processes and runs, and renews it while this process lives: until `work`
   * has ended, whose value is the result, or until `release`. What it promises and what not: docs/guides/locks.md.
   * @throws LOCK_TIMEOUT, LOCK_LOST (before `work` had ended), INVALID_ARGUMENT, STORE_UNREACHABLE, ENGINE_CLOSED.
   */
  lock<T>(name: string, work: (lock: HeldLock) => T | Promise<T>, options?: LockOptions): Promise<T>;
  lock(name: string, options?: LockOptions): Promise<HeldLock>;
  async lock<T>(
    name: string,
    work?: ((lock: HeldLock) => T | Promise<T>) | LockOptions,
    options?: LockOptions,
  ): Promise<T | HeldLock> {
    if (typeof work !== 'function') return this.keeper.lock(name, work);
    return whileHeld(await this.keeper.lock(name, options), work);
  }

  /** Resolves when the engine of this process has left: it was told to, or closed. A client has none that could. */
  get departed(): Promise<void> {
    return this.engine?.departed ?? Promise.resolve();
  }

  /**
   * Provides the result that `ctx.external` waits for. The first answer counts. @throws INVALID_TOKEN,
   * RUN_CLOSED.
   */
  async complete(token: string, value?: unknown): Promise<void> {
    const { runId, ordinal, name } = readToken(token);
    const payload = this.desk.encode(value, `result of external "${name}"`);
    await this.desk.send({ runId }, { kind: 'external', ordinal, name, ok: true, payload });
  }

  /** Lets what `ctx.external` waits for fail. @throws INVALID_TOKEN, RUN_CLOSED. */
  async fail(token: string, error: unknown): Promise<void> {
    const { runId, ordinal, name } = readToken(token);
    const payload = encodeFailure(failureOf(error));
    await this.desk.send({ runId }, { kind: 'external', ordinal, name, ok: false, payload });
  }

  /**
   * The worker processes of this engine's isolated executors, what waits for them, and what the pool decided
   * lately and why; undefined where there is no such executor.
   */
  pool(): PoolState | undefined {
    return this.workers?.state();
  }

  /**
   * Drains: takes nothing new, lets running steps end for at most `grace` (default 10 s), gives the rest
   * back. Safe to call twice.
   */
  close(options: { grace?: number | string } = {}): Promise<void> {
    this.closing ??= this.shut(durationMs(options.grace ?? 10_000, 'close, grace'));
    return this.closing;
  }

  private async shut(graceMs: number): Promise<void> {
    this.stopHints();
    const { clock } = this.ports;
    const begunAt = clock.mono();
    await this.keeper.close();
    await Promise.all(this.chores.map((chore) => chore.stop()));
    await this.engine?.close(graceMs);
    await this.workers?.close(graceMs - (clock.mono() - begunAt));
    await this.results.stop();
    await this.trail.stop();
    await this.observatory.stop();
    if (this.ownsStore) await this.store.close();
  }

  /** At once, unless something has to be asked for before. */
  private request(
    workflow: AnyWorkflow | StartName,
    input: unknown,
    options: StartOptions,
  ): StartRequest | Promise<StartRequest> {
    if (this.closing !== undefined) throw new MillraceError('ENGINE_CLOSED', 'start after close');
    checkWorkflow(workflow);
    if (isProgram(workflow)) return this.requestFor(workflow, { input, options, facts: this.facts });
    // A roll-out is drawn by the key, or by the id that the run then has.
    const runId = this.facts.newRunId();
    const start = { input, options, facts: { ...this.facts, newRunId: () => runId } };
    const key = options.key ?? runId;
    const chosen = chosenAtOnce(this.versions, workflow, key);
    if (chosen !== undefined) return this.requestFor(chosen, start);
    return chooseWorkflow(this.versions, workflow, key).then((found) => this.requestFor(found, start));
  }

  private requestFor(
    workflow: AnyWorkflow | NamedWorkflow,
    { input, options, facts }: Start,
  ): StartRequest | Promise<StartRequest> {
    const look = isPlaced(options) ? this.clientPlacing?.look() : undefined;
    if (look === undefined && !hasSchema(workflow)) return startRequest(workflow, input, options, facts);
    return Promise.all([checkInput(workflow, input), look]).then(([checked]) =>
      startRequest(workflow, checked, options, facts),
    );
  }

  private startFacts(): StartFacts {
    const { engine } = this;
    const { namespace } = this.options;
    const placeFor: StartFacts['placeFor'] = (run) => {
      if (engine === undefined) return { assignTo: this.clientPlacing?.place(run) };
      const place = engine.place(run);
      if (typeof place === 'object') return { assignTo: place };
      const takes = engine.canRun(run.workflow, run.workflowVersion, run.queue) && engine.freeSlots() > 0;
      return { owner: place === 'self' && takes ? engine.engineId : undefined };
    };
    return {
      namespace,
      engineName: this.options.name,
      dedupMs: this.options.dedupMs,
      storeTime: () => this.clock.upper(),
      newRunId: () => runIdOf(Math.floor(this.clock.upper()), 0, () => this.ports.random()),
      newCommitId: () => this.desk.newCommitId(),
      encode: (value, where) => this.desk.encode(value, where),
      hash: (text) => hash('sha256', text, 'base64url'),
      entryOf: (act) => this.trail.entryOf(act),
      placeFor,
    };
  }

  private started<O>(result: StartResult, request: StartRequest): Run<O> {
    const refusal = refusalOf(result, request);
    if (refusal !== undefined) throw refusal;
    return runHandle<O>(this.desk, { runId: result.runId }, true);
  }
}

interface Start {
  readonly input: unknown;
  readonly options: StartOptions;
  readonly facts: StartFacts;
}

interface Parts {
  store: Store;
  ports: Ports;
  options: EngineOptions;
  work: boolean;
  actor: string | undefined;
  pool: Pool | undefined;
  ownsStore: boolean;
}

function isProgram(workflow: AnyWorkflow | StartName): workflow is AnyWorkflow {
  return typeof workflow === 'object' && 'run' in workflow;
}

function reporterOf(pool: Pool | undefined): EngineOptions['reportPool'] {
  return pool && (() => reportPool(pool.state()));
}

/** Whether a run that has closed leaves its key to this start. */
function isFreed({ status, successor }: RunClosed, { reuse }: StartRequest): boolean {
  if (successor !== undefined) return false;
  return reuse === 'allow' || (reuse === 'allow-failed' && status !== 'completed');
}

type RunClosed = Extract<DeliveryResult, { outcome: 'run-closed' }>;

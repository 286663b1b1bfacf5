import { hash } from 'node:crypto';
import { hostname } from 'node:os';
import { MillraceError } from './core/errors.ts';
import { durationMs } from './core/duration.ts';
import { runIdOf } from './core/ids.ts';
import { checkName } from './core/names.ts';
import { describeRun, type RunDescription } from './core/reading/describe-run.ts';
import { placedEvents } from './core/reading/history-items.ts';
import { dedupOf, encodeMessage } from './core/run/message.ts';
import { encodeFailure } from './core/run/outcome.ts';
import { failureOf } from './core/failure.ts';
import type { Signal } from './core/workflow/signal.ts';
import { readToken } from './core/workflow/token.ts';
import { checkInput } from './core/workflow/check-input.ts';
import type { AnyWorkflow, InputOf, OutputOf } from './core/workflow/workflow.ts';
import { deliverMessage, notFound, type Desk } from './api/desk.ts';
import { runHandle, type Run } from './api/handle.ts';
import { engineOptions, type MillraceOptions } from './api/options.ts';
import { createResults, type Results } from './api/results.ts';
import { ask } from './api/store-failure.ts';
import { startRequest, type StartFacts, type StartOptions } from './api/start-request.ts';
import { createReplies } from './api/update.ts';
import { Engine } from './engine/engine.ts';
import { group } from './engine/commit/group.ts';
import { persist } from './engine/commit/persist.ts';
import type { EngineOptions } from './engine/options.ts';
import { encodePayload } from './engine/payload.ts';
import type { EngineLog, Ports } from './engine/ports.ts';
import { createStoreClock, type StoreClock } from './engine/store-clock.ts';
import { settleDeliveries, settleStarts } from './engine/turn/effects.ts';
import { nodePorts } from './node-ports.ts';
import { DEFAULT_STORE, openStore } from './open-store.ts';
import type { DeliveryResult, Message, RunFilter, StartRequest, StartResult, Store } from './store/port/store.ts';

export interface RunsFilter extends Partial<Omit<RunFilter, 'namespace'>> {}

/** One start of `startMany`. */
export interface StartItem<W extends AnyWorkflow = AnyWorkflow> extends Omit<StartOptions, 'transaction'> {
  workflow: W;
  input: InputOf<W>;
}

/** A caller waits this long for a store that does not answer; engines wait for ever. */
const GIVE_UP_MS = 30_000;
const MAX_STARTS = 500;
const MAX_FLUSH_BYTES = 4 * 1024 * 1024;

/**
 * An open store, and an engine that works on it unless told otherwise. Made by `Millrace.open`; several can live in
 * one process.
 */
export class Millrace {
  readonly store: Store;
  /** The engine of this process; undefined for a client (`work: false`). */
  readonly engine: Engine | undefined;
  private readonly ports: Ports;
  private readonly options: EngineOptions;
  private readonly clock: StoreClock;
  private readonly desk: Desk;
  private readonly results: Results;
  private readonly submit: (request: StartRequest) => Promise<StartResult>;
  private readonly deliver: (message: Message) => Promise<DeliveryResult>;
  private readonly ownsStore: boolean;
  private stopHints: () => void = () => {};
  private closing: Promise<void> | undefined;

  /**
   * Opens the store, brings its schema up to date and starts working.
   * @throws STORE_URL, STORE_UNREACHABLE, STORE_NOT_WRITABLE, STORE_SCHEMA_NEWER, DUPLICATE_REGISTRATION,
   *   INVALID_ARGUMENT, UNKNOWN_OPTION.
   */
  static async open(options: MillraceOptions = {}): Promise<Millrace> {
    const resolved = engineOptions(options, () => process.env['NODE_ID'] ?? `${hostname()}-${process.pid}`);
    const url = options.store ?? process.env['DATABASE_URL'] ?? DEFAULT_STORE;
    const store = typeof url === 'string' ? await ask(() => openStore(url)) : url;
    const ports = options.ports ?? nodePorts(options.log ?? silent);
    try {
      await store.migrate({ midStep: () => ports.crashPoint('migrate.mid') });
      const millrace = new Millrace(store, ports, resolved, options.work ?? true, typeof url === 'string');
      await millrace.begin();
      return millrace;
    } catch (error) {
      if (typeof url === 'string') await store.close();
      throw error;
    }
  }

  private constructor(store: Store, ports: Ports, options: EngineOptions, work: boolean, ownsStore: boolean) {
    this.store = store;
    this.ports = ports;
    this.options = options;
    this.ownsStore = ownsStore;
    const replies = createReplies();
    this.results = createResults(store, ports, (runId) => this.engine?.held.has(runId) ?? false);
    if (work) {
      this.engine = new Engine(store, ports, options, {
        closed: (runId, standing) =>
          this.results.settle(runId, {
            status: standing.kind,
            payload: standing.payload,
            successor: standing.kind === 'continued' ? standing.successor : undefined,
          }),
        replied: (_runId, id, ok, payload) => replies.settle(id, { ok, payload }),
        wantsReplies: () => replies.any(),
      });
    }
    this.clock = this.engine?.clock ?? createStoreClock(() => ports.clock.mono());
    const givesUp = (): (() => boolean) => {
      const until = ports.clock.mono() + GIVE_UP_MS;
      return () => this.closing !== undefined || ports.clock.mono() > until;
    };
    this.submit = group<StartRequest, StartResult>({
      ...{ lanes: 1, maxItems: MAX_STARTS, maxBytes: MAX_FLUSH_BYTES, soon: ports.soon },
      weigh: (request) => request.history.byteLength,
      send: async (requests) => {
        ports.crashPoint('start.before-commit');
        this.limitOwned(requests);
        const results = await ask(() => persist(ports, () => store.startRuns(requests), givesUp()));
        ports.crashPoint('start.after-commit-before-reply');
        this.settleStarts(requests, results);
        return results;
      },
    });
    this.deliver = group<Message, DeliveryResult>({
      ...{ lanes: 1, maxItems: MAX_STARTS, maxBytes: MAX_FLUSH_BYTES, soon: ports.soon },
      weigh: (message) => message.body.byteLength,
      send: async (messages) => {
        const results = await ask(() => persist(ports, () => store.deliver(messages, this.adopter()), givesUp()));
        ports.crashPoint('signal.after-commit-before-reply');
        this.settleDeliveries(messages, results);
        return results;
      },
    });
    this.desk = {
      store,
      ports,
      replies,
      results: this.results,
      engineName: options.name,
      encode: (value, where) => this.encode(value, where),
      checkedName: (kind, name) => {
        checkName(kind, name);
        return name;
      },
      newCommitId: () => this.newCommitId(),
      storeTime: () => this.clock.lower(),
      readRun: async (ref) => {
        const [row] = await ask(() => store.readRuns([ref]));
        if (row === undefined) throw notFound(ref);
        return row;
      },
      facts: async () => {
        const { storeTime, engines } = await ask(() => store.listEngines());
        return { now: storeTime, engines: engines.map(({ name, load }) => ({ name, ...advertised(load) })) };
      },
      send: (ref, message) => deliverMessage(this.deliver, ref, message),
      requeued: () => this.hintReady(),
    };
  }

  private async begin(): Promise<void> {
    if (this.engine !== undefined) await this.engine.start();
    else await this.sampleClock();
    this.stopHints = this.store.hints?.receive(({ kind }) => kind === 'closed' && this.results.nudge()) ?? (() => {});
  }

  /** A client has no beat; the list of engines tells it the store's time. */
  private async sampleClock(): Promise<void> {
    const sent = this.ports.clock.mono();
    const { storeTime } = await this.store.listEngines();
    this.clock.sample(sent, this.ports.clock.mono(), storeTime);
  }

  /**
   * Starts a run. When it resolves the run is durable.
   * @throws INVALID_INPUT, INVALID_ARGUMENT, UNKNOWN_WORKFLOW, KEY_IN_USE, NOT_SERIALIZABLE, PAYLOAD_TOO_LARGE,
   *   STORE_UNREACHABLE.
   */
  async start<W extends AnyWorkflow>(
    workflow: W,
    input: InputOf<W>,
    options: StartOptions = {},
  ): Promise<Run<OutputOf<W>>> {
    const request = await this.request(workflow, input, options);
    const { transaction } = options;
    if (transaction === undefined) return this.started(await this.submit(request), request);
    const [result] = await ask(() => this.store.startRuns([request], transaction));
    return this.started(result as StartResult, request);
  }

  /** Starts many runs with as few round trips as possible; rejects with the first refusal, the others stand. */
  async startMany<W extends AnyWorkflow>(items: readonly StartItem<W>[]): Promise<Run<OutputOf<W>>[]> {
    const requests = await Promise.all(
      items.map(async ({ workflow, input, ...options }) => this.request(workflow, input, options)),
    );
    const results = await Promise.all(requests.map((request) => this.submit(request)));
    return results.map((result, at) => this.started(result, requests[at] as StartRequest));
  }

  /** Starts the run of a key if there is none, and gives it a signal, both or neither. */
  async signalWithStart<W extends AnyWorkflow, T>(
    workflow: W,
    input: InputOf<W>,
    options: StartOptions & { key: string },
    signal: Signal<T> | string,
    payload: T,
    { id = this.ports.uuid() }: { id?: string } = {},
  ): Promise<Run<OutputOf<W>>> {
    const request = await this.request(workflow, input, options);
    const name = typeof signal === 'string' ? signal : signal.signal;
    checkName('signal', name);
    const message = { kind: 'signal', id, name, payload: this.encode(payload, `payload of signal "${name}"`) } as const;
    request.fingerprint = undefined;
    request.message = { dedup: dedupOf(message), body: encodeMessage(message) };
    return this.started(await this.submit(request), request);
  }

  /** The handle of an existing run; does no I/O. */
  run<O = unknown>(ref: string | { key: string }): Run<O> {
    if (typeof ref === 'string') return runHandle<O>(this.desk, { runId: ref });
    return runHandle<O>(this.desk, { namespace: this.options.namespace, key: ref.key });
  }

  /** A page of runs, newest first. `next` is the `before` of the next page. */
  async runs(filter: RunsFilter = {}): Promise<{ runs: RunDescription[]; next: string | undefined }> {
    const { limit = 50 } = filter;
    const { namespace } = this.options;
    const page = await ask(() => this.store.listRuns({ ...filter, limit, namespace }));
    const runs = page.runs.map((row) =>
      describeRun(row, row.lastChunk === undefined ? [] : placedEvents([row.lastChunk])),
    );
    return { runs, next: page.next };
  }

  /** Provides the result that `ctx.external` waits for. The first answer counts. @throws INVALID_TOKEN, RUN_CLOSED. */
  async complete(token: string, value?: unknown): Promise<void> {
    const { runId, ordinal, name } = readToken(token);
    const payload = this.encode(value, `result of external "${name}"`);
    await this.desk.send({ runId }, { kind: 'external', ordinal, name, ok: true, payload });
  }

  /** Lets what `ctx.external` waits for fail. @throws INVALID_TOKEN, RUN_CLOSED. */
  async fail(token: string, error: unknown): Promise<void> {
    const { runId, ordinal, name } = readToken(token);
    const payload = encodeFailure(failureOf(error));
    await this.desk.send({ runId }, { kind: 'external', ordinal, name, ok: false, payload });
  }

  /**
   * Drains: takes nothing new, lets running steps end for at most `grace` (default 10 s), gives the rest back.
   * Safe to call twice.
   */
  close(options: { grace?: number | string } = {}): Promise<void> {
    this.closing ??= this.shut(durationMs(options.grace ?? 10_000, 'close, grace'));
    return this.closing;
  }

  private async shut(graceMs: number): Promise<void> {
    this.stopHints();
    await this.engine?.close(graceMs);
    await this.results.stop();
    if (this.ownsStore) await this.store.close();
  }

  private async request(workflow: AnyWorkflow, input: unknown, options: StartOptions): Promise<StartRequest> {
    if (this.closing !== undefined) throw new MillraceError('ENGINE_CLOSED', 'start after close');
    checkWorkflow(workflow);
    return startRequest(workflow, await checkInput(workflow, input), options, this.startFacts(workflow));
  }

  private startFacts(workflow: AnyWorkflow): StartFacts {
    const { engine } = this;
    const mine = engine !== undefined && engine.canRun(workflow.name, workflow.version) && engine.freeSlots() > 0;
    return {
      namespace: this.options.namespace,
      engineName: this.options.name,
      dedupMs: this.options.dedupMs,
      storeTime: this.clock.upper(),
      newRunId: () => runIdOf(Math.floor(this.clock.upper()), 0, () => this.ports.random()),
      newCommitId: () => this.newCommitId(),
      encode: (value, where) => this.encode(value, where),
      hash: (text) => hash('sha256', text, 'base64url'),
      owner: mine ? engine.engineId : undefined,
    };
  }

  private started<O>(result: StartResult, request: StartRequest): Run<O> {
    if (result.outcome !== 'key-in-use') return runHandle<O>(this.desk, { runId: result.runId });
    const what = `key "${request.key}" belongs to run ${result.runId} (${result.status}) with another workflow or input`;
    throw new MillraceError('KEY_IN_USE', what, { details: { runId: result.runId, status: result.status } });
  }

  private settleStarts(requests: readonly StartRequest[], results: readonly StartResult[]): void {
    if (this.engine !== undefined) settleStarts(this.engine, requests, results);
    else if (results.some(({ outcome }) => outcome === 'started')) this.hintReady();
  }
  private settleDeliveries(messages: readonly Message[], results: readonly DeliveryResult[]): void {
    if (this.engine !== undefined) return settleDeliveries(this.engine, messages, results);
    for (const result of results) {
      if (result.outcome !== 'delivered') continue;
      if (result.ownerId === undefined) this.hintReady();
      else this.store.hints?.send({ kind: 'inbox', engineId: result.ownerId });
    }
  }
  private adopter(): { engineId: string; limit: number; sticky: boolean } | undefined {
    const { engine } = this;
    if (engine === undefined || !engine.mayClaim() || engine.freeSlots() <= 0) return undefined;
    return { engineId: engine.engineId, limit: engine.freeSlots(), sticky: true };
  }
  /** Eager ownership only for as many as there is room: the others queue. */
  private limitOwned(requests: readonly StartRequest[]): void {
    let room = this.engine?.freeSlots() ?? 0;
    for (const request of requests) if (request.owner !== undefined && room-- <= 0) request.owner = undefined;
  }
  private hintReady(): void {
    if (this.engine === undefined) this.store.hints?.send({ kind: 'ready' });
    else this.engine.hintReady();
  }
  private newCommitId(): number {
    return Math.floor(this.ports.random() * Number.MAX_SAFE_INTEGER);
  }
  private encode(value: unknown, where: string): string {
    return encodePayload(value, where, this.options.maxPayloadBytes);
  }
}

/** What an engine says of itself with each beat. */
function advertised(load: Uint8Array): { workflows?: { workflow: string; version: string }[] } {
  return load.byteLength === 0 ? {} : (JSON.parse(new TextDecoder().decode(load)) as object);
}

function silent(_entry: EngineLog): void {}

function checkWorkflow(workflow: unknown): asserts workflow is AnyWorkflow {
  if (typeof workflow === 'object' && workflow !== null && 'name' in workflow && 'version' in workflow) return;
  throw new MillraceError('INVALID_ARGUMENT', `start got ${typeof workflow} instead of a workflow`, {
    remedy: "Pass what workflow('name', …) returned, or { name, version } of one that other engines run.",
  });
}


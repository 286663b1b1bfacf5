import { LRUCache } from 'lru-cache';
import { childRunId } from '../core/ids.ts';
import type { Standing } from '../core/run/command.ts';
import type { ChunkHeader, RunEvent } from '../core/run/event.ts';
import type { Execution, ExecutionPorts } from '../core/run/execution.ts';
import { blockForeignAwait } from '../core/run/turn.ts';
import { nextWakeAt } from '../core/run/waiting/waits.ts';
import { carriesAll, splitVersion, traitsOf } from '../core/cluster/demands.ts';
import { encodeLoad } from '../core/cluster/load.ts';
import { encodeProfile, type EngineProfile } from '../core/cluster/profile.ts';
import type { Executor } from '../core/workflow/context.ts';
import type { ProgramPorts } from '../core/workflow/program.ts';
import { workOf, type BeginningRun, type TaskWork } from '../core/policy/eligibility.ts';
import { LOOK } from '../store/port/runs/pauses.ts';
import type {
  Adopter,
  ArrivedMessage,
  EngineRow,
  Hint,
  Leadership,
  LoadedRun,
  LoadRequest,
  OwnedRun,
  Plan,
  ReadyPlace,
  RetireResult,
  Scope,
  Store,
  Work,
} from '../store/port/store.ts';
import { watchAcquisitions } from './claim/acquisitions.ts';
import { adopt } from './claim/adopt.ts';
import { startAudit } from './claim/audit.ts';
import { startClaimer, type Claimer } from './claim/claimer.ts';
import { createWord, type Word } from './claim/look.ts';
import { createRepertoire, refOf, type Repertoire } from './claim/repertoire.ts';
import { startWaker, type Waker } from './claim/waker.ts';
import { createCommitter, type CommitResult } from './commit/committer.ts';
import { group } from './commit/group.ts';
import { persist } from './commit/persist.ts';
import type { Attempt } from './dispatch/attempt.ts';
import { createFailureRate, type FailureRate } from './dispatch/failure-rate.ts';
import { createStepGate, type StepGate } from './dispatch/step-gate.ts';
import { taskWorkflow } from './dispatch/task.ts';
import type { Instance } from './instance.ts';
import { createLineWriter, type LineWriter } from './lines/writer.ts';
import type { Loop } from './loop.ts';
import { startMembership, type Membership } from './membership/membership.ts';
import { createSettings, type Settings } from './membership/settings.ts';
import type { EngineOptions } from './options.ts';
import { encodePayload } from './payload.ts';
import type { Place, Placing } from './placing.ts';
import type { Meter, Ports } from './ports.ts';
import { createStoreClock, type StoreClock } from './store-clock.ts';
import { childVersion } from './turn/child-version.ts';
import { drive, leaveIfIdle } from './turn/drive.ts';
import { settleGrants } from './turn/locks.ts';
import { forget } from './turn/ownership.ts';

/** What others want to know of runs that this engine drives. */
export interface EngineListener {
  /** A run of this engine ended; `payload` is its output or failure. */
  closed(runId: string, standing: Exclude<Standing, { kind: 'open' | 'blocked' }>): void;
  /** Counts what is done here. */
  readonly meter: Meter;
  /** A reply to an update became durable. */
  replied(runId: string, id: string, ok: boolean, payload: string): void;
  wantsReplies(): boolean;
  /** Whether calls of this process to the store fail at present. */
  storeFails(): boolean;
}

/**
 * A process's share of the work: holds runs, drives their turns, keeps their ownership.
 *
 * Owns the tables of held and cached runs, slots, and the background loops. The way of one run is in
 * `turn/drive.ts`; the ways in are `claim/` and `turn/effects.ts`, the way out is `commit/`.
 *
 *   G1  `held` has exactly the runs that this incarnation owns as far as it knows.
 *   G2  An incarnation that learns that it is retired drops everything and comes back under a new id.
 */
export class Engine {
  readonly store: Store;
  readonly hints: Store['hints'];
  readonly ports: Ports;
  readonly options: EngineOptions;
  readonly clock: StoreClock;
  readonly listener: EngineListener;
  engineId: string;
  readonly settings: Settings;
  readonly lines: LineWriter;
  readonly word: Word;
  readonly attempts: FailureRate;
  /** Resolves when this engine has left, by order or because it was closed. */
  readonly departed: Promise<void>;

  readonly held: Map<string, Instance> = new Map();
  /** Of those that are held the ones that are paused. */
  readonly aside: Set<Instance> = new Set();
  readonly cache: LRUCache<string, Instance>;
  readonly executors: ReadonlyMap<string, Executor>;
  readonly repertoire: Repertoire;
  /** Its labels and its region, as demands speak of them. */
  readonly traits: readonly string[];
  readonly programPorts: ProgramPorts;
  readonly executionPorts: ExecutionPorts;
  readonly commit: (plan: Plan) => Promise<CommitResult>;
  readonly load: (request: LoadRequest) => Promise<LoadedRun | undefined>;
  /** When the oldest call began that may bring this engine runs and is not answered yet. */
  readonly oldestAcquisition: () => number | undefined;
  /** Repeats a store call until its answer is definite, or this engine is closed. */
  readonly persist: <R>(call: () => Promise<R>) => Promise<R>;

  /** Undefined: what begins here stays here. */
  placing: Placing | undefined;
  claimer!: Claimer;
  waker!: Waker;
  private audit!: Loop;
  private membership!: Membership;
  private readonly gate: StepGate;
  private stopHints: () => void = () => {};
  private state: 'new' | 'running' | 'draining' | 'closed' = 'new';
  private leaving: Promise<void> | undefined;
  private readonly depart: () => void;
  /** Nobody waits any longer for running steps. */
  private readonly hurry = Promise.withResolvers<void>();
  private readonly idle = Promise.withResolvers<void>();

  constructor(store: Store, ports: Ports, options: EngineOptions, listener: EngineListener) {
    const acquisitions = watchAcquisitions(store, () => ports.clock.mono());
    this.store = acquisitions.store;
    this.hints = store.hints;
    this.oldestAcquisition = acquisitions.oldest;
    this.ports = ports;
    this.options = options;
    this.listener = listener;
    this.engineId = ports.uuid();
    this.clock = createStoreClock(() => ports.clock.mono());
    this.settings = createSettings(this);
    this.word = createWord(this);
    this.lines = createLineWriter({ store, ports, options, storeTime: () => this.clock.upper() });
    this.attempts = createFailureRate(() => ports.clock.mono());
    ({ promise: this.departed, resolve: this.depart } = Promise.withResolvers<void>());
    this.cache = new LRUCache({ max: Math.max(1, options.cacheSize) });
    this.gate = createStepGate(options.stepConcurrency);
    this.executors = new Map(Object.entries(options.executors));
    const tasks = [...this.executors].map(([name, executor]) => taskWorkflow(name, executor));
    this.repertoire = createRepertoire([...options.workflows, ...tasks]);
    this.traits = traitsOf(options);
    const isOver = (): boolean => this.state === 'closed';
    this.persist = (call) => persist(ports, call, isOver);
    this.commit = createCommitter(this.store, ports, options.commitLanes, isOver);
    this.load = group<LoadRequest, LoadedRun | undefined>({
      ...{ lanes: 1, maxItems: 200, maxBytes: Number.POSITIVE_INFINITY, soon: ports.soon },
      weigh: () => 0,
      send: async (requests) => {
        const loaded = await this.persist(() => this.store.loadRuns(requests));
        const byId = new Map(loaded.map((run) => [run.runId, run]));
        return requests.map(({ runId }) => byId.get(runId));
      },
    });
    this.programPorts = { defaultStep: options.defaultStep, lockMs: options.lockMs };
    this.executionPorts = {
      storeTime: () => this.clock.upper(),
      random: () => ports.random(),
      uuid: () => ports.uuid(),
      runId: (parent) => childRunId(parent, Math.floor(this.clock.upper()), () => ports.random()),
      versionOf: (name, parent, runId) => childVersion(this.repertoire, name, { ...parent, runId }),
      encode: (value, where) => this.encode(value, where),
      drained: () => ports.drained(),
    };
  }

  async start(): Promise<void> {
    this.membership = startMembership(this);
    await this.membership.join();
    this.state = 'running';
    this.claimer = startClaimer(this);
    this.waker = startWaker(this);
    this.audit = startAudit(this);
    this.stopHints = this.hints?.receive((hint) => this.receiveHint(hint)) ?? this.stopHints;
    // What this process changes: the code, and which keys are there.
    for (const code of ['NON_DETERMINISTIC', 'PAYLOAD_UNREADABLE'])
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await this.store.unblock({ code, ...this.scope() });
    this.membership.nudge();
    this.claimer.nudge();
    this.waker.nudge();
    this.audit.within(this.options.auditMs);
  }

  private receiveHint(hint: Hint): void {
    if (hint.kind === 'ready') {
      if (!this.servesPlace(hint.place)) return;
      this.claimer.nudge();
      this.waker.within(1_000);
      // A message may have ended a pause.
      for (const instance of this.aside) this.lookAt(instance);
    } else if (hint.kind === 'assigned' && hint.engineId === this.engineId) {
      this.claimer.nudge();
    } else if (hint.kind === 'inbox' && hint.engineId === this.engineId) {
      this.takeNote(hint.message);
    }
  }

  /** A message arrived: whoever is told which one need not look for it. */
  private takeNote(message: ArrivedMessage | undefined): void {
    const instance = message && this.held.get(message.runId);
    if (message === undefined || instance === undefined) return this.audit.nudge();
    if (message.seq === LOOK || instance.paused !== undefined) return this.lookAt(instance);
    if (message.seq <= instance.inboxSeq || instance.inboxBehind) return;
    instance.inboxBehind = true;
    this.drive(instance);
  }

  /** Whether the store still sees this engine as its owner, and not a pause. */
  lookAt(instance: Instance): void {
    instance.doubted = true;
    this.drive(instance);
  }
  /** A run of this engine was paused, or resumed as its own: by this process, or by one that tells it. */
  hintLook(engineId: string, runId: string): void {
    if (engineId === this.engineId) this.takeNote({ runId, seq: LOOK });
    else this.hintInbox(engineId, { runId, seq: LOOK });
  }

  // --- slots

  freeSlots(): number {
    return this.state === 'running' ? this.options.concurrency - this.held.size : 0;
  }
  /** Whether this incarnation may take on work: running, and its lease confirmed lately. */
  mayClaim(): boolean {
    return this.state === 'running' && this.membership.isConfirmed();
  }
  isDraining(): boolean {
    return this.state === 'draining';
  }
  /** Who keeps the runs that a call wakes and that were this engine's; without room it does not wait for them. */
  adopter(): Adopter {
    return { engineId: this.engineId, limit: this.mayClaim() ? Math.max(0, this.freeSlots()) : 0 };
  }
  /** The runs that this engine can execute. */
  scope(): Scope {
    const { namespace, queues } = this.options;
    return { namespace, queues, workflows: this.repertoire.refs(), traits: this.traits };
  }
  canRun(name: string, workflowVersion: string, queue: string): boolean {
    const takesFrom = this.options.queues?.includes(queue) ?? true;
    const { demands } = splitVersion(workflowVersion);
    const able = this.repertoire.has(name, workflowVersion) && carriesAll(this.traits, demands);
    return this.mayClaim() && takesFrom && able;
  }
  /** Where a run that somebody starts here shall begin. Who has not heard of the others lately cannot tell. */
  place(run: BeginningRun): Place {
    // Whether it may own anything at present is asked by whoever begins a run here.
    if (this.placing === undefined || this.placing.isAlone()) return 'self';
    if (!this.membership.isConfirmed()) return 'anyone';
    const { region } = this.options;
    return this.placing.place({ region, ...workOf(run), originEngineId: this.engineId });
  }
  /** Where an attempt of a call of a run that this engine executes shall be made. */
  placeTask(work: Omit<TaskWork, 'kind' | 'originEngineId'>): Place {
    if (this.placing === undefined || this.placing.isAlone() || !this.membership.isConfirmed()) return 'self';
    return this.placing.place({ ...work, kind: 'task', originEngineId: this.engineId });
  }
  hold(instance: Instance): void {
    this.held.set(instance.runId, instance);
  }
  slotFreed(): void {
    if (this.state === 'draining') {
      if (this.held.size === 0) this.idle.resolve();
    } else if (this.held.size >= this.options.concurrency - 1) this.claimer.nudge();
  }
  /** Lets a run go on if there is anything for it to do. */
  drive(instance: Instance): void {
    if (!instance.busy) void drive(this, instance);
  }
  adopt(run: OwnedRun): Instance | undefined {
    // What started or woke while the store was asked may have the slots.
    if (this.freeSlots() > 0) return adopt(this, run);
    this.decline(run);
    return undefined;
  }
  /** A run that the store has made this engine's own goes back to the queue untouched. */
  private decline({ runId, epoch, version }: OwnedRun): void {
    this.store.release([{ runId, epoch, version }]).then(
      () => this.hintReady(),
      () => this.auditSoon(),
    );
  }
  clearSuspect(instance: Instance): void {
    if (instance.suspect) this.claimer.clearSuspect(instance);
  }
  /** The run goes back to the queue unharmed; this process knows nothing of it any more. */
  giveBack(instance: Instance): void {
    forget(this, instance, 'the run was given back');
    this.decline(instance.row);
  }

  // --- steps

  runStep(attempt: Attempt): void {
    this.gate.run(attempt);
  }
  stepSlotFreed(): void {
    this.gate.freed();
  }
  encode(value: unknown, where: string): string {
    return encodePayload(value, where, this.options.maxPayloadBytes);
  }

  // --- clock, ids, records

  newCommitId(): number {
    return Math.floor(this.ports.random() * Number.MAX_SAFE_INTEGER);
  }
  chunkHeader(): ChunkHeader {
    return { at: Math.floor(this.clock.lower()), engine: this.options.name };
  }
  nextDue({ execution, attempts }: Instance): number | undefined {
    return nextWakeAt(execution, attempts);
  }

  // --- hints and results

  hintReady(place?: ReadyPlace): void {
    this.hints?.send({ kind: 'ready', place });
    if (this.servesPlace(place)) this.claimer.nudge();
  }
  private servesPlace(place: ReadyPlace | undefined): boolean {
    const { namespace, queues } = this.options;
    if (place === undefined) return true;
    return place.namespace === namespace && (queues?.includes(place.queue) ?? true);
  }
  /** A run is kept for an engine: it is told, and this one looks whether the run is still there afterwards. */
  hintAssigned(engineId: string, windowMs: number): void {
    if (engineId === this.engineId) return this.claimer.nudge();
    this.hints?.send({ kind: 'assigned', engineId });
    this.claimer.noteWindow(windowMs);
  }
  hintInbox(engineId: string, { runId, seq }: ArrivedMessage): void {
    this.hints?.send({ kind: 'inbox', engineId, message: { runId, seq } });
  }
  auditSoon(): void {
    this.audit.within(this.options.auditMs / 4);
  }
  settleResult({ runId, row }: Instance, standing: Exclude<Standing, { kind: 'open' | 'blocked' }>): void {
    this.listener.closed(runId, standing);
    const ms = Math.max(0, this.clock.upper() - row.createdAt);
    this.listener.meter.ended({ workflow: row.workflow, status: standing.kind, ms });
    this.hints?.send({ kind: 'closed' });
  }
  settleReplies(runId: string, events: readonly RunEvent[]): void {
    for (const event of events) {
      if (event.type !== 'update-replied') continue;
      this.listener.replied(runId, event.id, event.ok, event.payload ?? 'null');
    }
  }
  /** A command was given outside a turn: the program awaits something foreign, and only now is it seen. */
  foreignUse(execution: Execution): void {
    const instance = this.held.get(execution.runId);
    if (instance?.execution !== execution) return;
    blockForeignAwait(execution);
    instance.restless = true;
    this.drive(instance);
  }

  // --- log

  report(message: string, error: unknown): void {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.ports.log({ source: 'engine', level: 'error', message: `${message}: ${reason}` });
  }
  /** The store kept out what this process decided: the run is not its own any more. */
  noteRefusal({ runId, epoch }: { runId: string; epoch: number }): void {
    const message = `a plan of run ${runId} was refused: this engine does not own it any more`;
    this.ports.log({ source: 'engine', level: 'warn', message, fields: { refused: runId, epoch } });
  }

  // --- membership

  /** What is announced of each incarnation. */
  profile(): Uint8Array {
    return encodeProfile(profileOf(this.options, this.repertoire.library !== undefined));
  }
  /** What the beat publishes of this engine. */
  loadReport(latencyMs: number): Uint8Array {
    return encodeLoad({
      ...this.ports.load(),
      state: this.state === 'draining' ? 'draining' : 'running',
      activeWorkflows: this.held.size,
      activeTasks: this.gate.running(),
      latencyMs: Math.round(latencyMs),
      failureRate: this.attempts.share(),
      storeFailing: this.listener.storeFails(),
      shadow: this.placing?.shadow(),
      pool: this.options.reportPool?.(),
    });
  }
  /** A beat has told what there is to do. */
  hearWork(work: Work | undefined): void {
    this.word.hear(work);
    if (work === undefined || this.state !== 'running') return;
    this.claimer.hear(work);
    this.waker.hear(work);
  }
  /** The lease as this engine last saw it. */
  leader(): Leadership | undefined {
    return this.membership.leader();
  }
  /** Whether it may do what leaders do. Another one may believe the same: nothing may depend on it. */
  leads(): boolean {
    return (
      this.state === 'running' && this.leader()?.engineId === this.engineId && this.membership.isConfirmed()
    );
  }
  tookOver(row: EngineRow, result: RetireResult): void {
    const { requeued, quarantined, locks = [] } = result;
    const kept = `${requeued} runs requeued, ${quarantined.length} quarantined, ${locks.length} locks released`;
    const message = `engine ${row.name} is gone: ${kept}`;
    this.ports.log({
      source: 'engine',
      level: 'warn',
      message,
      fields: { engineId: row.engineId, quarantined, locks },
    });
    settleGrants(this, result.grants);
    this.hintReady();
  }
  /** This incarnation was retired (G2). */
  async rejoin(): Promise<void> {
    this.ports.log({
      source: 'engine',
      level: 'warn',
      message: 'this engine was declared dead; it comes back as new',
    });
    for (const instance of [...this.held.values()]) forget(this, instance, 'this engine was declared dead');
    this.cache.clear();
    this.engineId = this.ports.uuid();
    if (this.state === 'running') await this.membership.join();
  }

  /** Takes nothing new, lets running steps end for at most `graceMs`, gives the rest back, and leaves. */
  async close(graceMs: number): Promise<void> {
    if (this.state === 'new') return;
    if (graceMs <= 0) this.hurry.resolve();
    const cancel = this.ports.after(graceMs, () => this.hurry.resolve());
    try {
      await (this.leaving ??= this.leave());
    } finally {
      cancel();
    }
  }

  /** It was told to leave: the same, and nobody is in a hurry. */
  drain(): void {
    if (this.state !== 'running') return;
    this.ports.log({ source: 'engine', level: 'info', message: 'this engine was told to leave; it drains' });
    this.leaving = this.leave();
    this.leaving.catch((error: unknown) => this.report('this engine could not say goodbye', error));
  }

  private async leave(): Promise<void> {
    this.state = 'draining';
    this.stopHints();
    this.ports.crashPoint('drain.mid');
    try {
      await Promise.all([this.claimer.stop(), this.waker.stop(), this.audit.stop()]);
      for (const instance of [...this.held.values()]) if (!instance.busy) leaveIfIdle(this, instance);
      if (this.held.size > 0) await Promise.race([this.idle.promise, this.hurry.promise]);
      for (const instance of [...this.held.values()]) forget(this, instance, 'this engine is shutting down');
      await this.membership.stop();
      await this.membership.leave();
      await this.lines.stop();
    } finally {
      this.state = 'closed';
      this.depart();
    }
  }
}

/** @param definitions - whether it interprets them. */
function profileOf(options: EngineOptions, definitions: boolean): EngineProfile {
  const { region, labels, weight, namespace, queues, beatMs, leaseMs, expectedEngines: expected } = options;
  const { concurrency, stepConcurrency } = options;
  return {
    ...{ region, labels, weight, namespace, queues, definitions },
    executors: Object.keys(options.executors),
    workflows: options.workflows.map(refOf),
    capacity: { workflows: concurrency, tasks: stepConcurrency },
    ...{ beatMs, leaseMs, expected },
  };
}

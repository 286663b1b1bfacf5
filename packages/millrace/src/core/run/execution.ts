import { decodeValue } from '../json.ts';
import type { LogLevel } from '../lines/line.ts';
import { MillraceError, type CancelledError } from '../errors.ts';
import { withdraw, type LockCommand } from '../locks/ask.ts';
import type { ChildStart, Mismatch, Pending, Standing, StepCommand } from './command.ts';
import type { StartableWorkflow } from '../workflow/workflow.ts';
import { Timers } from './waiting/timers.ts';
import type { CarriedSignal, EventOf, RunEvent, StartedEvent } from './event.ts';

/** What the execution needs from the world; all of it injected, so that a run replays the same anywhere. */
export interface ExecutionPorts {
  /** Store time in ms, never less than the store's own clock shows: a timer made from it is never early. */
  storeTime(): number;
  /** In [0, 1). */
  random(): number;
  uuid(): string;
  /** A new run id in the partition of `parent`. */
  runId(parent: string): string;
  /**
   * The workflow, and the version of it, of which a child by name is started.
   * @param parent - the start of the run that wants it, and `runId` its id.
   * @throws UNKNOWN_WORKFLOW.
   */
  versionOf(name: string, parent: StartedEvent, runId: string): StartableWorkflow;
  /** Encodes a value for storing. @throws NOT_SERIALIZABLE, PAYLOAD_TOO_LARGE, both naming `where`. */
  encode(value: unknown, where: string): string;
  /** Resolves when every microtask that is due now, and all that those cause, has run. */
  drained(): Promise<void>;
}

export interface LogLine {
  level: LogLevel;
  message: string;
  fields: Readonly<Record<string, unknown>> | undefined;
}

/** A message is sent again soon or never; a chain that continues for years must not carry all of them. */
const SEEN_CARRIED = 1_000;

type UpdateHandler = (input: unknown) => unknown;

/** What comes from outside and who waits for it. */
interface Mail {
  waiting: Map<string, Pending[]>;
  buffered: Map<string, CarriedSignal[]>;
  /** Ids of signals and updates that were applied. */
  seen: Set<string>;
  handlers: Map<string, UpdateHandler>;
  /** Updates that came before their handler. */
  held: EventOf<'update-received'>[];
}

/** A child that is open, and what becomes of it when this run closes. */
interface OpenChild {
  runId: string;
  parentClose: 'cancel' | 'abandon';
}

const NO_RECORDS: Map<number | string, { event: RunEvent; seq: number }> = new Map();
const NO_CHILDREN: readonly OpenChild[] = [];

const NO_TASKS: readonly string[] = [];
const NO_STEPS: readonly StepCommand[] = [];

/**
 * One run of a workflow function in memory: which commands it has given, which outcomes it waits for.
 *
 * Owns the numbering of commands, the check of history against the program, and the order in which promises
 * settle. Leaves to the engine: running steps, storing events, time. Who feeds it is replay.ts (stored
 * events) and turn.ts (new ones); who gives commands is the context (workflow/bind-context.ts).
 *
 *   E1  Commands are numbered 0, 1, 2 … in the order given; a number never changes its meaning.
 *   E2  Between two events that settle something the program runs until it can only wait.
 *   E3  `events` holds exactly what is new since the last turn, in the order in which it happened.
 *   E4  A mismatch is never thrown into the program: it stops there, waiting for ever.
 */
export class Execution {
  readonly runId: string;
  readonly started: EventOf<'started'>;
  readonly startedAt: number;
  readonly ports: ExecutionPorts;

  /** New events: arrivals and records in order (E3). */
  events: RunEvent[] = [];
  /** Steps that became ready to run, child runs to start, log lines: since the last turn. */
  readySteps: StepCommand[] = [];
  children: ChildStart[] = [];
  locks: LockCommand[] = [];
  logs: LogLine[] = [];
  /** Ordinals of steps whose result is not wanted any more. */
  abandoned: number[] = [];
  /** Task runs whose outcome is not wanted any more. */
  unwantedTasks: string[] = [];
  /** Payload text of the last checkpoint of any step: a task run hands it to its caller. */
  lastCheckpoint: string | undefined;

  /** How often the run was opened again after it had closed. */
  retries = 0;
  /** The commands from which on retries did all again, one for each of these retries. */
  doneAgainFrom: readonly number[] = [];

  readonly pending: Map<number, Pending> = new Map();
  /** Locks that the program holds or awaits, with the command that asked for them; undefined: it never asked for any. */
  asked: Map<string, number> | undefined;
  standing: Standing = { kind: 'open' };
  cancellation: CancelledError | MillraceError | undefined;
  /** True while compensations run: they may still give commands after a cancel. */
  shielded = false;
  /** True while history is fed: nothing is logged, `patch` answers from the record. */
  replaying = false;
  /**
   * True between the start of a turn and the moment it can only wait: the only time at which commands are
   * legal.
   */
  active = false;
  onForeignUse: () => void = () => {};

  private lastKind = '';
  private lastLabel = '';
  private nextOrdinal = 0;
  private readonly occurrences: Map<string, number> = new Map();
  // Most runs have no children, mail or patches: what they need for those is made when it is first needed.
  private childKeys: Set<string> | undefined;
  private openChildren: Map<number, OpenChild> | undefined;
  private timers: Timers | undefined;
  private pausing: Set<StepCommand> | undefined;
  private mail: Mail | undefined;
  private patches: Map<string, boolean> | undefined;
  private records: Map<number | string, { event: RunEvent; seq: number }> = NO_RECORDS;
  private controller: AbortController | undefined;

  constructor(runId: string, started: EventOf<'started'>, startedAt: number, ports: ExecutionPorts) {
    this.runId = runId;
    this.started = started;
    this.startedAt = startedAt;
    this.ports = ports;
    for (const id of started.seen ?? []) this.markSeen(id);
    for (const signal of started.carried ?? []) this.receiveSignal(signal);
  }

  /** The command given last, in words. */
  get lastCommand(): string {
    return this.lastKind === '' ? 'the start' : `${this.lastKind} "${this.lastLabel}"`;
  }

  /** How many commands the program has given so far. */
  get given(): number {
    return this.nextOrdinal;
  }

  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.cancellation && !this.controller.signal.aborted) this.controller.abort(this.cancellation);
    return this.controller.signal;
  }

  /** Commands are refused: the run was cancelled or is late, and this is no compensation. */
  get refuses(): boolean {
    return this.cancellation !== undefined && !this.shielded;
  }

  /** What the program recorded, by ordinal (or by `update:ID`), for replay to hand back. */
  expect(records: Map<number | string, { event: RunEvent; seq: number }>, patches: Iterable<string>): void {
    this.records = records;
    for (const id of patches) this.answerPatch(id, true);
  }

  /** The next command number and its name with occurrence. */
  number(kind: string, name: string): { ordinal: number; label: string } {
    if (!this.active) this.onForeignUse();
    const count = (this.occurrences.get(`${kind} ${name}`) ?? 0) + 1;
    this.occurrences.set(`${kind} ${name}`, count);
    const label = count === 1 ? name : `${name}#${count}`;
    this.lastKind = kind;
    this.lastLabel = label;
    return { ordinal: this.nextOrdinal++, label };
  }

  /** What history holds under this key and the program has not come to yet. */
  recorded(key: number | string): RunEvent | undefined {
    return this.records.get(key)?.event;
  }

  /**
   * The record of a command that decides something: the stored one on replay (checked against the program),
   * else the new one. `undefined` means mismatch: the program must not go on.
   */
  record<T extends RunEvent & { name: string }>(key: number | string, make: () => T): T | undefined {
    const stored = this.records.get(key);
    const fresh = make();
    if (stored === undefined) {
      if (this.active) this.events.push(fresh); // outside a turn nothing is decided: the run is blocked by now
      return fresh;
    }
    this.records.delete(key);
    if (stored.event.type !== fresh.type || (stored.event as T).name !== fresh.name) {
      this.mismatch(describe(stored.event), describe(fresh), stored.seq);
      return undefined;
    }
    return stored.event as T;
  }

  /** A command without a record of its own: history must not hold one under its number. */
  unrecorded(ordinal: number, kind: string, name: string): boolean {
    const stored = this.records.get(ordinal);
    if (stored === undefined) return true;
    this.mismatch(describe(stored.event), `${kind} "${name}" (command ${ordinal})`, stored.seq);
    return false;
  }

  wait(pending: Pending): void {
    this.pending.set(pending.ordinal, pending);
    if (pending.fireAt !== undefined) {
      this.timers ??= new Timers((ordinal) => this.pending.has(ordinal));
      this.timers.add(pending.ordinal, pending.fireAt);
    }
    if (pending.kind === 'step') this.readySteps.push(pending);
    if (pending.kind === 'signal') {
      const queue = this.mailbox().waiting.get(pending.signal);
      if (queue === undefined) this.mailbox().waiting.set(pending.signal, [pending]);
      else queue.push(pending);
    }
  }

  /** The next attempt of a step comes after a pause, or is no longer waited for by this process. */
  pause(step: StepCommand, retryAt: number | undefined): void {
    step.retryAt = retryAt;
    if (retryAt === undefined) this.pausing?.delete(step);
    else (this.pausing ??= new Set()).add(step);
  }
  /** Steps of which another attempt is due, or is made. */
  get pausingSteps(): Iterable<StepCommand> {
    return this.pausing ?? NO_STEPS;
  }
  /** When the first timer is due, of sleeps, waits and steps that have one. */
  get nextTimerAt(): number | undefined {
    return this.timers?.earliest();
  }
  /** Commands whose timer is due, earliest first. */
  timersDue(storeTime: number): Pending[] {
    return (this.timers?.dueAt(storeTime) ?? []).map((ordinal) => this.pending.get(ordinal) as Pending);
  }

  /** Nobody waits any more for the attempt of this step, here or elsewhere. */
  abandon(step: StepCommand): void {
    if (step.taskRunId === undefined) this.abandoned.push(step.ordinal);
    else this.unwantedTasks.push(step.taskRunId);
  }

  /** The task runs that make attempts of steps which are still waited for. */
  tasksLeft(): readonly string[] {
    if (this.pending.size === 0) return NO_TASKS;
    return [...this.pending.values()].flatMap((pending) =>
      pending.kind === 'step' && pending.taskRunId !== undefined ? [pending.taskRunId] : [],
    );
  }

  /** Removes a pending command, so that it can be settled once. */
  take(pending: Pending): void {
    this.pending.delete(pending.ordinal);
    if (pending.kind === 'step') this.pausing?.delete(pending);
    if (pending.kind !== 'signal') return;
    const queue = this.mailbox().waiting.get(pending.signal) as Pending[]; // `wait` has put it there
    queue.splice(queue.indexOf(pending), 1);
  }

  private mailbox(): Mail {
    this.mail ??= { waiting: new Map(), buffered: new Map(), seen: new Set(), handlers: new Map(), held: [] };
    return this.mail;
  }

  /** Children started and not known to have closed. */
  openChild(ordinal: number, child: OpenChild): void {
    this.openChildren ??= new Map();
    this.openChildren.set(ordinal, child);
  }
  isOpenChild(ordinal: number, runId: string): boolean {
    return this.openChildren?.get(ordinal)?.runId === runId;
  }
  /** True when it was open until now. */
  closeChild(ordinal: number): boolean {
    return this.openChildren?.delete(ordinal) ?? false;
  }
  childrenLeft(): Iterable<OpenChild> {
    return this.openChildren?.values() ?? NO_CHILDREN;
  }

  receiveSignal(signal: CarriedSignal): void {
    const { seen, waiting, buffered } = this.mailbox();
    seen.add(`signal:${signal.id}`);
    const waiter = waiting.get(signal.name)?.[0];
    if (waiter === undefined) {
      const queue = buffered.get(signal.name);
      if (queue === undefined) buffered.set(signal.name, [signal]);
      else queue.push(signal);
      return;
    }
    this.take(waiter);
    waiter.resolve(decodeValue(signal.payload));
  }

  nextBuffered(name: string): CarriedSignal | undefined {
    return this.mail?.buffered.get(name)?.shift();
  }

  /** Signals received and not read, in order of arrival per name. */
  unreadSignals(): CarriedSignal[] {
    return [...(this.mail?.buffered.values() ?? [])].flat();
  }

  /**
   * The latest ids of signals and updates that were taken, for a successor: whoever sends one again is not
   * heard twice.
   */
  latestSeen(): string[] {
    return [...(this.mail?.seen ?? [])].slice(-SEEN_CARRIED);
  }
  hasSeen(id: string): boolean {
    return this.mail?.seen.has(id) ?? false;
  }
  markSeen(id: string): void {
    this.mailbox().seen.add(id);
  }

  /** A key names one child of this run; a second one could never be told apart. */
  useChildKey(key: string): void {
    this.childKeys ??= new Set();
    if (this.childKeys.has(key)) {
      throw new MillraceError('KEY_IN_USE', `run ${this.runId} started a child with key "${key}" before`, {
        remedy: 'Give each child of a run a key of its own, or none.',
      });
    }
    this.childKeys.add(key);
  }

  handleUpdates(name: string, handler: UpdateHandler): EventOf<'update-received'>[] {
    const { handlers, held: all } = this.mailbox();
    handlers.set(name, handler);
    const held = all.filter((update) => update.name === name);
    for (const update of held) all.splice(all.indexOf(update), 1);
    return held;
  }

  /** Whether an update may still move a program that gives no command. */
  get answersUpdates(): boolean {
    return this.mail !== undefined && this.mail.handlers.size > 0;
  }

  /** The handler of an update, or the update is held until one is registered. */
  handlerOf(update: EventOf<'update-received'>): UpdateHandler | undefined {
    const { handlers, held } = this.mailbox();
    const handler = handlers.get(update.name);
    if (handler === undefined) held.push(update);
    return handler;
  }

  private answerPatch(id: string, answer: boolean): void {
    this.patches ??= new Map();
    this.patches.set(id, answer);
  }

  patch(id: string): boolean {
    const answered = this.patches?.get(id);
    if (answered === true) return true;
    if (!this.active) this.onForeignUse();
    // One answer for all places: a marker made at a later one would be found at the first on the next replay.
    if (answered === false || this.replaying || !this.active) {
      this.answerPatch(id, false);
      return false;
    }
    this.answerPatch(id, true);
    this.events.push({ type: 'patched', name: id });
    return true;
  }

  /** Cancel or deadline: everything that waits is refused, in the order in which it was asked for. */
  cancel(error: CancelledError | MillraceError): void {
    if (this.cancellation !== undefined) return;
    this.cancellation = error;
    this.controller?.abort(error);
    if (this.shielded) return;
    for (const pending of [...this.pending.values()]) {
      this.take(pending);
      if (pending.kind === 'step') this.abandon(pending);
      else if (pending.kind === 'lock') withdraw(this, pending.lock, pending.ordinal);
      pending.reject(error);
    }
  }

  mismatch(expected: string, actual: string, seq: number | undefined): void {
    this.block({
      code: 'NON_DETERMINISTIC',
      message: `history and program disagree: history has ${expected}, the program gave ${actual}`,
      expected,
      actual,
      seq,
    });
  }

  block(mismatch: Mismatch): void {
    if (this.standing.kind !== 'blocked') this.standing = { kind: 'blocked', mismatch };
  }

  /** After replay: what history recorded and the program never asked for. */
  checkUnclaimed(): void {
    for (const { event, seq } of this.records.values()) {
      this.mismatch(describe(event), 'nothing', seq);
      return;
    }
  }
}

/** An event or command in words, for mismatches: `step "charge" (command 3)`. */
export function describe(event: RunEvent): string {
  const kind = KINDS[event.type] ?? event.type;
  const name = 'name' in event ? ` "${event.name}"` : '';
  const ordinal = 'ordinal' in event ? ` (command ${event.ordinal})` : '';
  return `${kind}${name}${ordinal}`;
}

const KINDS: Partial<Record<RunEvent['type'], string>> = {
  'step-completed': 'step',
  'step-failed': 'step',
  'step-retrying': 'step',
  'step-checkpoint': 'step',
  'step-placed': 'step',
  'timer-set': 'timer',
  'timer-fired': 'timer',
  'child-started': 'child',
  'child-closed': 'child',
  'external-completed': 'external',
  'lock-requested': 'lock',
  'lock-granted': 'lock',
  'lock-released': 'release of lock',
  recorded: 'recorded value',
  published: 'published value',
  patched: 'patch',
  'update-replied': 'reply to update',
};

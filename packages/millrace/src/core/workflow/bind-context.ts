import { escapeSeal } from '../dag/expression/sealed.ts';
import { durationMs } from '../duration.ts';
import { MillraceError, checkOptions } from '../errors.ts';
import { decodeValue } from '../json.ts';
import { askForLock, runLock, type RunLock } from '../locks/ask.ts';
import { lockTerms, type LockOptions } from '../locks/lock-options.ts';
import { checkName } from '../names.ts';
import type { Pending, StepPolicy, StepWork } from '../run/command.ts';
import type { Execution } from '../run/execution.ts';
import { COMPENSATION_PREFIX } from '../run/replay.ts';
import { replyTo } from '../run/apply.ts';
import { startChild } from './child/start-child.ts';
import { externalToken } from './token.ts';
import type {
  CallOptions,
  ChildOptions,
  CompensatingCall,
  Context,
  External,
  Log,
  Recorded,
  SleepOptions,
  StepContext,
  StepOptions,
  WaitOptions,
} from './context.ts';
import type { ProgramPorts } from './program.ts';
import type { Signal } from './signal.ts';
import { CALL_OPTIONS, callPlace, stepPolicy } from './step-policy.ts';
import type { AnyWorkflow } from './workflow.ts';

export interface Compensation {
  readonly name: string;
  /** Gives its step. */
  undo(): Promise<unknown>;
}

const WAIT_OPTIONS = ['timeout'];
const SLEEP_OPTIONS = ['name'];
const NAMED_CALL_OPTIONS = [...CALL_OPTIONS, 'name'];
const NO_NAME: { name?: string | undefined } = {};
/** What the context records itself. */
const OWN_RECORDS: ReadonlySet<string> = new Set(['now', 'random', 'uuid', 'attempt']);

/** A promise of its own each time: one shared by all would keep every program that ever awaited it. */
function never(): Promise<never> {
  return new Promise<never>(() => {});
}

/** The context of one execution: turns calls into numbered commands and hands out their promises. */
export function bindContext(
  execution: Execution,
  compensations: Compensation[],
  ports: ProgramPorts,
): Context {
  return new BoundContext(execution, compensations, ports);
}

// A class, because a context is made for every run and twenty closures each would cost more than the run
// itself.
class BoundContext implements Context {
  readonly runId: string;
  readonly workflow: string;
  readonly version: string;
  readonly key: string | undefined;
  readonly startedAt: number;
  private readonly execution: Execution;
  private readonly compensations: Compensation[];
  private readonly ports: ProgramPorts;
  private lines: Log | undefined;

  constructor(execution: Execution, compensations: Compensation[], ports: ProgramPorts) {
    this.execution = execution;
    this.compensations = compensations;
    this.ports = ports;
    this.runId = execution.runId;
    this.workflow = execution.started.workflow;
    this.version = execution.started.version;
    this.key = execution.started.key;
    this.startedAt = execution.startedAt;
  }

  get log(): Log {
    return (this.lines ??= new ContextLog(this.execution));
  }

  get signal(): AbortSignal {
    return this.execution.signal;
  }

  step<T>(
    name: string,
    run: (step: StepContext) => T | Promise<T>,
    options?: StepOptions,
  ): Promise<Recorded<T>> {
    if (typeof run !== 'function') return badFunction('step', name, run);
    return this.work<T>(name, { kind: 'local', run }, stepPolicy(name, options, this.ports.defaultStep));
  }

  call<T>(executor: string, input?: unknown, options?: CallOptions): Promise<T> {
    const policy = stepPolicy(executor, options, this.ports.defaultStep, NAMED_CALL_OPTIONS);
    const { name = executor } = options ?? NO_NAME;
    if (name !== executor) checkName('executor', executor);
    return this.work<T>(name, this.executorWork(executor, input, options), policy);
  }

  private executorWork(executor: string, input: unknown, options: CallOptions | undefined): StepWork {
    const place = callPlace(executor, options);
    // Who executes it opens secrets where a definition has sealed them, and only there.
    const text = this.execution.ports.encode(escapeSeal(input), `input of call "${executor}"`);
    return { kind: 'executor', executor, input: text, place };
  }

  transaction<T, Tx>(name: string, run: (tx: Tx) => T | Promise<T>): Promise<Recorded<T>> {
    if (typeof run !== 'function') return badFunction('transaction', name, run);
    const work: StepWork = { kind: 'transaction', run };
    return this.work<T>(name, work, this.ports.defaultStep);
  }

  sleep(duration: number | string, options?: SleepOptions): Promise<void> {
    const delayMs = durationMs(duration, 'ctx.sleep');
    return this.sleepTo(() => this.execution.ports.storeTime() + delayMs, options);
  }

  sleepUntil(at: Date | number, options?: SleepOptions): Promise<void> {
    const fireAt = Math.ceil(typeof at === 'number' ? at : at.getTime());
    if (!Number.isFinite(fireAt)) {
      throw new MillraceError('INVALID_ARGUMENT', `ctx.sleepUntil got ${String(at)}`, {
        remedy: 'Pass a Date or milliseconds since the epoch.',
      });
    }
    return this.sleepTo(() => fireAt, options);
  }

  private sleepTo(fireAt: () => number, options: SleepOptions | undefined): Promise<void> {
    checkOptions('sleep', options, SLEEP_OPTIONS);
    const { name = 'sleep' } = options ?? NO_NAME;
    checkName('sleep', name);
    const { ordinal, label } = this.execution.number('sleep', name);
    const at = this.timer(ordinal, label, fireAt);
    if (at === undefined) return never();
    return this.wait<void>({ kind: 'sleep' }, ordinal, label, at);
  }

  waitForSignal<T>(signal: string | Signal<T>, options?: WaitOptions): Promise<T> {
    const name = typeof signal === 'string' ? signal : signal.signal;
    checkName('signal', name);
    checkOptions(`wait for signal "${name}"`, options, WAIT_OPTIONS);
    const { ordinal, label } = this.execution.number('signal', name);
    if (this.execution.cancellation === undefined || this.execution.shielded) {
      const ready = this.execution.nextBuffered(name);
      if (ready !== undefined) return Promise.resolve(decodeValue(ready.payload) as T);
    }
    return this.waitFor<T>({ kind: 'signal', signal: name }, ordinal, label, options);
  }

  child<T>(workflow: AnyWorkflow | string, input: unknown, options?: ChildOptions): Promise<T> {
    const started = startChild(this.execution, { workflow, input, options, detached: false });
    if (started === undefined) return this.refusal();
    const { ordinal, label, ...child } = started;
    return this.wait({ kind: 'child', ...child }, ordinal, label, undefined);
  }

  detach(workflow: AnyWorkflow | string, input: unknown, options?: ChildOptions): Promise<string> {
    const started = startChild(this.execution, { workflow, input, options, detached: true });
    return started === undefined ? this.refusal() : Promise.resolve(started.runId);
  }

  external<T>(name: string, options?: WaitOptions): External<T> {
    checkName('external', name);
    checkOptions(`external "${name}"`, options, WAIT_OPTIONS);
    const { ordinal, label } = this.execution.number('external', name);
    const token = externalToken(this.runId, ordinal, label);
    return { token, result: this.waitFor<T>({ kind: 'external' }, ordinal, label, options) };
  }

  lock(name: string, options?: LockOptions): Promise<RunLock> {
    const { execution } = this;
    const terms = lockTerms(name, options, this.ports.lockMs);
    const place = execution.number('lock', name);
    if (this.execution.refuses) return this.refusal();
    const asked = askForLock(execution, name, terms, place);
    if (asked === undefined) return never();
    const { ordinal, holdMs, fireAt } = asked;
    const command = { kind: 'lock', lock: name, holdMs } as const;
    const grant = this.wait<{ token: number; expiresAt: number }>(command, ordinal, place.label, fireAt);
    return quiet(grant.then((granted) => runLock(execution, name, ordinal, granted)));
  }

  onUpdate<I, O>(name: string, handler: (input: I) => O | Promise<O>): void {
    checkName('update', name);
    const held = this.execution.handleUpdates(name, (input) => handler(input as I));
    for (const update of held) replyTo(this.execution, update);
  }

  publish(key: string, value: unknown): void {
    checkName('published key', key);
    const payload = this.execution.ports.encode(value, `published value "${key}"`);
    const { ordinal, label } = this.execution.number('publish', key);
    this.execution.record(ordinal, () => ({ type: 'published', ordinal, name: label, payload }));
  }

  continueAsNew(input: unknown): Promise<never> {
    const { execution } = this;
    if (!execution.active) {
      execution.onForeignUse();
      return never();
    }
    if (execution.pending.size > 0) {
      const names = [...execution.pending.values()].slice(0, 5).map(({ kind, name }) => `${kind} "${name}"`);
      const what = `continueAsNew while ${execution.pending.size} commands have no outcome (${names.join(', ')})`;
      throw new MillraceError('CONTINUE_WITH_PENDING_WORK', what);
    }
    const payload = execution.ports.encode(input, 'input of continueAsNew');
    if (execution.standing.kind === 'open') {
      execution.standing = { kind: 'continued', payload, successor: execution.ports.runId(execution.runId) };
    }
    return never();
  }

  patch(id: string): boolean {
    checkName('patch', id);
    return this.execution.patch(id);
  }

  now(): number {
    return this.recorded('now', () => Math.floor(this.execution.ports.storeTime()));
  }
  random(): number {
    return this.recorded('random', () => this.execution.ports.random());
  }
  uuid(): string {
    return this.recorded('uuid', () => this.execution.ports.uuid());
  }

  attempt(): number {
    return this.recorded('attempt', () => this.execution.retries + 1);
  }

  record<T>(name: string, make: () => T): T {
    checkName('recorded value', name);
    if (typeof make !== 'function') badFunction('record', name, make);
    // Replay compares names: one of the context's own would hide that the program changed from one to the other.
    return this.recorded(OWN_RECORDS.has(name) ? `value ${name}` : name, make);
  }

  private recorded<T>(name: string, make: () => T): T {
    const { execution } = this;
    const { ordinal, label } = execution.number('recorded', name);
    const known = execution.recorded(ordinal) !== undefined;
    const payload = known ? undefined : this.payloadOf(name, make);
    const record = execution.record(ordinal, () => ({ type: 'recorded', ordinal, name: label, payload }));
    // On a mismatch the value does not matter: the run is blocked before anything that follows leaves the
    // process.
    return (record === undefined ? make() : decodeValue(record.payload ?? 'null')) as T;
  }

  private payloadOf(name: string, make: () => unknown): string {
    const { execution } = this;
    const { given } = execution;
    const payload = execution.ports.encode(make(), `recorded value "${name}"`);
    if (execution.given === given) return payload;
    const what = `the function of ctx.record("${name}") gave ${execution.lastCommand}`;
    throw new MillraceError('INVALID_ARGUMENT', what, {
      remedy: 'Use the context outside of it: on replay it is not called again.',
    });
  }

  compensate(
    name: string,
    undo: ((step: StepContext) => unknown) | CompensatingCall,
    options?: StepOptions,
  ): void {
    const step = `${COMPENSATION_PREFIX}${name}`;
    checkName('compensation', step);
    const [work, policy] =
      typeof undo === 'function' ? this.undoing(name, undo, options) : this.calling(name, undo);
    this.compensations.push({ name, undo: () => this.work(step, work, policy) });
  }

  private undoing(
    name: string,
    run: (step: StepContext) => unknown,
    options: StepOptions | undefined,
  ): [StepWork, StepPolicy] {
    return [{ kind: 'local', run }, stepPolicy(name, options, this.ports.defaultStep)];
  }

  private calling(name: string, call: CompensatingCall): [StepWork, StepPolicy] {
    if (typeof call !== 'object' || call === null) badFunction('compensate', name, call);
    checkOptions(`compensation "${name}"`, call, ['call', 'input', 'options']);
    checkName('executor', call.call);
    const policy = stepPolicy(name, call.options, this.ports.defaultStep, CALL_OPTIONS);
    return [this.executorWork(call.call, call.input, call.options), policy];
  }

  readonly all: Context['all'] = all;
  readonly any: Context['any'] = any;
  readonly race: Context['race'] = race;

  private work<T>(name: string, work: StepWork, policy: StepPolicy): Promise<T> {
    checkName('step', name);
    if (name.startsWith(COMPENSATION_PREFIX) && !this.execution.shielded) {
      throw new MillraceError('INVALID_ARGUMENT', `step name "${name}" begins like that of a compensation`, {
        remedy: `Use a name that does not begin with "${COMPENSATION_PREFIX}".`,
      });
    }
    const { ordinal, label } = this.execution.number('step', name);
    let fireAt: number | undefined;
    if (policy.totalTimeoutMs !== undefined) {
      const { totalTimeoutMs } = policy;
      fireAt = this.timer(ordinal, label, () => this.execution.ports.storeTime() + totalTimeoutMs);
      if (fireAt === undefined) return never();
    }
    if (!this.mayWait('step', ordinal, label)) return this.refusal();
    const { execution } = this;
    // As `wait` does it, but without a copy: steps are what programs wait for most.
    const promise = new Promise<T>((resolve, reject) => {
      execution.wait({
        kind: 'step',
        policy,
        attempt: 1,
        retryAt: undefined,
        checkpoint: undefined,
        taskRunId: undefined,
        work,
        ordinal,
        name: label,
        fireAt,
        resolve,
        reject,
      });
    });
    return quiet(promise);
  }

  private waitFor<T>(
    command: { kind: 'signal'; signal: string } | { kind: 'external' },
    ordinal: number,
    label: string,
    options: WaitOptions | undefined,
  ): Promise<T> {
    if (options?.timeout === undefined) return this.wait<T>(command, ordinal, label, undefined);
    const timeoutMs = durationMs(options.timeout, `${command.kind} "${label}", timeout`);
    const fireAt = this.timer(ordinal, label, () => this.execution.ports.storeTime() + timeoutMs);
    return fireAt === undefined ? never() : this.wait<T>(command, ordinal, label, fireAt);
  }

  /** The durable due time of a command; undefined on mismatch. A cancelled run sets no timers. */
  private timer(ordinal: number, name: string, fireAt: () => number): number | undefined {
    if (this.execution.refuses) return 0;
    return this.execution.record(ordinal, () => ({
      type: 'timer-set' as const,
      ordinal,
      name,
      fireAt: Math.ceil(fireAt()),
    }))?.fireAt;
  }

  private wait<T>(
    command: DistributiveOmit<Pending, 'ordinal' | 'name' | 'fireAt' | 'resolve' | 'reject'>,
    ordinal: number,
    name: string,
    fireAt: number | undefined,
  ): Promise<T> {
    if (!this.mayWait(command.kind, ordinal, name)) return this.refusal();
    const { execution } = this;
    const promise = new Promise<T>((resolve, reject) => {
      const settle = { resolve: resolve as (value: unknown) => void, reject };
      execution.wait({ ...command, ordinal, name, fireAt, ...settle });
    });
    return quiet(promise);
  }

  /** Whether the command is given: it is neither refused by a cancel nor stopped by a mismatch. */
  private mayWait(kind: Pending['kind'], ordinal: number, name: string): boolean {
    const { execution } = this;
    return !execution.refuses && execution.active && execution.unrecorded(ordinal, kind, name);
  }

  /** The promise of a command that was not given: refused by a cancel, or stopped for good by a mismatch. */
  private refusal(): Promise<never> {
    return this.execution.refuses ? quiet(Promise.reject(this.execution.cancellation)) : never();
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** The loser of a race may be rejected when nobody listens any more; that is no crash of the process. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(ignore);
  return promise;
}

function ignore(): void {}

const all: Context['all'] = (promises) => Promise.all(promises);
const any: Context['any'] = (promises) => Promise.any(promises);
const race: Context['race'] = (promises) => Promise.race(promises);

function badFunction(kind: string, name: string, seen: unknown): never {
  throw new MillraceError(
    'INVALID_ARGUMENT',
    `ctx.${kind}("${name}") got ${typeof seen} instead of a function`,
    {
      remedy: `Pass a function: ctx.${kind}("${name}", () => …).`,
    },
  );
}

class ContextLog implements Log {
  private readonly execution: Execution;
  constructor(execution: Execution) {
    this.execution = execution;
  }
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.write('debug', message, fields);
  }
  info(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.write('info', message, fields);
  }
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.write('warn', message, fields);
  }
  error(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.write('error', message, fields);
  }
  private write(level: 'debug' | 'info' | 'warn' | 'error', message: string, fields: LogFields): void {
    if (!this.execution.replaying) this.execution.logs.push({ level, message, fields });
  }
}
type LogFields = Readonly<Record<string, unknown>> | undefined;

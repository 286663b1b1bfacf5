import { MillraceError } from '../../src/core/errors.ts';
import { failureOf } from '../../src/core/failure.ts';
import { childRunId, runIdOf } from '../../src/core/ids.ts';
import { decodeValue, encodeValue } from '../../src/core/json.ts';
import { DEFAULT_RETRY } from '../../src/core/policy/retry.ts';
import type { Pending } from '../../src/core/run/command.ts';
import type { Arrival, PlacedEvent, RunEvent, StartedEvent, TaskEnded } from '../../src/core/run/event.ts';
import { Execution, type ExecutionPorts } from '../../src/core/run/execution.ts';
import { encodeFailure } from '../../src/core/run/outcome.ts';
import { effective, replay } from '../../src/core/run/replay.ts';
import { takeTurn, type Turn } from '../../src/core/run/turn.ts';
import { dueTimers } from '../../src/core/run/waiting/waits.ts';
import { startProgram, type ProgramPorts } from '../../src/core/workflow/program.ts';
import { workflow, type AnyWorkflow, type WorkflowFunction } from '../../src/core/workflow/workflow.ts';
import { T0 } from '../samples/history.ts';

/** Any program; its input is whatever the test says. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Program = WorkflowFunction<any, unknown>;

export const RUN_ID = runIdOf(T0, 7, () => 0.5);

/** The world of a play: time stands still unless advanced, and every number drawn is the next one. */
interface World {
  now: number;
  drawn: number;
  /** Of which a child by name is started. */
  workflows?: readonly AnyWorkflow[] | undefined;
}

export const PROGRAM_PORTS: ProgramPorts = {
  lockMs: 300_000,
  defaultStep: {
    retry: DEFAULT_RETRY,
    timeoutMs: undefined,
    totalTimeoutMs: undefined,
    heartbeatTimeoutMs: undefined,
  },
};

/** What one turn was given and decided, and the world in which it did. */
interface Record {
  readonly arrivals: readonly Arrival[];
  readonly world: World;
  readonly turn: Turn;
  /** Length of the history after it. */
  readonly length: number;
  readonly picture: Picture;
}

/**
 * A run played by hand, as an engine would: arrivals are given, turns come back, their decisions are history.
 * Steps are not executed; a test says how they ended.
 */
export class Play {
  readonly execution: Execution;
  readonly history: PlacedEvent[];
  readonly records: Record[] = [];
  readonly world: World;
  private readonly workflow: AnyWorkflow;

  constructor(subject: AnyWorkflow, history: PlacedEvent[], execution: Execution, world: World) {
    this.workflow = subject;
    this.history = history;
    this.execution = execution;
    this.world = world;
  }

  /** The last turn. */
  get turn(): Turn {
    return (this.records.at(-1) as Record).turn;
  }
  get events(): RunEvent[] {
    return this.history.map(({ event }) => event);
  }
  /** What the run waits for: `step charge`, `sleep sleep#2`, in the order asked. */
  get waits(): string[] {
    return [...this.execution.pending.values()].map(({ kind, name }) => `${kind} ${name}`);
  }
  get output(): unknown {
    const { standing } = this.execution;
    if (standing.kind !== 'completed') throw new Error(`the run is ${standing.kind}`);
    return decodeValue(standing.payload);
  }

  /** Lets a turn happen with these arrivals, and records it. */
  async give(...arrivals: Arrival[]): Promise<Turn> {
    const world = { ...this.world };
    const turn = await takeTurn(this.execution, arrivals);
    place(this.history, turn.events, this.world.now);
    const picture = pictureOf(this.execution);
    this.records.push({ arrivals, world, turn, length: this.history.length, picture });
    return turn;
  }

  /** Lets time pass and gives the timers that are due. */
  advance(ms: number): Promise<Turn> {
    this.world.now += ms;
    return this.give(...dueTimers(this.execution, this.world.now));
  }

  // --- outcomes of what waits under a name

  done(name: string, value: unknown = null): RunEvent {
    const { ordinal, attempt } = this.step(name);
    return { type: 'step-completed', ordinal, name, attempt, payload: encodeValue(value, name) };
  }
  failed(name: string, error: unknown = new Error('broken')): RunEvent {
    const { ordinal, attempt } = this.step(name);
    return { type: 'step-failed', ordinal, name, attempt, payload: encodeFailure(failureOf(error)) };
  }
  retrying(name: string, afterMs: number, error: unknown = new Error('broken')): RunEvent {
    const { ordinal, attempt } = this.step(name);
    const payload = encodeFailure(failureOf(error));
    return { type: 'step-retrying', ordinal, name, attempt, retryAt: this.world.now + afterMs, payload };
  }
  checkpoint(name: string, value: unknown): RunEvent {
    const { ordinal, attempt } = this.step(name);
    return { type: 'step-checkpoint', ordinal, name, attempt, payload: encodeValue(value, name) };
  }
  placed(name: string, runId: string): RunEvent {
    const { ordinal, attempt } = this.step(name);
    return { type: 'step-placed', ordinal, name, attempt, runId };
  }
  /** The end of the task that makes this step's attempt. */
  taskDone(name: string, value: unknown = null): TaskEnded {
    return { ...this.taskEnd(name), ok: true, payload: encodeValue(value, name) };
  }
  taskFailed(name: string, error: unknown = new Error('broken'), checkpoint?: string): TaskEnded {
    return { ...this.taskEnd(name), ok: false, checkpoint, payload: encodeFailure(failureOf(error)) };
  }
  private taskEnd(name: string) {
    const { ordinal, taskRunId: runId = 'none' } = this.step(name);
    return { type: 'task-ended', ordinal, runId, engine: 'engine-2' } as const;
  }
  childDone(name: string, value: unknown = null): RunEvent {
    const { ordinal, runId } = this.command(name, 'child');
    const payload = encodeValue(value, name);
    return { type: 'child-closed', ordinal, name, runId, status: 'completed', payload };
  }
  childFailed(name: string, error: unknown, status: 'failed' | 'cancelled' = 'failed'): RunEvent {
    const { ordinal, runId } = this.command(name, 'child');
    return { type: 'child-closed', ordinal, name, runId, status, payload: encodeFailure(failureOf(error)) };
  }
  external(name: string, value: unknown): RunEvent {
    const { ordinal } = this.command(name, 'external');
    return { type: 'external-completed', ordinal, name, ok: true, payload: encodeValue(value, name) };
  }
  externalFailed(name: string, error: unknown): RunEvent {
    const { ordinal } = this.command(name, 'external');
    return { type: 'external-completed', ordinal, name, ok: false, payload: encodeFailure(failureOf(error)) };
  }
  granted(name: string, token: number): RunEvent {
    const { ordinal } = this.command(name, 'lock');
    return { type: 'lock-granted', ordinal, name, token, expiresAt: this.world.now + 1_000 };
  }
  fired(name: string): RunEvent {
    const { ordinal } = this.find((pending) => pending.name === name && pending.fireAt !== undefined, name);
    return { type: 'timer-fired', ordinal, name };
  }

  private step(name: string): Extract<Pending, { kind: 'step' }> {
    return this.command(name, 'step');
  }
  private command<K extends Pending['kind']>(name: string, kind: K): Extract<Pending, { kind: K }> {
    const found = this.find((pending) => pending.name === name && pending.kind === kind, name);
    return found as Extract<Pending, { kind: K }>; // Its kind was asked for.
  }
  private find(is: (pending: Pending) => boolean, name: string): Pending {
    const found = [...this.execution.pending.values()].find(is);
    if (found === undefined) throw new Error(`nothing waits as "${name}"; there is ${this.waits.join(', ')}`);
    return found;
  }

  /** Whoever waits, woken: the same run in another process, from the first `length` events. */
  async revive(length = this.history.length, world: World = { ...this.world }): Promise<Play> {
    return reviveRun(this.workflow, this.history.slice(0, length), world);
  }

  /**
   * At every turn boundary: a process that reads what was stored until then stands where this one stood, and
   * whatever came next would have had the same consequences there.
   */
  async differences(): Promise<string[]> {
    const found: string[] = [];
    for (const [at, record] of this.records.entries()) {
      if (record.turn.standing.kind !== 'open') break;
      const next = this.records[at + 1];
      const other = await this.revive(record.length, { ...(next ?? this).world });
      const where = `after turn ${at}`;
      compare(found, `${where}, the commands`, pictureOf(other.execution), record.picture);
      for (const later of this.records.slice(at + 1)) {
        Object.assign(other.world, later.world);
        const turn = await other.give(...later.arrivals);
        compare(found, `${where}, a later turn`, decided(turn), decided(later.turn));
      }
    }
    return found;
  }
}

function compare(found: string[], where: string, seen: unknown, wanted: unknown): void {
  const [one, other] = [textOf(seen), textOf(wanted)];
  if (one !== other) found.push(`${where}: replayed ${one}, live ${other}`);
}

/** Where in the code an error was made is nobody's business. */
function textOf(value: unknown): string {
  return JSON.stringify(value).replaceAll(/\\"stack\\":\\".*?\\"(?=[,}])/g, '…');
}

/** Without the steps that a turn makes ready or abandons: what replay repeats of them means nothing. */
function decided({ events, standing, children, unwantedTasks, locks }: Turn): unknown {
  const started = children.map(({ workflow: { name }, ...rest }) => ({ ...rest, name }));
  return { events, standing, started, unwantedTasks, locks };
}

/** How an execution stands, in data. */
export type Picture = Readonly<{ [part: string]: unknown }>;

export function pictureOf(execution: Execution): Picture {
  const { standing, cancellation } = execution;
  return {
    standing,
    pending: [...execution.pending.values()].map(({ resolve: _, reject: __, ...rest }) => {
      if (rest.kind !== 'step') return rest;
      const { work, ...step } = rest;
      return { ...step, work: work.kind };
    }),
    openChildren: [...execution.childrenLeft()],
    unread: execution.unreadSignals(),
    asked: execution.asked && [...execution.asked],
    cancelled: cancellation?.message,
  };
}

interface PlayOptions {
  input?: unknown;
  started?: Partial<StartedEvent>;
  workflows?: readonly AnyWorkflow[];
}

/** Starts a program as a run and lets its first turn happen. */
export async function play(
  program: Program | AnyWorkflow,
  { input, started = {}, workflows }: PlayOptions = {},
): Promise<Play> {
  const subject = typeof program === 'function' ? workflow('order', program) : program;
  const first: RunEvent = {
    ...{ type: 'started', workflow: subject.name, version: subject.version },
    ...{ priority: 'normal', queue: 'default', ...started },
    payload: encodeValue(input, 'input'),
  };
  const run = await reviveRun(subject, place([], [first], T0), { now: T0, drawn: 0, workflows });
  await run.give();
  plays.push(run);
  return run;
}

/** Plays of the current test, for the check that follows it. */
let plays: Play[] = [];

/** What differs on replay in any play since the last call; runs that blocked have nothing to compare with. */
export async function replayDifferences(): Promise<string[]> {
  const all = plays;
  plays = [];
  const sound = all.filter(({ execution }) => execution.standing.kind !== 'blocked');
  return (await Promise.all(sound.map((run) => run.differences()))).flat();
}

/** Brings a run back from its history, with this program, and gives it nothing new. */
export async function reviveRun(
  program: Program | AnyWorkflow,
  history: readonly PlacedEvent[],
  world: World = { now: T0, drawn: 0 },
): Promise<Play> {
  const subject = typeof program === 'function' ? workflow('order', program) : program;
  const [first, ...rest] = effective(history);
  if (first?.event.type !== 'started') throw new Error('a history begins with its start');
  const execution = new Execution(RUN_ID, first.event, first.at, portsOf(world));
  await replay(execution, rest, () => startProgram(execution, subject, PROGRAM_PORTS));
  return new Play(subject, [...history], execution, world);
}

function portsOf(world: World): ExecutionPorts {
  const draw = (): number => (world.drawn = (world.drawn + 1) % 1000) / 1000;
  return {
    storeTime: () => world.now + 0.25,
    random: draw,
    uuid: () => `uuid-${draw()}`,
    runId: (parent) => childRunId(parent, world.now, draw),
    versionOf(name) {
      const found = world.workflows?.findLast((known) => known.name === name);
      if (found === undefined) throw new MillraceError('UNKNOWN_WORKFLOW', `no workflow "${name}"`);
      return found;
    },
    encode: encodeValue,
    drained,
  };
}

/** Resolves when no microtask is left: a tick that is queued from within one comes after all of them. */
function drained(): Promise<void> {
  return new Promise((resolve) => {
    queueMicrotask(() => {
      process.nextTick(resolve);
    });
  });
}

/** Appends events to a history. */
export function place(history: PlacedEvent[], events: readonly RunEvent[], at: number): PlacedEvent[] {
  for (const event of events) {
    const kept = structuredClone(event);
    history.push({ seq: history.length, at, engine: 'engine-1', event: kept });
  }
  return history;
}

// --- arrivals from outside

let messages = 0;

export function signalled(name: string, value?: unknown, id = `message-${++messages}`): RunEvent {
  return { type: 'signal-received', id, name, payload: encodeValue(value, name) };
}
export function updated(name: string, value?: unknown, id = `message-${++messages}`): RunEvent {
  return { type: 'update-received', id, name, payload: encodeValue(value, name) };
}
export function cancelled(reason?: string): RunEvent {
  const payload = reason === undefined ? undefined : encodeValue(reason, 'reason');
  return { type: 'cancel-requested', id: `message-${++messages}`, payload };
}
export const DEADLINE: RunEvent = { type: 'deadline-passed' };

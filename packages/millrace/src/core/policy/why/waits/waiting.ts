import { describeError } from '../../../reading/describe-error.ts';
import { instant } from '../../../reading/instant.ts';
import type { ReadableRun } from '../../../reading/readable-run.ts';
import type { RunState } from '../../../reading/state/state.ts';
import { readWaits } from '../../../reading/waits.ts';
import type { Wait } from '../../../run/command.ts';
import { externalToken } from '../../../workflow/token.ts';
import type { TaskFacts, WhyFacts } from '../facts.ts';
import { lockReason } from './locked.ts';
import { shellWord, type Reason } from '../reason.ts';

/** What a suspended run waits for, in the order in which it asked. */
export function waitReasons(waiting: Waiting): readonly Reason[] {
  const { run, facts, since } = waiting;
  const waits = readWaits(run);
  const { wakeAt } = run;
  if (wakeAt !== undefined && wakeAt <= facts.now) {
    const over = waits.filter(({ until }) => until !== undefined && until <= facts.now);
    const left = waits.filter((wait) => !over.includes(wait));
    return [waking(waiting, wakeAt, over[0]), ...left.map((wait) => reasonOfWait(waiting, wait))];
  }
  if (waits.length > 0) return waits.map((wait) => reasonOfWait(waiting, wait));
  if (run.version === 0 && wakeAt !== undefined) return [delayedStart(wakeAt, since)];
  return [anyUpdate(run, since)];
}

/** What a sentence about a wait is made of. */
export interface Waiting {
  readonly run: ReadableRun;
  readonly facts: WhyFacts;
  readonly state: RunState;
  readonly since: string;
}

export function reasonOfWait(waiting: Waiting, wait: Wait): Reason {
  const { run, facts, state, since: last } = waiting;
  const timer = state.timers.find((set) => set.ordinal === wait.ordinal);
  const since = timer === undefined ? last : instant(timer.setAt);
  switch (wait.kind) {
    case 'signal':
      return signalReason(run, wait, since);
    case 'external':
      return externalReason(run, wait, since);
    case 'update':
      return updateReason(wait, since);
    case 'sleep':
      return sleepReason(wait, since);
    case 'child':
      return childReason(state, wait, since);
    case 'lock':
      return lockReason(run, facts, wait, since);
    case 'retry':
      return retryReason(run, state, wait, since);
    case 'task':
      return taskReason(facts, wait, since);
    case 'start':
      return delayedStart(wait.until ?? run.wakeAt, since);
  }
}

/** Its time has come, and no engine has woken it yet. */
function waking({ facts, run }: Waiting, wakeAt: number, wait: Wait | undefined): Reason {
  const at = instant(wakeAt);
  const what = wait === undefined ? (run.version === 0 ? 'its start' : 'its deadline') : overOf(wait);
  const refs = { until: at };
  if (facts.engines?.every(({ state }) => state === 'suspect') === true) {
    return {
      code: 'NO_ENGINE',
      message: `${what} came at ${at}, and no engine is alive to wake it`,
      since: at,
      refs: { workflow: run.workflow, ...refs },
      remedy: { message: 'Start a process that runs on this store.', command: 'millrace doctor' },
    };
  }
  return {
    code: 'WAKING',
    message: `${what} came at ${at}: an engine is about to wake it`,
    since: at,
    refs,
    remedy: { message: 'Nothing to do: it goes on by itself.', command: null },
  };
}

function overOf({ kind, name }: Wait): string {
  switch (kind) {
    case 'sleep':
      return 'the end of its sleep';
    case 'retry':
      return `the next attempt of step "${name}"`;
    case 'start':
      return 'its start';
    default:
      return `the end of its wait for ${kind} "${name}"`;
  }
}

function untilRef(until: number | undefined): { until?: string } {
  return until === undefined ? {} : { until: instant(until) };
}

function expiry(until: number | undefined): string {
  return until === undefined ? '' : `; the wait ends with TIMEOUT at ${instant(until)}`;
}

function signalReason({ runId }: ReadableRun, { name, until }: Wait, since: string): Reason {
  return {
    code: 'WAITING_SIGNAL',
    message: `it waits for signal "${name}"${expiry(until)}`,
    since,
    refs: { signal: name, ...untilRef(until) },
    remedy: {
      message: 'Send the signal, with its payload as JSON.',
      command: `millrace signal ${runId} ${shellWord(name)} null`,
    },
  };
}

function externalReason({ runId }: ReadableRun, { name, ordinal, until }: Wait, since: string): Reason {
  const token = ordinal === undefined ? undefined : externalToken(runId, ordinal, name);
  const by = token === undefined ? '' : ` by token ${token}`;
  return {
    code: 'WAITING_EXTERNAL',
    message: `"${name}" waits to be completed from outside${by}${expiry(until)}`,
    since,
    refs: { name, ...(token === undefined ? {} : { token }), ...untilRef(until) },
    remedy: {
      message: 'Complete it from code: millrace.complete(token, value), or fail(token, error).',
      command: null,
    },
  };
}

function updateReason({ name }: Wait, since: string): Reason {
  return {
    code: 'WAITING_SIGNAL',
    message: `it waits for update "${name}"`,
    since,
    refs: { update: name },
    remedy: { message: `Send the update from code: run.update('${name}', input).`, command: null },
  };
}

function anyUpdate({ runId }: ReadableRun, since: string): Reason {
  return {
    code: 'WAITING_SIGNAL',
    message: 'it answers updates and waits for nothing else',
    since,
    refs: {},
    remedy: {
      message: 'Send it an update from code, or cancel it when it is not needed any more.',
      command: `millrace cancel ${runId}`,
    },
  };
}

function sleepReason({ until }: Wait, since: string): Reason {
  const wake = until === undefined ? '' : ` until ${instant(until)}`;
  return {
    code: 'SLEEPING',
    message: `it sleeps${wake}`,
    since,
    refs: untilRef(until),
    remedy: { message: 'Nothing to do: it goes on by itself.', command: null },
  };
}

function childReason(state: RunState, { name, ordinal, runId }: Wait, since: string): Reason {
  const child = state.children.find((started) => started.ordinal === ordinal);
  const id = runId ?? child?.runId;
  return {
    code: 'WAITING_CHILD',
    message: `it waits for child "${name}"${id === undefined ? '' : ` (run ${id})`}`,
    since: child === undefined ? since : instant(child.startedAt),
    refs: { child: name, ...(id === undefined ? {} : { runId: id }) },
    remedy: {
      message: 'Ask why the child is not done.',
      command: id === undefined ? null : `millrace why ${id}`,
    },
  };
}

function taskReason({ tasks }: WhyFacts, { name, until, ...wait }: Wait, since: string): Reason {
  // A wait of this kind has both.
  const [attempt, runId] = [Number(wait.attempt), String(wait.runId)];
  const task = tasks?.find((one) => one.runId === runId);
  const engine = task?.status === 'running' ? task.engine : undefined;
  return {
    code: 'WAITING_TASK',
    message: `attempt ${attempt} of step "${name}" ${stateOf(task)}, as run ${runId}`,
    since,
    refs: {
      step: name,
      attempt,
      runId,
      ...(engine === undefined ? {} : { engineId: engine }),
      ...untilRef(until),
    },
    remedy: { message: 'Ask why that run is not done.', command: `millrace why ${runId}` },
  };
}

function stateOf(task: TaskFacts | undefined): string {
  if (task === undefined) return 'executes elsewhere';
  if (task.status !== 'running') return `is ${task.status}`;
  return `executes on ${task.engine}`;
}

function retryReason({ runId }: ReadableRun, state: RunState, wait: Wait, since: string): Reason {
  const { name, ordinal, until, attempt } = wait;
  const step = state.steps.find((tried) => tried.ordinal === ordinal);
  const last = step?.tries.at(-1);
  const error = wait.reason ?? (last === undefined ? undefined : errorLine(last.payload));
  const when = until === undefined ? '' : ` at ${instant(until)}`;
  return {
    code: 'RETRY_BACKOFF',
    message:
      `step "${name}" is tried again${attempt === undefined ? '' : ` (attempt ${attempt})`}${when}` +
      (error === undefined ? '' : `; the last one failed: ${error}`),
    since: last === undefined ? since : instant(last.at),
    refs: { step: name, ...(attempt === undefined ? {} : { attempt }), ...untilRef(until) },
    remedy: {
      message: 'Correct what makes it fail; the next attempt comes by itself.',
      command: `millrace history ${runId}`,
    },
  };
}

function errorLine(payload: string | undefined): string {
  const { code, message } = describeError(payload);
  return message === '' ? code : `${code}: ${message}`;
}

function delayedStart(startAt: number | undefined, since: string): Reason {
  const when = startAt === undefined ? 'later' : `at ${instant(startAt)}`;
  return {
    code: 'DELAYED_START',
    message: `it starts ${when}, as its caller asked`,
    since,
    refs: untilRef(startAt),
    remedy: { message: 'Nothing to do: it starts by itself.', command: null },
  };
}

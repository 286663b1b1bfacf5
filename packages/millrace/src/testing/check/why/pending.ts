import type { Pending } from '../../../core/run/command.ts';
import { takeTurn } from '../../../core/run/turn.ts';
import type { Reason } from '../../../core/policy/why.ts';
import type { Tally } from '../tally.ts';
import { replayed } from '../replay.ts';
import { violated } from '../violation.ts';
import type { Watched } from '../watcher.ts';

/** As many as a suspended run stores. */
const WAITS_STORED = 20;

/**
 * What the program of a run waits for, brought to where its history ends, is what `why` says: each reason is of a command
 * without outcome, and of a suspended run each command has its reason. A signal that is sent ends the wait for it.
 */
export async function checkPending(
  watched: Watched,
  reasons: readonly Reason[],
  { now, tally }: { now: number; tally: Tally },
): Promise<void> {
  const { row } = watched;
  const execution = await replayed(watched);
  const pending = [...execution.pending.values()];
  const where = `run ${row.runId} (${row.status})`;
  for (const reason of reasons) {
    const of = commandOf(reason);
    if (of !== undefined && !pending.some(of)) violated('why lies', `${where}: ${reason.message}`);
  }
  if (row.status === 'waiting' && row.version > 0) {
    const left = pending.slice(0, WAITS_STORED).filter((command) => (dueOf(command) ?? Infinity) > now);
    const told = reasons.filter((reason) => commandOf(reason) !== undefined);
    if (told.length !== left.length)
      violated('why leaves out', `${where}: ${told.length} of ${left.map(({ name }) => name).join(', ')}`);
  }
  const name = reasons.find(({ code, refs }) => code === 'WAITING_SIGNAL' && 'signal' in refs)?.refs[
    'signal'
  ];
  if (name === undefined) return;
  const wait = pending.find((command) => command.kind === 'signal' && command.signal === name);
  await takeTurn(execution, [{ type: 'signal-received', id: 'why', name: String(name), payload: '0' }]);
  if (wait !== undefined && execution.pending.get(wait.ordinal) === wait)
    violated('why lies', `${where}: signal ${name} does not end its wait`);
  tally.add('why frees by its signal');
}

/** Which commands a reason may speak of; undefined: of none. */
function commandOf({ code, refs }: Reason): ((command: Pending) => boolean) | undefined {
  switch (code) {
    case 'WAITING_SIGNAL':
      return 'signal' in refs ? (of) => of.kind === 'signal' && of.signal === refs['signal'] : undefined;
    case 'WAITING_EXTERNAL':
      return (of) => of.kind === 'external' && of.name === refs['name'];
    case 'SLEEPING':
      return (of) => of.kind === 'sleep';
    case 'WAITING_CHILD':
      return (of) => of.kind === 'child' && of.runId === refs['runId'];
    case 'WAITING_LOCK':
      return (of) => of.kind === 'lock' && of.lock === refs['lock'];
    case 'WAITING_TASK':
      return (of) => of.kind === 'step' && of.taskRunId === refs['runId'] && of.attempt === refs['attempt'];
    case 'RETRY_BACKOFF':
      return (of) => of.kind === 'step' && of.name === refs['step'] && of.attempt === refs['attempt'];
    default:
      return undefined;
  }
}

/** When it goes on by itself. */
function dueOf(command: Pending): number | undefined {
  return command.kind === 'step' && command.taskRunId === undefined ? command.retryAt : command.fireAt;
}

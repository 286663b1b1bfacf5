import { encodeValue } from '../../core/json.ts';
import { effective, replay } from '../../core/run/replay.ts';
import { Execution } from '../../core/run/execution.ts';
import { startProgram } from '../../core/workflow/program.ts';
import { isClosed } from '../../core/status.ts';
import { createPlayer } from '../program/play.ts';
import { violated } from './violation.ts';
import type { Watched } from './watcher.ts';

const NO_LIMITS = { timeoutMs: undefined, totalTimeoutMs: undefined, heartbeatTimeoutMs: undefined };
const RETRY = { maxAttempts: 4, initialMs: 1_000, factor: 2, maxMs: 60_000, jitter: 0, nonRetryable: [] };

/** The program of a run, brought to where its history ends. */
export async function replayed({ row, history }: Watched): Promise<Execution> {
  const [first, ...rest] = effective(history.events);
  if (first?.event.type !== 'started') violated('history start', row.runId);
  const player = createPlayer({ attempt: () => '', token: () => {}, demand: () => {} });
  const execution = new Execution(row.runId, first.event, first.at, {
    storeTime: () => 0,
    random: () => 0,
    uuid: () => '',
    runId: () => '',
    versionOf: (name) => ({ name, version: '' }),
    encode: encodeValue,
    drained,
  });
  const ports = { lockMs: 300_000, defaultStep: { retry: RETRY, ...NO_LIMITS } };
  await replay(execution, rest, () => startProgram(execution, player.workflow, ports));
  return execution;
}

/** The program, given its whole history again, gives the same commands and ends the same way. */
export async function replayRun(watched: Watched): Promise<void> {
  const { row, history } = watched;
  const execution = await replayed(watched);
  const { standing, events } = execution;
  if (standing.kind === 'blocked')
    violated('replay differs', `run ${row.runId}: ${standing.mismatch.message}`);
  if (events.length > 0) {
    violated(
      'replay differs',
      `run ${row.runId} gave ${events.map(({ type }) => type).join(', ')} that history lacks`,
    );
  }
  const end = standing.kind === 'open' ? undefined : standing.kind;
  if (isClosed(row.status) && end !== row.status)
    violated('replay differs', `run ${row.runId} ends ${end}, is ${row.status}`);
  const { payload } = effective(history.events).slice(1).at(-1)?.event ?? {};
  if ('payload' in standing && end === 'completed' && standing.payload !== payload) {
    violated('replay differs', `run ${row.runId} gives ${standing.payload}, has ${payload}`);
  }
}

function drained(): Promise<void> {
  return new Promise((resolve) => {
    queueMicrotask(() => {
      process.nextTick(resolve);
    });
  });
}

import type { StartOptions } from '../../../api/start-request.ts';
import { describeRun, type RunDescription } from '../../../core/reading/describe-run.ts';
import { placedEvents } from '../../../core/reading/history-items.ts';
import { isClosed } from '../../../core/status.ts';
import type { AnyWorkflow } from '../../../core/workflow/workflow.ts';
import type { Millrace } from '../../../millrace.ts';
import { StoreError } from '../../../store/port/errors.ts';
import type { RunRow } from '../../../store/port/store.ts';
import type { StartName } from '../../../versions/acts/choose.ts';
import type { Cli } from '../../cli.ts';
import { NAMESPACE } from '../../connect/find-run.ts';
import { EXIT } from '../../exit.ts';
import type { Terminal } from '../../terminal.ts';
import { plainJson } from '../../../core/json/plain-json.ts';
import { paintStatus, span } from '../../output/run-words.ts';
import { safeLines, safeText } from '../../output/safe-text.ts';
import { createLive, type Live } from './live/screen.ts';
import { watchNodes, type NodeWatch } from './live/watch-nodes.ts';
import type { StopWatch } from './stop-signals.ts';
import { follow, type Watcher } from './follow.ts';
import { progressLine } from './progress.ts';

/** What is to be run. */
export interface Job {
  readonly workflow: AnyWorkflow | StartName;
  readonly input: unknown;
  readonly start: StartOptions;
  readonly asJson: boolean;
  /** This process is an engine. */
  readonly works: boolean;
  /** Where the nodes of a definition are drawn. */
  readonly live?: Live;
}

/** Starts the run, or goes on with the one of its key, tells its progress and prints how it ended. */
export async function runToEnd(cli: Cli, millrace: Millrace, job: Job, stop: StopWatch): Promise<number> {
  const { workflow, input, start } = job;
  const live = job.live ?? createLive(cli.terminal);
  const { terminal } = live;
  const { key } = start;
  const known = key === undefined ? [] : await millrace.store.readRuns([{ namespace: NAMESPACE, key }]);
  const { runId } = await millrace.start(workflow, input, start);
  const before = known[0]?.runId === runId ? known[0] : undefined;
  const [begun] = await millrace.store.readRuns([{ runId }]);
  if (begun === undefined) throw new StoreError('definite', `run ${runId} was removed from the store`);
  const { version } = describeRun(begun, []);
  terminal.tell(`run ${runId} · ${begun.workflow} version ${version}${stateText(before)}`);
  const nodes = await watchNodes(millrace, begun, live);
  const watcher = watcherOf(terminal, millrace, nodes);
  let row: RunRow | undefined;
  try {
    row = await follow(millrace, { runId, seq: before?.events ?? 0 }, watcher, stop);
  } finally {
    await nodes?.close();
  }
  if (row === undefined) {
    tellStop(cli, job, stop);
    return EXIT.failed; // replaced by the status of the signal
  }
  const history = placedEvents(row.lastChunk === undefined ? [] : [row.lastChunk]);
  return printEnd(cli, millrace, describeRun(row, history), job.asJson);
}

function stateText(row: RunRow | undefined): string {
  if (row === undefined) return '';
  return isClosed(row.status) ? ` · ended earlier, ${row.status}` : ` · resumed after ${row.events} events`;
}

/** @param nodes - where they are drawn, events are not told line by line. */
function watcherOf(terminal: Terminal, millrace: Millrace, nodes: NodeWatch | undefined): Watcher {
  const { tellStyle: style } = terminal;
  return {
    item(item) {
      if (nodes !== undefined) return nodes.note();
      const line = progressLine(terminal, item);
      if (line !== undefined) terminal.tell(line);
    },
    async waiting({ runId }) {
      for (const { code, message, remedy } of (await millrace.run(runId).why()).reasons) {
        if (code === 'SLEEPING' || code === 'RETRY_BACKOFF') continue; // the history has said so
        const command = remedy.command === null ? '' : style('dim', ` · ${safeText(remedy.command)}`);
        terminal.tell(`${style('yellow', '…')} ${safeText(message)}${command}`);
      }
    },
    continued: (successor) => terminal.tell(`goes on as run ${successor}`),
    outage: (message) =>
      terminal.tell(`${style('yellow', '…')} the store does not answer: ${safeLines(message)}`),
  };
}

function tellStop({ terminal }: Cli, { start, works }: Job, stop: StopWatch): void {
  if (!works) return terminal.tell(`${stop.received()}: the run goes on`);
  const again =
    start.key === undefined
      ? 'an engine with this workflow goes on with the run'
      : 'repeat the command to go on';
  terminal.tell(
    `${stop.received()}: finishing running steps, for at most 10 s (again: stop at once); ${again}`,
  );
}

async function printEnd(cli: Cli, millrace: Millrace, run: RunDescription, asJson: boolean): Promise<number> {
  const { terminal } = cli;
  const { runId, status, output } = run;
  const error = run.error ?? (status === 'blocked' ? await blockError(millrace, runId) : null);
  const tookMs = run.closedAt === null ? undefined : Date.parse(run.closedAt) - Date.parse(run.createdAt);
  const took = tookMs === undefined ? '' : ` after ${span(tookMs)}`;
  terminal.tell(`${paintStatus(terminal.tellStyle, status)}${took}`);
  if (error !== null) terminal.tell(`${terminal.tellStyle('red', error.code)} ${safeLines(error.message)}`);
  if (asJson) terminal.out(plainJson({ runId, status, output, error }));
  else if (status === 'completed') terminal.out(plainJson(output, 2));
  if (status === 'completed') return EXIT.ok;
  if (status !== 'blocked') terminal.tell(`to go on from there: millrace retry ${runId}`);
  return status === 'timed-out' ? EXIT.timedOut : EXIT.runEnded;
}

async function blockError(
  millrace: Millrace,
  runId: string,
): Promise<{ code: string; message: string } | null> {
  const [reason] = (await millrace.run(runId).why()).reasons;
  return reason === undefined
    ? null
    : { code: reason.code, message: `${reason.message}. ${reason.remedy.message}` };
}

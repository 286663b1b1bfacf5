import type { StartOptions } from '../../../api/start-request.ts';
import type { RunDescription } from '../../../core/reading/describe-run.ts';
import { isClosed } from '../../../core/status.ts';
import type { AnyWorkflow } from '../../../core/workflow/workflow.ts';
import type { StartName } from '../../../versions/acts/choose.ts';
import type { Cli } from '../../cli.ts';
import type { FoundRun, House } from '../../house/house.ts';
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
export async function runToEnd(cli: Cli, house: House, job: Job, stop: StopWatch): Promise<number> {
  const { workflow, input, start } = job;
  const live = job.live ?? createLive(cli.terminal);
  const { terminal } = live;
  const { key } = start;
  const known = key === undefined ? undefined : await house.findKey(key);
  const { runId } = await house.start(workflow, input, start);
  const before = known?.runId === runId ? { ...known, events: await house.run(runId).recorded() } : undefined;
  const begun = await house.run(runId).standing();
  terminal.tell(`run ${runId} · ${begun.workflow} version ${begun.version}${stateText(before)}`);
  const nodes = await watchNodes(house, runId, live);
  const watcher = watcherOf(terminal, house, nodes);
  let ended: string | undefined;
  try {
    ended = await follow(house, { runId, seq: before?.events ?? 0 }, watcher, stop);
  } finally {
    await nodes?.close();
  }
  if (ended === undefined) {
    tellStop(cli, job, stop);
    return EXIT.failed; // replaced by the status of the signal
  }
  return printEnd(cli, house, await house.run(ended).describe(), job.asJson);
}

interface Before extends FoundRun {
  /** What it had recorded. */
  readonly events: number;
}

function stateText(run: Before | undefined): string {
  if (run === undefined) return '';
  return isClosed(run.status) ? ` · ended earlier, ${run.status}` : ` · resumed after ${run.events} events`;
}

/** @param nodes - where they are drawn, events are not told line by line. */
function watcherOf(terminal: Terminal, house: House, nodes: NodeWatch | undefined): Watcher {
  const { tellStyle: style } = terminal;
  return {
    item(item) {
      if (nodes !== undefined) return nodes.note();
      const line = progressLine(terminal, item);
      if (line !== undefined) terminal.tell(line);
    },
    async waiting(runId) {
      for (const { code, message, remedy } of (await house.run(runId).why()).reasons) {
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

async function printEnd(cli: Cli, house: House, run: RunDescription, asJson: boolean): Promise<number> {
  const { terminal } = cli;
  const { runId, status, output } = run;
  const error = run.error ?? (status === 'blocked' ? await blockError(house, runId) : null);
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

async function blockError(house: House, runId: string): Promise<{ code: string; message: string } | null> {
  const [reason] = (await house.run(runId).why()).reasons;
  return reason === undefined
    ? null
    : { code: reason.code, message: `${reason.message}. ${reason.remedy.message}` };
}

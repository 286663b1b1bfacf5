import { durationMs, type Duration } from '../../core/duration.ts';
import { isAtLeast, readLine, type LogLevel, type RunLogLine } from '../../core/lines/line.ts';
import { isClosed } from '../../core/status.ts';
import type { RunRow } from '../../store/port/store.ts';
import type { Desk } from '../desk.ts';
import { LAST_POSITION, requireWhole } from '../run/whole.ts';

/** Which lines of a log are wanted. */
export interface LogFilter {
  /** The least important lines. Default `debug`: all that are stored. */
  level?: LogLevel | undefined;
  /** Only what this step says. */
  step?: string | undefined;
}

export interface LogPageOptions extends LogFilter {
  /** The `seq` of a line: only later ones. Default 0: from the first on. */
  after?: number | undefined;
  /** Only of the last so many lines that are stored, at least 1. */
  tail?: number | undefined;
  /** At most so many lines, from 1 to 1,000. Default 100. */
  limit?: number | undefined;
  /** For how long to wait for a line, while there is none and one may come. Default 0: not at all. */
  wait?: Duration | undefined;
  /** Ends the wait early. */
  signal?: AbortSignal | undefined;
}

/** A part of the log of a run. */
export interface LogPage {
  readonly items: readonly RunLogLine[];
  /** The `after` by which to ask for what comes behind this page. */
  readonly last: number;
  /** There are more lines at present. */
  readonly more: boolean;
  /** More may come: the run has not ended, or only just now. */
  readonly open: boolean;
  /** How many lines the run has said that are not stored, because its log was full. */
  readonly dropped: number;
}

/** What was said at the very end is stored a moment after it. */
const SETTLE_MS = 2_000;
const CHUNK = 1_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 500;
const MOST_TAIL = 1_000_000;

/** @throws INVALID_ARGUMENT, RUN_NOT_FOUND. */
export async function readLogPage(
  desk: Desk,
  runId: string,
  { wait = 0, signal, ...wish }: LogPageOptions,
): Promise<LogPage> {
  const { after = 0, tail, limit = 100 } = wish;
  requireWhole('log page: after', after, 0, LAST_POSITION);
  requireWhole('log page: limit', limit, 1, CHUNK);
  if (tail !== undefined) requireWhole('log page: tail', tail, 1, MOST_TAIL);
  const until = desk.ports.clock.mono() + durationMs(wait, 'log page, wait');
  let from: Where = { ...wish, after, tail, limit };
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    // Looked at before its lines are: what a run that has ended by now has said is found then.
    // oxlint-disable-next-line no-await-in-loop -- looks until there is something
    const open = mayGoOn(await desk.readRun({ runId }), desk.storeTime());
    // oxlint-disable-next-line no-await-in-loop
    const page = { ...(await collect(desk, runId, from)), open };
    const leftMs = until - desk.ports.clock.mono();
    if (page.items.length > 0 || !open || leftMs <= 0 || signal?.aborted === true) return page;
    from = { ...from, after: page.last, tail: undefined };
    // oxlint-disable-next-line no-await-in-loop
    await pause(desk, Math.min(pauseMs, leftMs), signal);
  }
}

interface Where extends LogFilter {
  readonly after: number;
  readonly tail: number | undefined;
  readonly limit: number;
}

/** A log is of bounded size: all of it can be looked through. */
async function collect(
  desk: Desk,
  runId: string,
  { after, tail, limit, level = 'debug', step }: Where,
): Promise<Omit<LogPage, 'open'>> {
  const items: RunLogLine[] = [];
  const chunk = level === 'debug' && step === undefined ? limit : CHUNK;
  for (let last = after, first = true; ; first = false) {
    // oxlint-disable-next-line no-await-in-loop -- how far to read depends on what fits
    const page = await desk.readLines({ runId, after: last, tail: first ? tail : undefined, limit: chunk });
    const { lines, kept, dropped } = page;
    for (const stored of lines) {
      last = stored.seq;
      const line = readLine(stored);
      if (isAtLeast(line.level, level) && (step === undefined || line.step === step)) items.push(line);
      if (items.length === limit) return { items, last, more: last < kept, dropped };
    }
    if (lines.length < chunk) return { items, last, more: false, dropped };
  }
}

function mayGoOn({ status, closedAt = 0 }: RunRow, now: number): boolean {
  return !isClosed(status) || now < closedAt + SETTLE_MS;
}

function pause({ ports }: Desk, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const cancel = ports.after(ms, end);
    signal?.addEventListener('abort', end);
  });
}

import type { CallOptions, Caller, QueryOf } from '../call.ts';
import type { Log, LogLine } from '../shapes.ts';
import { pause } from '../transport/pause.ts';

/** Which lines of a log are wanted. */
export interface LogFilter extends CallOptions, Pick<QueryOf<'readLogs'>, 'level' | 'step' | 'tail'> {
  /** The `seq` of a line: only later ones. */
  readonly after?: number | undefined;
}

export interface LogPageOptions extends LogFilter {
  /** At most so many lines, up to 1,000. */
  readonly limit?: number | undefined;
  /** How long to wait for a line while there is none and one may come, ms, at most 60,000. Default: not at all. */
  readonly waitMs?: number | undefined;
}

export interface LogsOptions extends LogFilter {
  /** Goes on until the run has ended. Default: it ends with the last line that is stored. */
  readonly follow?: boolean | undefined;
}

const PAGE = 1_000;
/** How long the server holds one question: no proxy takes it for dead before that. */
const HOLD_MS = 20_000;
/** Between questions to a server that answers sooner than it was asked to. */
const SPACING_MS = 250;

export async function logPage(
  caller: Caller,
  runId: string,
  { after: cursor, waitMs = 0, signal, ...wish }: LogPageOptions,
): Promise<Log> {
  const wait = waitMs === 0 ? {} : { wait: `${waitMs}ms` };
  const query = { ...wish, ...wait, cursor };
  return caller.call('readLogs', { params: { runId }, query, signal, patienceMs: waitMs });
}

/** The log of a run, line by line, as far as somebody reads it. */
export async function* logLines(
  caller: Caller,
  runId: string,
  { follow = false, after, tail, ...filter }: LogsOptions,
): AsyncGenerator<LogLine, void, void> {
  const waitMs = follow ? HOLD_MS : 0;
  let from: LogPageOptions = { after, tail };
  for (;;) {
    const askedAt = performance.now();
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
    const page = await logPage(caller, runId, { ...filter, ...from, limit: PAGE, waitMs });
    const { items, nextCursor, last, open } = page;
    yield* items;
    if (nextCursor === null && !(follow && open)) return;
    from = { after: last };
    const isEarly = items.length === 0 && performance.now() - askedAt < waitMs / 2;
    // oxlint-disable-next-line no-await-in-loop
    if (isEarly && nextCursor === null) await pause(SPACING_MS, filter.signal);
  }
}

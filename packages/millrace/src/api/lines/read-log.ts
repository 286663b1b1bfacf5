import type { RunLogLine } from '../../core/lines/line.ts';
import type { LogPage, LogPageOptions } from './log-page.ts';

export interface LogOptions extends Omit<LogPageOptions, 'limit' | 'wait'> {
  /** Goes on until the run has ended. Default: it ends with the last line that is stored. */
  follow?: boolean | undefined;
}

const PAGE = 1_000;
const WAIT = '20s';

/** A log line by line, as far as somebody reads it. */
export async function* readLog(
  read: (options: LogPageOptions) => Promise<LogPage>,
  { follow = false, after, tail, ...filter }: LogOptions,
): AsyncGenerator<RunLogLine, void, void> {
  const { signal } = filter;
  const wait = follow ? WAIT : 0;
  let from: LogPageOptions = { after, tail };
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
    const { items, last, more, open } = await read({ ...filter, ...from, limit: PAGE, wait });
    yield* items;
    signal?.throwIfAborted();
    if (!more && !(follow && open)) return;
    from = { after: last };
  }
}

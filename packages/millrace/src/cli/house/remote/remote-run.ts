import { RunError, type Client, type Log } from '@millrace/client';
import type { LogPage, LogPageOptions } from '../../../api/lines/log-page.ts';
import { durationMs } from '../../../core/duration.ts';
import type { HistoryItem } from '../../../core/reading/history-items.ts';
import type { HouseRun } from '../house.ts';
import { answerOf } from '../refusal.ts';

/** One run of a server. */
export function remoteRun(client: Client, runId: string): HouseRun {
  const run = client.run(runId);
  return {
    describe: ({ nodes } = {}) => answerOf(run.describe({ nodes })),
    standing: () => answerOf(run.describe()),
    recorded: async () => (await answerOf<readonly HistoryItem[]>(itemsFrom(client, runId, 0))).length,
    detail: () => answerOf(run.detail()),
    history: (from = 0) => answerOf(itemsFrom(client, runId, from)),
    logPage: (options) => logPage(client, runId, options),
    why: () => answerOf(run.why()),
    ended: () => ended(client, runId),
    signal: (name, payload, { id }) => answerOf(run.signal(name, payload, { idempotencyKey: id })),
    cancel: (reason) => answerOf(run.cancel({ reason })),
    retry: ({ from }) => answerOf(run.retry({ from })),
    pause: ({ reason }) => answerOf(run.pause({ reason })),
    resume: () => answerOf(run.resume()),
  };
}

async function itemsFrom(client: Client, runId: string, from: number): Promise<readonly HistoryItem[]> {
  const history = client.run(runId).history();
  const items: HistoryItem[] = [];
  for (let cursor: string | undefined = String(from); cursor !== undefined;) {
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
    const page = await history.page(cursor);
    items.push(...(page.items as readonly HistoryItem[])); // the library's own, from the server
    cursor = page.nextCursor ?? undefined;
  }
  return items;
}

async function logPage(
  client: Client,
  runId: string,
  { wait = 0, ...wish }: LogPageOptions,
): Promise<LogPage> {
  const asked = client.run(runId).logPage({ ...wish, waitMs: durationMs(wait, 'wait') });
  const { nextCursor, ...page } = await answerOf<Log & Omit<LogPage, 'more'>>(asked);
  return { ...page, more: nextCursor !== null };
}

/** How it ended, or that nobody can be asked, is found out by whoever looks next. */
async function ended(client: Client, runId: string): Promise<void> {
  try {
    await client.run(runId).result();
  } catch (error) {
    if (!(error instanceof RunError)) return;
  }
}

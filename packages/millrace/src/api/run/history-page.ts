import { historyItem, placedEvents, type HistoryItem } from '../../core/reading/history-items.ts';
import type { PlacedEvent } from '../../core/run/event.ts';
import type { Desk } from '../desk.ts';
import { LAST_POSITION, requireWhole } from './whole.ts';

export interface HistoryPageOptions {
  /** Position of the first event, from 0. Default 0. */
  from?: number | undefined;
  /** At most so many events, from 1 to 1,000. Default 100. */
  limit?: number | undefined;
}

/** A part of a history. */
export interface HistoryPage {
  readonly items: readonly HistoryItem[];
  /** The `from` of the next page; undefined: nothing more is recorded. */
  readonly next: number | undefined;
}

/** Chunks that are asked for at once. */
const CHUNKS = 32;
/** A page that is as large as this ends, however few events it has. */
const PAGE_BYTES = 4 * 1024 * 1024;
const MOST = 1_000;

/** A page of what is recorded: no more of it is read than that. */
export async function readHistoryPage(
  desk: Pick<Desk, 'readHistory'>,
  runId: string,
  { from = 0, limit = 100 }: HistoryPageOptions,
): Promise<HistoryPage> {
  requireWhole('history page: from', from, 0, LAST_POSITION);
  requireWhole('history page: limit', limit, 1, MOST);
  const events: PlacedEvent[] = [];
  let bytes = 0;
  for (let at = from, goesOn = true; goesOn;) {
    const asked = Math.min(CHUNKS, limit + 1);
    const position = at;
    // oxlint-disable-next-line no-await-in-loop -- whether more is wanted depends on what has come
    const chunks = await desk.readHistory(runId, position, asked);
    events.push(...placedEvents(chunks).filter(({ seq }) => seq >= position));
    bytes += chunks.reduce((sum, { data }) => sum + data.byteLength, 0);
    at = (events.at(-1)?.seq ?? from - 1) + 1;
    goesOn = chunks.length === asked && events.length <= limit && bytes < PAGE_BYTES;
    if (!goesOn && chunks.length === asked && events.length <= limit) return pageOf(events, limit, at);
  }
  return pageOf(events, limit, undefined);
}

/** @param rest - where what was not looked at begins. */
function pageOf(events: readonly PlacedEvent[], limit: number, rest: number | undefined): HistoryPage {
  return { items: events.slice(0, limit).map(historyItem), next: events[limit]?.seq ?? rest };
}

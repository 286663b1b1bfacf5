import { isMillraceError } from '../../core/errors.ts';
import { placedEvents } from '../../core/reading/history-items.ts';
import type { RunEvent } from '../../core/run/event.ts';
import type { Desk, RunName } from '../desk.ts';

const ENDED: ReadonlySet<string> = new Set(['RUN_CLOSED', 'RUN_NOT_CLOSED']);

/** By what event a run shows that it has obeyed. */
interface Deed {
  readonly type: 'signal-received' | 'cancel-requested' | 'retried';
  /** That the caller gave the act; undefined: it is another one each time. */
  readonly id: string | undefined;
}

/**
 * Does something to a run that may be done twice: what is refused because of the run's state is no failure if its history
 * says that this very act has been obeyed, whose answer was lost.
 */
export async function once(
  desk: Desk,
  ref: RunName,
  { type, id }: Deed,
  act: () => Promise<void>,
): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (id === undefined || !isMillraceError(error) || !ENDED.has(error.code)) throw error;
    if (!(await isObeyed(desk, ref, { type, id }))) throw error;
  }
}

async function isObeyed(desk: Desk, ref: RunName, deed: Deed): Promise<boolean> {
  const { runId } = await desk.readRun(ref);
  const history = placedEvents(await desk.readHistory(runId));
  return history.some(({ event }) => tellsOf(event, deed));
}

function tellsOf(event: RunEvent, { type, id = '' }: Deed): boolean {
  // What an earlier run of the chain took.
  if (event.type === 'started') return type === 'signal-received' && event.seen?.includes(id) === true;
  return event.type === type && 'id' in event && event.id === id;
}

import type { RetireOptions, RetireResult, Store } from '../../store/port/store.ts';

/** Who is retired, as `Store.retire` takes it. */
export interface Retirement extends Omit<RetireOptions, 'limit'> {
  readonly engineId: string;
  /** Undefined: whatever its beat is. */
  readonly expectBeat?: number | undefined;
}

const RETIRE_CHUNK = 500;

/**
 * Retires an incarnation, chunk by chunk, until it owns nothing. Who comes too late or gets nothing leaves the rest to
 * whoever is at it; should nobody be, the next beat of any engine shows it.
 * @param each - is told of each chunk that changed something.
 * @returns how many runs were requeued.
 */
export async function retire(
  store: Pick<Store, 'retire'>,
  { engineId, expectBeat, ...how }: Retirement,
  each: (result: RetireResult) => void = () => {},
): Promise<number> {
  let requeued = 0;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one chunk after the other
    const result = await store.retire(engineId, expectBeat, { ...how, limit: RETIRE_CHUNK });
    if (!result.retired && result.requeued === 0) return requeued;
    requeued += result.requeued;
    each(result);
    if (!result.remaining) return requeued;
  }
}

import type { Ports } from '../../engine/ports.ts';
import type { QueueReport, Store } from '../../store/port/store.ts';
import { ask } from '../store-failure.ts';

/** What stands in the queues of a namespace. */
export type QueueReports = () => Promise<readonly QueueReport[]>;

/** Fewer runs are counted each time. */
const FEW = 1_000;
/** An answer is believed so many times as long as it took. */
const REST = 10;
/** And so many times longer by those who ask while the next one is under way: none of them waits. */
const GRACE = 5;

/**
 * The store counts open runs, all of them: where there are many, an answer counts for a while, so that counting is a
 * tenth of what the store does, however many ask.
 */
export function createQueueReports(
  store: Pick<Store, 'readQueues'>,
  namespace: string,
  { clock }: Pick<Ports, 'clock'>,
): QueueReports {
  let known: readonly QueueReport[] = [];
  let freshUntil = Number.NEGATIVE_INFINITY;
  let knownUntil = Number.NEGATIVE_INFINITY;
  let asking: Promise<readonly QueueReport[]> | undefined;
  let areMany = false;

  async function count(): Promise<readonly QueueReport[]> {
    const askedAt = clock.mono();
    known = await ask(() => store.readQueues(namespace));
    areMany = known.reduce((sum, { open }) => sum + open, 0) >= FEW;
    const tookMs = clock.mono() - askedAt;
    freshUntil = areMany ? askedAt + tookMs * (1 + REST) : Number.NEGATIVE_INFINITY;
    knownUntil = freshUntil + tookMs * GRACE;
    return known;
  }

  return () => {
    const now = clock.mono();
    if (now < freshUntil) return Promise.resolve(known);
    if (!areMany) return count();
    asking ??= count().finally(() => (asking = undefined));
    if (now >= knownUntil) return asking;
    // Who asks when nothing is known any more hears what is wrong.
    asking.catch(() => undefined);
    return Promise.resolve(known);
  };
}

/**
 * Group commit without timers: items gather while the previous batch is under way; a batch takes what is
 * there. Idle: a single item leaves with the current burst. Loaded: hundreds share a round trip.
 */
export interface GroupOptions<T, R> {
  /** Batches in flight at once. */
  readonly lanes: number;
  readonly maxItems: number;
  readonly maxBytes: number;
  weigh(item: T): number;
  soon(callback: () => void): void;
  /** Answers in item order. A rejection rejects every item of the batch. */
  send(batch: T[]): Promise<R[]>;
}

interface Waiting<T, R> {
  item: T;
  resolve(result: R): void;
  reject(error: unknown): void;
}

/** Returns the function that submits an item and resolves to its answer. */
export function group<T, R>(options: GroupOptions<T, R>): (item: T) => Promise<R> {
  let queue: Waiting<T, R>[] = [];
  let inFlight = 0;
  let scheduled = false;

  const schedule = (): void => {
    if (scheduled || inFlight >= options.lanes || queue.length === 0) return;
    scheduled = true;
    options.soon(() => {
      scheduled = false;
      void sendBatch();
    });
  };

  const takeBatch = (): Waiting<T, R>[] => {
    let bytes = 0;
    let size = 0;
    while (size < queue.length && size < options.maxItems) {
      bytes += options.weigh((queue[size] as Waiting<T, R>).item);
      if (bytes > options.maxBytes && size > 0) break;
      size++;
    }
    if (size === queue.length) {
      const all = queue;
      queue = [];
      return all;
    }
    return queue.splice(0, size);
  };

  const sendBatch = async (): Promise<void> => {
    const batch = takeBatch();
    if (batch.length === 0) return;
    inFlight++;
    schedule();
    try {
      const results = await options.send(batch.map(({ item }) => item));
      for (let at = 0; at < batch.length; at++) (batch[at] as Waiting<T, R>).resolve(results[at] as R);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      inFlight--;
      schedule();
    }
  };

  return (item) =>
    new Promise<R>((resolve, reject) => {
      queue.push({ item, resolve, reject });
      schedule();
    });
}

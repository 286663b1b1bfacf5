import type { ChangeEvent } from '../../core/changes/change.ts';
import { filterKey, type ChangeFilter } from '../../core/changes/filter.ts';
import { MillraceError } from '../../core/errors.ts';

/** Changes that are told together. Everybody with the same filter gets the very same one, so that it is encoded once. */
export interface Batch {
  readonly changes: readonly ChangeEvent[];
  /** As JSON, about. */
  readonly chars: number;
}

/**
 * Somebody who is told. What he has not taken yet waits here, within bounds: who is slower than that is dropped, and may
 * come back with the id of the last change that he has.
 */
export interface Listener {
  readonly filter: ChangeFilter;
  /** The same where the filter says the same. */
  readonly key: string;
  tell(batch: Batch): void;
  /** The next batch; undefined: it has ended. One at a time. @throws SLOW_LISTENER. */
  next(): Promise<Batch | undefined>;
  isIdle(): boolean;
  end(error?: MillraceError): void;
}

const MOST_CHANGES = 10_000;
const MOST_CHARS = 2 * 1024 * 1024;

export function createListener(filter: ChangeFilter): Listener {
  let waiting: Batch[] = [];
  let [changes, chars] = [0, 0];
  let over: { readonly error: MillraceError | undefined } | undefined;
  let wake: (() => void) | undefined;

  const listener: Listener = {
    filter,
    key: filterKey(filter),
    tell(batch) {
      if (over !== undefined) return;
      changes += batch.changes.length;
      chars += batch.chars;
      waiting.push(batch);
      if (changes > MOST_CHANGES || chars > MOST_CHARS) listener.end(slow(changes));
      else wake?.();
    },
    async next() {
      if (waiting.length === 0 && over === undefined) await new Promise<void>((resolve) => (wake = resolve));
      wake = undefined;
      if (over?.error !== undefined) throw over.error;
      const batch = waiting.shift();
      if (batch === undefined) return undefined;
      changes -= batch.changes.length;
      chars -= batch.chars;
      return batch;
    },
    isIdle: () => waiting.length === 0 && over === undefined,
    end(error) {
      over ??= { error };
      waiting = [];
      wake?.();
    },
  };
  return listener;
}

function slow(changes: number): MillraceError {
  return new MillraceError('SLOW_LISTENER', `${changes} changes were not taken in time`);
}

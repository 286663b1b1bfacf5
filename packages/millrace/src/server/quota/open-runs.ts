/*
 * About how many runs of a namespace are open. Owns a count that is a little old, and what this process has started since.
 *   I1  A count is believed for 2 s, and where it says that there is no room for a quarter of a second; but never asked for
 *       again before 20 times as long has passed as it took, so that counting is at most a twentieth of the store's work.
 *   I2  So the quota may be passed by what all servers start meanwhile, and not by more.
 */
export interface OpenRuns {
  /** Whether so many more fit. */
  fits(namespace: string, quota: number, more: number): Promise<boolean>;
  /** So many more are about to be started. */
  add(namespace: string, runs: number): void;
}

const BELIEVED_MS = 2_000;
const BELIEVED_FULL_MS = 250;
const REST = 20;

interface Count {
  open: number;
  /** Started here since it was asked for. */
  added: number;
  askedAt: number;
  tookMs: number;
  asking: Promise<void> | undefined;
}

/** @param count - asks the store; counts to `limit` and no further. */
export function createOpenRuns(
  count: (namespace: string, limit: number) => Promise<number>,
  mono: () => number,
): OpenRuns {
  const counts = new Map<string, Count>();

  function countOf(namespace: string): Count {
    const known = counts.get(namespace);
    if (known !== undefined) return known;
    const none = { open: 0, added: 0, askedAt: Number.NEGATIVE_INFINITY, tookMs: 0, asking: undefined };
    counts.set(namespace, none);
    return none;
  }

  async function ask(of: Count, namespace: string, quota: number): Promise<void> {
    const before = of.added;
    const askedAt = mono();
    of.open = await count(namespace, quota);
    of.added -= before;
    of.askedAt = askedAt;
    of.tookMs = mono() - askedAt;
  }

  return {
    fits: async (namespace, quota, more) => {
      const of = countOf(namespace);
      const isFull = of.open + of.added + more > quota;
      const believedMs = Math.max(isFull ? BELIEVED_FULL_MS : BELIEVED_MS, of.tookMs * REST);
      if (mono() - of.askedAt >= believedMs) {
        of.asking ??= ask(of, namespace, quota).finally(() => (of.asking = undefined));
        await of.asking;
      }
      return of.open + of.added + more <= quota;
    },
    add: (namespace, runs) => {
      countOf(namespace).added += runs;
    },
  };
}

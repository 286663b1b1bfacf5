import { msToToken, tokensAt, type Bucket } from '../../core/limits/rate.ts';

/** How fast the namespaces of this process start runs, each by itself. Of another server it knows nothing. */
export interface StartRates {
  /** How long until one more is allowed; 0: now. */
  waitMs(namespace: string, perSecond: number): number;
  /** More than there is room for is owed: who starts many at once waits longer for the next. */
  take(namespace: string, perSecond: number, count: number): void;
}

export function createStartRates(mono: () => number): StartRates {
  const buckets = new Map<string, Bucket>();
  function tokens(namespace: string, perSecond: number): number {
    const bucket = buckets.get(namespace);
    return bucket === undefined ? Math.max(1, perSecond) : tokensAt({ ...bucket, perSecond }, mono());
  }
  return {
    waitMs: (namespace, perSecond) => msToToken(perSecond, tokens(namespace, perSecond)),
    take: (namespace, perSecond, count) => {
      const left = tokens(namespace, perSecond) - count;
      buckets.set(namespace, { perSecond, tokens: left, refilledAt: mono() });
    },
  };
}

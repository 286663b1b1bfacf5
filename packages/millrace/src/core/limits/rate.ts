/** A bucket that fills at `perSecond` and holds what one second brings, at least one. */
export interface Bucket {
  readonly perSecond: number;
  readonly tokens: number;
  /** Store time, ms. */
  readonly refilledAt: number;
}

/** The tokens in it at `now`. A clock that goes back takes none away. */
export function tokensAt({ perSecond, tokens, refilledAt }: Bucket, now: number): number {
  const gained = (Math.max(0, now - refilledAt) * perSecond) / 1000;
  return Math.min(Math.max(1, perSecond), tokens + gained);
}

/** Store time, whole ms, from which on there is a whole token again. */
export function nextTokenAt(bucket: Bucket, now: number): number {
  return now + msToToken(bucket.perSecond, tokensAt(bucket, now));
}

/** Whole milliseconds until there is a whole token; never more than a day, so that every store can keep it. */
export function msToToken(perSecond: number, tokens: number): number {
  return tokens >= 1 ? 0 : Math.min(Math.ceil(((1 - tokens) * 1000) / perSecond), 86_400_000);
}

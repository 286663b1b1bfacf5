/** How a request that may be repeated is repeated. */
export interface RetryPolicy {
  /** How often it is tried in all. */
  readonly attempts: number;
  /** The first pause is at most so long, and each further one twice the one before. */
  readonly baseMs: number;
  /** No pause is longer; a server that asks for a longer one is not asked again. */
  readonly mostMs: number;
}

export const RETRY: RetryPolicy = { attempts: 5, baseMs: 200, mostMs: 20_000 };

/**
 * How long to wait before the next attempt: anything up to the bound, so that many clients do not come back at once.
 * @param failures - how many attempts have failed, from 1.
 * @param asked - what the server has asked for.
 * @returns undefined: the wait would be too long.
 * @source "Exponential Backoff and Jitter", full jitter.
 */
export function backoffMs(
  policy: RetryPolicy,
  failures: number,
  asked: number | undefined,
): number | undefined {
  const { baseMs, mostMs } = policy;
  const jitter = Math.random() * Math.min(mostMs, baseMs * 2 ** (failures - 1));
  if (asked === undefined) return jitter;
  return asked > mostMs ? undefined : asked + Math.min(jitter, baseMs);
}

/** Of a `Retry-After`, which is seconds or a date. @source RFC 9110 §10.2.3. */
export function retryAfterOf(headers: Headers): number | undefined {
  const text = headers.get('retry-after');
  if (text === null) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

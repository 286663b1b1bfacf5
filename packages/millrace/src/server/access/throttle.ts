import { isIPv6 } from 'node:net';
import { LRUCache } from 'lru-cache';
import { MillraceError } from '../../core/errors.ts';
import type { Credential } from './credential.ts';

/*
 * How often an address may guess. Owns what each has missed lately, and which credentials were right there.
 *   I1  An address may miss 20 times at once, and then once a second; it may try 64 things at a time that are not known.
 *   I2  What was right from an address within the last hour is not held up by what others there guess. That is for what
 *       nobody guesses, 32 characters or more: a way around the throttle would be a way to guess what is shorter.
 *   I3  No address is held up by what another one does. It remembers 10,000 addresses and 10,000 credentials, not more; of
 *       IPv6 the first 64 bits are the address, because whoever has one has all behind it.
 */

const MOST_MISSES = 20;
const FORGIVEN_PER_MS = 1 / 1_000;
const MOST_AT_ONCE = 64;
const TRUSTED_MS = 3_600_000;
const MOST_ADDRESSES = 10_000;
const MOST_TRUSTED = 10_000;
const LEAST_CHARS = 32;

interface Guesser {
  misses: number;
  /** When they were counted. */
  at: number;
  trying: number;
}

/** Finds out with `look` who a credential is; undefined is a miss. @throws TOO_MANY_REQUESTS. */
export type Throttle = <T>(
  remote: string,
  credential: Credential,
  look: () => T | undefined | Promise<T | undefined>,
) => T | undefined | Promise<T | undefined>;

export function createThrottle(mono: () => number): Throttle {
  const guessers = new LRUCache<string, Guesser>({ max: MOST_ADDRESSES });
  const trusted = new LRUCache<string, number>({ max: MOST_TRUSTED });

  function guesserAt(address: string): Guesser {
    const now = mono();
    const known = guessers.get(address) ?? { misses: 0, at: now, trying: 0 };
    known.misses = Math.max(0, known.misses - (now - known.at) * FORGIVEN_PER_MS);
    known.at = now;
    guessers.set(address, known);
    return known;
  }

  function isTrusted(pair: string): boolean {
    return mono() - (trusted.get(pair) ?? Number.NEGATIVE_INFINITY) < TRUSTED_MS;
  }

  async function tried<T>(address: string, look: () => T | Promise<T>): Promise<T> {
    const guesser = guesserAt(address);
    const over = guesser.misses - (MOST_MISSES - 1);
    if (over > 0) throw tooMany(over / FORGIVEN_PER_MS);
    if (guesser.trying >= MOST_AT_ONCE) throw tooMany(1_000);
    guesser.trying += 1;
    try {
      return await look();
    } finally {
      guesser.trying -= 1;
    }
  }

  return (remote, { text, digest }, look) => {
    const address = networkOf(remote);
    const pair = `${address} ${digest}`;
    const noted = <T>(found: T | undefined): T | undefined => {
      if (found === undefined) {
        trusted.delete(pair);
        guesserAt(address).misses += 1;
      } else if (text.length >= LEAST_CHARS) trusted.set(pair, mono());
      return found;
    };
    const found = isTrusted(pair) ? look() : tried(address, look);
    return found instanceof Promise ? found.then(noted) : noted(found);
  };
}

const networks = new LRUCache<string, string>({ max: MOST_ADDRESSES });

/** IPv4 as it is, also in its IPv6 form; of IPv6 the first 64 bits. */
export function networkOf(remote: string): string {
  const known = networks.get(remote);
  if (known !== undefined) return known;
  const network = networkIn(remote);
  networks.set(remote, network);
  return network;
}

function networkIn(remote: string): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(remote) ?? [];
  if (mapped !== undefined) return mapped;
  const [plain = ''] = remote.split('%');
  if (!isIPv6(plain)) return remote;
  const [head = '', tail] = plain.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

function tooMany(waitMs: number): MillraceError {
  const retryAfterMs = Math.ceil(waitMs);
  return new MillraceError('TOO_MANY_REQUESTS', 'too many credentials from this address were not valid', {
    details: { retryAfterMs },
  });
}

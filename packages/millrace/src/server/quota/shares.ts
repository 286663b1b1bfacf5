/*
 * Whose requests are worked on. Owns who works and who waits for his turn, by namespace.
 *   I1  Alone a namespace has the whole server. Beside others it works on few requests at a time: what is worked on is what
 *       everybody waits behind.
 *   I2  Whoever is beyond his share waits in his own queue, in which nobody else stands; it is bounded.
 *   I3  While somebody of a namespace waits another of it works, whose end lets him in.
 */
export interface Shares {
  /**
   * When it is the turn of one more; at once where nobody has to wait.
   * @returns what he calls when he is done; undefined: so many wait already that he cannot.
   */
  enter(namespace: string): (() => void) | Promise<() => void> | undefined;
}

/** For each that may work so many may wait. */
const WAITING = 3;
/** Of what it works on alone, beside others; measured by `bench/http.mjs --parts fairness`. */
const SHARE_BESIDE = 1 / 32;
/** Whoever has asked for nothing for so long leaves the server to the others. */
const QUIET_MS = 1_000;
const COUNTED_MS = 10;

interface Share {
  working: number;
  readonly waiting: (() => void)[];
  seenAt: number;
}

/** @param most - requests that one namespace works on when it is alone. */
export function createShares(most: number, mono: () => number): Shares {
  const shares = new Map<string, Share>();
  let countedAt = Number.NEGATIVE_INFINITY;
  let active = 0;

  function limitAt(now: number): number {
    if (now - countedAt >= COUNTED_MS) {
      countedAt = now;
      for (const [namespace, { working, seenAt }] of shares)
        if (working === 0 && now - seenAt >= QUIET_MS) shares.delete(namespace);
      active = shares.size;
    }
    return active <= 1 ? most : Math.ceil(most * SHARE_BESIDE);
  }

  function shareOf(namespace: string): Share {
    const known = shares.get(namespace);
    if (known !== undefined) return known;
    countedAt = Number.NEGATIVE_INFINITY; // there is one more
    const fresh = { working: 0, waiting: [], seenAt: 0 };
    shares.set(namespace, fresh);
    return fresh;
  }

  function leave(share: Share): void {
    share.working -= 1;
    const limit = limitAt(mono());
    while (share.working < limit && share.waiting.length > 0) share.waiting.shift()?.();
  }

  function work(share: Share): () => void {
    share.working += 1;
    return () => leave(share);
  }

  return {
    enter(namespace) {
      const now = mono();
      const share = shareOf(namespace);
      share.seenAt = now;
      if (share.waiting.length === 0 && share.working < limitAt(now)) return work(share);
      if (share.waiting.length >= most * WAITING) return undefined;
      return new Promise((resolve) => void share.waiting.push(() => resolve(work(share))));
    },
  };
}

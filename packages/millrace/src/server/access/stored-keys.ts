import { LRUCache } from 'lru-cache';
import type { Keys } from '../../api/access/keys.ts';
import type { Credential } from './credential.ts';
import type { Principal } from './principal.ts';

/*
 * What the store has said of keys lately. Owns the answers; whose key it is only the store says.
 *   I1  An answer counts for 2 s from the moment at which it was asked for, and never longer than the key is good for.
 *   I2  The store is asked once at a time for each credential, however many requests show it.
 *   I3  It goes by the digest of all that was shown: an unknown id and a wrong secret of a known one are both asked for.
 *   I4  Keys that are none have a place of their own, so that guesses push no good one out.
 */

const BELIEVED_MS = 2_000;
const MOST_KEYS = 10_000;
const MOST_GUESSES = 1_000;

interface Answer {
  readonly principal: Principal | undefined;
  /** On the monotonic clock. */
  readonly until: number;
}

/** @param verify - asks the store, each time. */
export function storedKeys(
  verify: Keys['verify'],
  mono: () => number,
): (credential: Credential) => Promise<Principal | undefined> {
  const good = new LRUCache<string, Answer>({ max: MOST_KEYS });
  const wrong = new LRUCache<string, Answer>({ max: MOST_GUESSES });
  const asked = new Map<string, Promise<Answer>>();

  async function ask({ text, digest }: Credential): Promise<Answer> {
    const askedAt = mono();
    const key = await verify(text);
    const answer = {
      principal: key && principalOf(key),
      until: askedAt + Math.min(BELIEVED_MS, key?.leftMs ?? BELIEVED_MS),
    };
    (key === undefined ? wrong : good).set(digest, answer);
    (key === undefined ? good : wrong).delete(digest);
    return answer;
  }

  return async (credential) => {
    const { digest } = credential;
    const known = good.get(digest) ?? wrong.get(digest);
    if (known !== undefined && mono() < known.until) return known.principal;
    let answer = asked.get(digest);
    if (answer === undefined) {
      answer = ask(credential).finally(() => asked.delete(digest));
      asked.set(digest, answer);
    }
    return (await answer).principal;
  };
}

function principalOf(key: NonNullable<Awaited<ReturnType<Keys['verify']>>>): Principal {
  const { keyId: id, namespace, role, permissions } = key;
  return { kind: 'key', id, namespace, role, permissions };
}

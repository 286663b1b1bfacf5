import { hash, randomBytes } from 'node:crypto';

/*
 * An API key as its owner has it: `mr_ID_SECRET` and six characters by which a typing error is told from a wrong key
 * without asking anybody. The id is public; the secret is 256 random bits, in base64url.
 */
const KEY = /^mr_([0-9a-f]{16})_[\w-]{43}([\w-]{6})$/;
const CHECK_CHARS = 6;

/** A key that nobody has had before. */
export function newKey(): { keyId: string; text: string } {
  const keyId = randomBytes(8).toString('hex');
  const body = `mr_${keyId}_${randomBytes(32).toString('base64url')}`;
  return { keyId, text: body + checkOf(body) };
}

/** The id in a text that is a key by its form and its last characters; undefined for any other. */
export function keyIdOf(text: string): string | undefined {
  const [, keyId, check] = KEY.exec(text) ?? [];
  return check === checkOf(text.slice(0, -CHECK_CHARS)) ? keyId : undefined;
}

/** SHA-256: a hash made slow on purpose protects what people choose, and nobody guesses 256 bits. */
export function hashOf(text: string): Uint8Array {
  return hash('sha256', text, 'buffer');
}

function checkOf(body: string): string {
  return hash('sha256', body, 'base64url').slice(0, CHECK_CHARS);
}

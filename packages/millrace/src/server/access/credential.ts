import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { HeaderReader } from '../wire/exchange.ts';

/** What a request shows to say who calls. */
export interface Credential {
  readonly text: string;
  /** SHA-256 of it, in base64url: what is kept of it, and compared. */
  readonly digest: string;
}

/** Longer than any key, and than what issuers put into a header. */
const MOST_CHARS = 8_192;

/**
 * `Authorization: Bearer TEXT`, or `X-Api-Key: TEXT`. Undefined: there is none, or two that differ, of which nobody could
 * say which one counts.
 */
export function credentialOf(headers: HeaderReader): Credential | undefined {
  const [, bearer] = /^bearer +([^\s,]+)$/i.exec(headers.get('authorization') ?? '') ?? [];
  const plain = headers.get('x-api-key')?.trim() || undefined;
  const text = bearer ?? plain;
  if (text === undefined || text.length > MOST_CHARS) return undefined;
  if (bearer !== undefined && plain !== undefined && bearer !== plain) return undefined;
  return { text, digest: digestOf(text) };
}

/** Whoever calls often shows the same each time. */
const MOST_KNOWN = 1_000;
const digests = new LRUCache<string, string>({ max: MOST_KNOWN });

function digestOf(text: string): string {
  const known = digests.get(text);
  if (known !== undefined) return known;
  const digest = hash('sha256', text, 'base64url');
  digests.set(text, digest);
  return digest;
}

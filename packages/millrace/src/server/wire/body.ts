import { isUtf8 } from 'node:buffer';
import { isMillraceError, MillraceError } from '../../core/errors.ts';
import type { Asked } from './exchange.ts';

/** What brings a body. */
type Body = Pick<Asked, 'headers' | 'readBytes'>;

/** Of lists and objects within each other. */
const MOST_NESTED = 200;

/**
 * The JSON of a request; undefined where there is none.
 * @throws UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, INVALID_JSON.
 */
export async function readBody(asked: Body, maxBytes: number): Promise<unknown> {
  checkLength(asked, maxBytes);
  const text = textIn(await asked.readBytes(maxBytes).catch(incomplete), asked, JSON_TYPES);
  if (text === undefined) return undefined;
  if (isDeep(text))
    throw new MillraceError('INVALID_JSON', `the body is nested more than ${MOST_NESTED} deep`);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new MillraceError(
      'INVALID_JSON',
      `the body is not JSON: ${(error as Error).message.slice(0, 200)}`,
    );
  }
}

const JSON_TYPES = ['application/json'];

/**
 * The text of a request; undefined where it is empty. What is too large is refused before it is all here.
 * @param types - media types that are taken.
 * @throws UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, INVALID_JSON.
 */
export async function readText(
  asked: Body,
  maxBytes: number,
  types: readonly string[],
): Promise<string | undefined> {
  checkLength(asked, maxBytes);
  return textIn(await asked.readBytes(maxBytes).catch(incomplete), asked, types);
}

/** Of what its headers say already. */
function checkLength({ headers }: Body, maxBytes: number): void {
  const coding = headers.get('content-encoding') ?? 'identity';
  if (coding !== 'identity')
    throw new MillraceError('UNSUPPORTED_MEDIA_TYPE', `the body is encoded as "${coding.slice(0, 40)}"`, {
      remedy: 'Send it as it is, without Content-Encoding.',
    });
  if (Number(headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes);
}

function textIn(bytes: Uint8Array, { headers }: Body, types: readonly string[]): string | undefined {
  if (bytes.byteLength === 0) return undefined;
  const type = (headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (!types.includes(type))
    throw new MillraceError('UNSUPPORTED_MEDIA_TYPE', `the body is of type "${type.slice(0, 80)}"`, {
      remedy: `Send ${types.join(' or ')}, and say so in Content-Type.`,
    });
  return decoded(bytes);
}

/** Whoever goes away in the middle has made no mistake of ours. */
function incomplete(error: unknown): never {
  if (isMillraceError(error)) throw error;
  throw new MillraceError('REQUEST_INCOMPLETE', 'the connection ended before the whole body was here', {
    cause: error,
  });
}

export function tooLarge(maxBytes: number): MillraceError {
  return new MillraceError('PAYLOAD_TOO_LARGE', `the body is larger than ${maxBytes} bytes`);
}

function decoded(bytes: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = bytes;
  if (!isUtf8(bytes)) throw new MillraceError('INVALID_JSON', 'the body is not UTF-8');
  return Buffer.from(buffer, byteOffset, byteLength).toString('utf8');
}

/** Counts what is open outside of texts, without building anything. */
function isDeep(text: string): boolean {
  if (text.length <= MOST_NESTED) return false;
  let open = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (quoted) {
      if (char === 0x5c) at++;
      else if (char === 0x22) quoted = false;
    } else if (char === 0x22) quoted = true;
    else if (char === 0x7b || char === 0x5b) {
      if (++open > MOST_NESTED) return true;
    } else if (char === 0x7d || char === 0x5d) open--;
  }
  return false;
}

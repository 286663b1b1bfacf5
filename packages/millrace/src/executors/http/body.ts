import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw, type InputType, type ZlibOptions } from 'node:zlib';
import { MillraceError } from '../../core/errors.ts';
import { isRecord } from '../input.ts';
import type { Answer } from './exchange.ts';

export const DECODED = 'gzip, deflate, br';

/** More than one encoding around another is no answer that anybody means. */
const MAX_ENCODINGS = 2;

export interface Payload {
  readonly body: unknown;
  /** Present when the bytes are no text. */
  readonly bodyEncoding?: 'base64';
}

/**
 * The body of an answer: a value where its type says JSON and it is, else text, else base64; null where there is none.
 * @throws PAYLOAD_TOO_LARGE when it is larger than `maxBytes`, as it came or decompressed.
 */
export async function payloadOf(answer: Answer, maxBytes: number): Promise<Payload> {
  if (answer.isCut) throw tooLarge(maxBytes);
  const bytes = await decompressed(answer, maxBytes);
  if (bytes.length === 0) return { body: null };
  const type = answer.headers['content-type'] ?? '';
  const text = textOf(bytes, /;\s*charset="?([^";\s]+)/i.exec(type)?.[1]);
  if (text === undefined) return { body: bytes.toString('base64'), bodyEncoding: 'base64' };
  return { body: isJson(type) ? valueOf(text) : text };
}

/** A body that is sent: text and bytes as they are, anything else as JSON. */
export function bodyBytes(body: unknown): { bytes: Uint8Array; type: string } {
  if (body instanceof Uint8Array) return { bytes: body, type: 'application/octet-stream' };
  if (typeof body === 'string') return { bytes: Buffer.from(body), type: 'text/plain; charset=utf-8' };
  return { bytes: jsonBytes(body), type: 'application/json' };
}

/** @throws INVALID_INPUT for what JSON cannot say. */
export function jsonBytes(value: unknown): Uint8Array {
  try {
    return Buffer.from(JSON.stringify(value));
  } catch (error) {
    const what = `a body cannot be written as JSON: ${(error as Error).message}`;
    throw new MillraceError('INVALID_INPUT', what, { remedy: 'Give text, bytes or plain JSON values.' });
  }
}

/** A form as browsers send it. A list gives its name several times. */
export function parameters(fields: unknown, into = new URLSearchParams()): URLSearchParams {
  for (const [name, value] of Object.entries(isRecord(fields) ? fields : {})) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== null && item !== undefined) into.append(name, String(item));
    }
  }
  return into;
}

function isJson(type: string): boolean {
  return /^\s*(?:application|text)\/(?:[\w.!#$&^-]+\+)?json\s*(?:;|$)/i.test(type);
}

/** Not every server that says JSON sends it; the effect of the request is there, and failing would repeat it. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function textOf(bytes: Buffer, charset = 'utf-8'): string | undefined {
  try {
    const text = new TextDecoder(charset, { fatal: true }).decode(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

type Decoder = (input: InputType, options: ZlibOptions) => Promise<Buffer>;

const DECODERS: Readonly<Record<string, Decoder>> = {
  gzip: promisify<InputType, ZlibOptions, Buffer>(gunzip),
  'x-gzip': promisify<InputType, ZlibOptions, Buffer>(gunzip),
  br: promisify<InputType, ZlibOptions, Buffer>(brotliDecompress),
  deflate: (input, options) => {
    // Some servers leave out the wrapper that the standard asks for; it begins with the method in four bits.
    const isWrapped = (Number((input as Buffer)[0]) & 15) === 8;
    return promisify<InputType, ZlibOptions, Buffer>(isWrapped ? inflate : inflateRaw)(input, options);
  },
};

/** An encoding that nobody asked for leaves the bytes as they are. */
async function decompressed({ headers, bytes }: Answer, maxBytes: number): Promise<Buffer> {
  const encodings = (headers['content-encoding'] ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  let decoded = bytes;
  if (bytes.length === 0 || encodings.length > MAX_ENCODINGS) return decoded;
  for (const encoding of encodings.toReversed()) {
    const decode = DECODERS[encoding];
    if (decode === undefined) return decoded;
    try {
      decoded = await decode(decoded, { maxOutputLength: maxBytes });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes);
      throw error;
    }
  }
  return decoded;
}

function tooLarge(maxBytes: number): MillraceError {
  return new MillraceError('PAYLOAD_TOO_LARGE', `the answer has more than ${maxBytes} bytes`, {
    details: { maxResponseBytes: maxBytes },
    remedy: 'Ask for less, or raise maxResponseBytes; what a node gives is stored with its run.',
  });
}

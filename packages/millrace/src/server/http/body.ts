import { MillraceError } from '../../core/errors.ts';

/** Of lists and objects within each other. */
const MOST_NESTED = 200;

/**
 * The JSON of a request; undefined where there is none. What is too large is refused before it is all here.
 * @throws UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, INVALID_JSON.
 */
export async function readBody(request: Request, maxBytes: number): Promise<unknown> {
  if (request.body === null) return undefined;
  const coding = request.headers.get('content-encoding') ?? 'identity';
  if (coding !== 'identity')
    throw new MillraceError('UNSUPPORTED_MEDIA_TYPE', `the body is encoded as "${coding.slice(0, 40)}"`, {
      remedy: 'Send it as it is, without Content-Encoding.',
    });
  const bytes = await readAtMost(request.body, declaredBytes(request), maxBytes);
  if (bytes.byteLength === 0) return undefined;
  const type = (request.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json')
    throw new MillraceError('UNSUPPORTED_MEDIA_TYPE', `the body is of type "${(type ?? '').slice(0, 80)}"`);
  const text = decoded(bytes);
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

function declaredBytes(request: Request): number {
  return Number(request.headers.get('content-length') ?? 0);
}

async function readAtMost(
  stream: ReadableStream<Uint8Array>,
  declared: number,
  maxBytes: number,
): Promise<Uint8Array> {
  if (declared > maxBytes) throw tooLarge(maxBytes);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(maxBytes: number): MillraceError {
  return new MillraceError('PAYLOAD_TOO_LARGE', `the body is larger than ${maxBytes} bytes`);
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new MillraceError('INVALID_JSON', 'the body is not UTF-8');
  }
}

/** Counts what is open outside of texts, without building anything. */
function isDeep(text: string): boolean {
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

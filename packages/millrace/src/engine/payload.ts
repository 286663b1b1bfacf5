import { MillraceError } from '../core/errors.ts';
import { encodeValue } from '../core/json.ts';

/** Encodes a value for storing. @throws NOT_SERIALIZABLE, PAYLOAD_TOO_LARGE, both naming `where`. */
export function encodePayload(value: unknown, where: string, maxBytes: number): string {
  const text = encodeValue(value, where);
  // A character takes one to three bytes: only texts near the limit are counted.
  const bytes = text.length * 3 <= maxBytes ? text.length : Buffer.byteLength(text);
  if (bytes <= maxBytes) return text;
  throw new MillraceError('PAYLOAD_TOO_LARGE', `${where} is ${bytes} bytes, the limit is ${maxBytes}`);
}

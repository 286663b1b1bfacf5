/**
 * Base64 (RFC 4648, with padding) without platform classes, so that the stored form is the same everywhere.
 */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const CODE = new TextEncoder().encode(ALPHABET);
const PAD = 61;
const VALUE = new Uint8Array(128).fill(255);
for (let i = 0; i < 64; i++) VALUE[ALPHABET.charCodeAt(i)] = i;

/** Text of the bytes: 4 characters for each 3 bytes, padded with `=`. */
export function base64Of(bytes: Uint8Array): string {
  const out = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  for (let i = 0, o = 0; i < bytes.length; i += 3, o += 4) {
    // Reading beyond the end gives undefined, which counts as 0 in bit operations; the padding covers it
    // below.
    const word = ((bytes[i] as number) << 16) | ((bytes[i + 1] as number) << 8) | (bytes[i + 2] as number);
    out[o] = CODE[word >> 18] as number;
    out[o + 1] = CODE[(word >> 12) & 63] as number;
    out[o + 2] = CODE[(word >> 6) & 63] as number;
    out[o + 3] = CODE[word & 63] as number;
  }
  const padding = (3 - (bytes.length % 3)) % 3;
  out.fill(PAD, out.length - padding);
  return new TextDecoder().decode(out);
}

/** The bytes of a text that `base64Of` wrote; undefined for any other text. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const chars = text.length - padding;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let bits = 0;
  let o = 0;
  for (let i = 0; i < chars; i++) {
    const value = VALUE[text.charCodeAt(i)];
    if (value === undefined || value === 255) return undefined;
    bits = (bits << 6) | value;
    if (i % 4 !== 0) bytes[o++] = bits >> (6 - (i % 4) * 2);
  }
  return bytes;
}

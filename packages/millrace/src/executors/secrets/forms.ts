/*
 * How the text of a secret comes back from outside: as it is, or as JSON, URLs, forms, HTML, base64 and hexadecimal digits
 * write it, also one in another.
 */

/** A shorter piece means nothing: it would be found everywhere. */
export const LEAST_PART = 8;
const LEAST_BASE64 = 4;
/** Longest run of backslashes before a character: JSON three times in JSON. Bounded, so that matching is linear. */
const ESCAPES = '(?:\\\\|%(?:25){0,3}5[cC]){0,8}';

/** Texts by which a secret is known: its own, its lines, and how binary encodings write it. */
export function needlesOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  const lines = secret.split(/\r?\n/).filter((part) => part.length >= LEAST_PART);
  const inJson = Buffer.from(JSON.stringify(secret).slice(1, -1));
  const base64 = [bytes, inJson].flatMap(base64Forms).filter((text) => text.length >= LEAST_BASE64);
  const inHex = [hex, hex.toUpperCase()].filter((text) => text.length >= LEAST_PART);
  return [...new Set([secret, ...lines, ...base64, ...inHex])];
}

/** The usual ways to write a text, of which the beginning or the end may be found where a message was cut. */
export function spellingsOf(needle: string): readonly string[] {
  const uri = encodeURIComponent(needle.toWellFormed());
  return [...new Set([needle, JSON.stringify(needle).slice(1, -1), uri, lowerEscapes(uri)])];
}

/** Source of a regular expression for the text, however each of its characters is escaped. */
export function patternOf(needle: string): string {
  return Array.from(needle, characterPattern).join('');
}

function characterPattern(character: string): string {
  // Nobody escapes these, and most of what is looked for consists of them.
  if (/[A-Za-z\d]/.test(character)) return character;
  const percent = [...Buffer.from(character.toWellFormed())]
    .map((byte) => `%(?:25){0,3}${digits(byte, 2)}`)
    .join('');
  const units = Array.from(
    { length: character.length },
    (_, at) => `${ESCAPES}u${digits(character.charCodeAt(at), 4)}`,
  );
  const point = Number(character.codePointAt(0));
  const html = `&(?:${HTML[character] ?? ''}#0{0,4}${point};|#[xX]0{0,4}${digits(point)};)`;
  const short = SHORT_ESCAPES[character];
  const own = [
    character === '\\' ? `(?:\\\\|${percent}){1,8}` : `${ESCAPES}${escaped(character)}`,
    ...(short === undefined ? [] : [`${ESCAPES}${short}`]),
    ...(character === ' ' ? ['\\+'] : []),
  ];
  return `(?:${[...own, `${ESCAPES}${percent}`, ...[units.join('')], html].join('|')})`;
}

const HTML: Readonly<Record<string, string>> = {
  ...{ '&': 'amp;|', '<': 'lt;|', '>': 'gt;|' },
  ...{ '"': 'quot;|', "'": 'apos;|' },
};
/** What JSON writes behind the backslash. */
const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '\n': 'n',
  '\r': 'r',
  '\t': 't',
  '\b': 'b',
  '\f': 'f',
};

/** Hexadecimal digits in either case. */
function digits(value: number, length = 1): string {
  const text = value.toString(16).padStart(length, '0');
  return text.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

/** Three, because what stands before shifts it; without the characters at its ends in which its neighbours have a part. */
function base64Forms(bytes: Buffer): string[] {
  const texts = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const isShared = (shift + bytes.length) % 3 !== 0;
    return text.slice([0, 2, 3][shift], isShared ? -1 : undefined);
  });
  return texts.flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')]);
}

function lowerEscapes(text: string): string {
  return text.replace(/%[\dA-F]{2}/g, (escape) => escape.toLowerCase());
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

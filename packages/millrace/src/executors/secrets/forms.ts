/**
 * The shapes in which the text of a secret comes back from outside: as it is, and as JSON, URLs, forms, base64 and
 * hexadecimal digits write it. Of base64 three, because what stands before the secret shifts it.
 */
export function formsOf(secret: string): readonly string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const uri = encodeURIComponent(secret.toWellFormed());
  const form = new URLSearchParams({ s: secret }).toString().slice(2);
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  const lines = secret.split(/\r?\n/).filter((part) => part.length >= LEAST_PART);
  const encoded = [
    ...[json, JSON.stringify(json).slice(1, -1), json.replaceAll('/', '\\/')],
    ...[uri, lowerEscapes(uri), encodeURI(secret.toWellFormed()), form, lowerEscapes(form)],
    ...[html(secret)],
  ];
  const digits = [hex, hex.toUpperCase()].filter((text) => text.length >= LEAST_PART);
  const base64 = base64Forms(bytes).filter((text) => text.length >= LEAST_BASE64);
  return [...new Set([secret, ...encoded, ...lines, ...base64, ...digits])];
}

/** A shorter piece means nothing: it would be found everywhere. */
export const LEAST_PART = 8;
const LEAST_BASE64 = 4;

/** Without the characters at its ends that its neighbours have a part in. */
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

function html(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => names[character] ?? character);
}

// What stored text could do to a terminal: control characters, and marks that reverse the order of reading.
// oxlint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * Text of others on one line, in which nothing can steer the terminal: `\n`, `\u001b` are shown as written
 * here.
 */
export function safeText(text: string): string {
  return text.replace(
    UNSAFE,
    (mark) => SHORT[mark] ?? `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The same for text whose lines matter, such as a stack. */
export function safeLines(text: string): string {
  return text.split('\n').map(safeText).join('\n');
}

/** At most so many characters; a longer text ends in `…`. */
export function shorten(text: string, most: number): string {
  const characters = charactersOf(text);
  return characters.length <= most ? text : `${characters.slice(0, Math.max(0, most - 1)).join('')}…`;
}

/** What readers count as characters: a letter with its accents is one. */
export function charactersOf(text: string): string[] {
  if (ASCII.test(text)) return text.split('');
  return Array.from(SEGMENTER.segment(text), ({ segment }) => segment);
}

const ASCII = /^[ -~]*$/;
const SEGMENTER = new Intl.Segmenter();

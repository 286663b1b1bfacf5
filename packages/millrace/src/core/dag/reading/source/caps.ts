import type { Finding, Path } from '../problem.ts';

/** Of a document as it is stored, and of the text that it is read from. */
export const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024;

/** Levels of lists and objects. */
export const MAX_LEVELS = 100;

/** Whether a text takes more bytes than a document may. */
export function isTooLong(text: string): boolean {
  return Buffer.byteLength(text) > MAX_DOCUMENT_BYTES;
}

export const TOO_LONG: Finding = {
  path: [],
  code: 'TOO_LARGE',
  message: 'the document is larger than 8 MiB',
  remedy: 'Split it: a node `workflow: NAME` runs another definition.',
};

export function tooDeep(path: Path): Finding {
  return {
    path,
    code: 'TOO_LARGE',
    message: `lists and objects are nested in more than ${MAX_LEVELS} levels`,
    remedy: 'Flatten it.',
  };
}

const QUOTES = 3; // and a comma or colon

/** Of a scalar, or of the frame of a list or an object. */
export function sizeOf(value: unknown): number {
  return typeof value === 'string' ? Buffer.byteLength(value) + QUOTES : QUOTES;
}

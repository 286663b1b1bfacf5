import { createHash } from 'node:crypto';

/** A number in [0, 1) that the same words always give. */
export function chance(...words: readonly (string | number)[]): number {
  return createHash('sha256').update(words.join(' ')).digest().readUInt32BE() / 2 ** 32;
}

const WORD_BITS = 5;
const WORD_MASK = 31;

/**
 * Positions from 0 to `size` - 1, of which the lowest is at hand: bits, and above each 32 words a bit for each of them
 * that is not empty. A hundred thousand positions take four levels.
 */
export class ReadySet {
  private readonly levels: Uint32Array[] = [];

  constructor(size: number) {
    for (let words = size; words > 1 || this.levels.length === 0;) {
      words = (words + WORD_MASK) >>> WORD_BITS;
      this.levels.push(new Uint32Array(words));
    }
  }

  add(position: number): void {
    let at = position;
    for (const level of this.levels) {
      const word = at >>> WORD_BITS;
      level[word] = wordAt(level, word) | (1 << (at & WORD_MASK));
      at = word;
    }
  }

  delete(position: number): void {
    let at = position;
    for (const level of this.levels) {
      const word = at >>> WORD_BITS;
      const rest = wordAt(level, word) & ~(1 << (at & WORD_MASK));
      level[word] = rest;
      if (rest !== 0) return;
      at = word;
    }
  }

  /** The lowest of them; -1: there is none. */
  first(): number {
    let at = 0;
    for (let height = this.levels.length - 1; height >= 0; height--) {
      const word = wordAt(this.levels[height] as Uint32Array, at);
      if (word === 0) return -1;
      at = (at << WORD_BITS) | (WORD_MASK - Math.clz32(word & -word));
    }
    return at;
  }
}

function wordAt(level: Uint32Array, word: number): number {
  return level[word] as number; // positions are within the size
}

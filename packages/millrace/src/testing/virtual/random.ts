/**
 * Seeded random numbers. Every consumer has a stream of its own (`fork`), so that one that draws more or less never
 * shifts what another one gets.
 */
export interface Random {
  /** In [0, 1), 53 bits. */
  next(): number;
  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** A stream of its own: the same for the same seed and name, whatever this one has given. */
  fork(name: string): Random;
  uuid(): string;
}

/** @source sfc32 of Chris Doty-Humphrey's PractRand: small, fast, passes its statistical tests. */
export function createRandom(seed: string): Random {
  let [a, b, c, counter] = stateOf(seed);
  const next32 = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let at = 0; at < WARM_UP; at++) next32();
  const next = (): number => ((next32() >>> 6) * 0x8000000 + (next32() >>> 5)) / 0x20000000000000;
  const between = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    next,
    between,
    chance: (probability) => next() < probability,
    pick: (list) => {
      if (list.length === 0) throw new RangeError('nothing to pick from');
      return list[between(0, list.length - 1)] as (typeof list)[number];
    },
    fork: (name) => createRandom(`${seed}/${name}`),
    uuid: () => {
      const digits = Array.from({ length: 4 }, () => next32().toString(16).padStart(8, '0')).join('');
      const variant = '89ab'[between(0, 3)] as string;
      return [
        digits.slice(0, 8),
        digits.slice(8, 12),
        `4${digits.slice(13, 16)}`,
        `${variant}${digits.slice(17, 20)}`,
        digits.slice(20, 32),
      ].join('-');
    },
  };
}

const WARM_UP = 15;

/** Four words from a text (FNV-1a with four offsets). */
function stateOf(seed: string): [number, number, number, number] {
  const words = [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35];
  for (let at = 0; at < seed.length; at++) {
    for (let word = 0; word < 4; word++) {
      words[word] = Math.imul((words[word] as number) ^ (seed.charCodeAt(at) + word * 131), 0x01000193);
    }
  }
  return words as [number, number, number, number];
}

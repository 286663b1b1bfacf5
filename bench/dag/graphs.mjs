/*
 * Graphs made by rule: `needs[at]` are the positions that node `at` needs, each smaller than `at`. The same name and
 * size always give the same graph.
 */

const LAYER = 100;

export const SHAPES = {
  /** One after the other. */
  chain: (size) => Array.from({ length: size }, (_, at) => (at === 0 ? [] : [at - 1])),
  /** One, then all others but the last, which joins them. */
  star: (size) =>
    Array.from({ length: size }, (_, at) => {
      if (at === 0) return [];
      return at < size - 1 ? [0] : Array.from({ length: size - 2 }, (__, leaf) => leaf + 1);
    }),
  /** Layers of a hundred; each node needs three of the layer before. */
  layered: (size) =>
    Array.from({ length: size }, (_, at) => {
      const layer = Math.floor(at / LAYER);
      if (layer === 0) return [];
      const first = (layer - 1) * LAYER;
      return distinct([0, 1, 37].map((step) => first + ((at + step) % LAYER)));
    }),
  /** Each node needs up to three among the two hundred before it. */
  random: (size) => {
    const draw = randomOf(size);
    return Array.from({ length: size }, (_, at) => {
      const count = Math.min(at, Math.floor(draw() * 4));
      return distinct(Array.from({ length: count }, () => at - 1 - Math.floor(draw() * Math.min(at, 200))));
    });
  },
};

function distinct(positions) {
  return [...new Set(positions)];
}

/** A small generator of pseudo-random numbers (mulberry32), so that a graph can be made again. */
function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

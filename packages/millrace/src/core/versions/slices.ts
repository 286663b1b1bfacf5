/** Of all keys, those from the first to before the last unit. */
export type Slice = readonly [from: number, to: number];

/** All keys are so many units: a version may have a tenth of a percent. */
export const UNITS = 1_000;

/** What a version has of all keys. */
export interface Share {
  readonly version: string;
  /** In order, and never touching each other. */
  readonly slices: readonly Slice[];
}

export function sizeOf(slices: readonly Slice[]): number {
  return slices.reduce((size, [from, to]) => size + to - from, 0);
}

/**
 * Gives each version so many units. Who had some keeps them as far as they are wanted, so that a version that grows
 * loses no key and takes them only from the active one.
 * @param wanted - together at most `UNITS`.
 */
export function allot(
  shares: readonly Share[],
  wanted: readonly { readonly version: string; readonly units: number }[],
): readonly Share[] {
  const kept = wanted.map(({ version, units }) => {
    const before = shares.find((share) => share.version === version)?.slices ?? [];
    return { version, units, slices: firstOf(before, units) };
  });
  for (const share of kept) {
    const more = firstOf(gapsOf(kept.flatMap(({ slices }) => slices)), share.units - sizeOf(share.slices));
    share.slices = joined([...share.slices, ...more]);
  }
  return kept.map(({ version, slices }) => ({ version, slices }));
}

/** Whose this unit is; undefined: nobody's, so the active version's. */
export function holderOf(shares: readonly Share[], unit: number): string | undefined {
  return shares.find(({ slices }) => slices.some(([from, to]) => unit >= from && unit < to))?.version;
}

function firstOf(slices: readonly Slice[], units: number): readonly Slice[] {
  let left = units;
  return slices.flatMap(([from, to]): Slice[] => {
    const end = Math.min(to, from + left);
    left -= Math.max(0, end - from);
    return end > from ? [[from, end]] : [];
  });
}

function gapsOf(taken: readonly Slice[]): readonly Slice[] {
  let at = 0;
  const gaps = taken.toSorted(byPlace).map(([from, to]): Slice => {
    const gap: Slice = [at, from];
    at = to;
    return gap;
  });
  return [...gaps, [at, UNITS]];
}

function joined(slices: readonly Slice[]): readonly Slice[] {
  const whole: Slice[] = [];
  for (const slice of slices.toSorted(byPlace)) {
    const last = whole.at(-1);
    if (last?.[1] === slice[0]) whole[whole.length - 1] = [last[0], slice[1]];
    else whole.push(slice);
  }
  return whole;
}

function byPlace([a]: Slice, [b]: Slice): number {
  return a - b;
}

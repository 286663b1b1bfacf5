import { CostFault } from './fault.ts';

/**
 * What the expressions of one template may still do: a count, not a time, so that a replay elsewhere decides alike.
 */
export interface Meter {
  /** Steps: a part of an expression per item that a macro visits, an element compared or copied, 16 characters. */
  work: number;
  /** Characters of the JSON of the result, about. */
  size: number;
}

/** At most a few hundred ms on a slow core; two conditions on each of 50,000 records take 600,000. */
const WORK = 1_000_000;

/** Four times what a payload may be by default. */
const SIZE = 8 * 1024 * 1024;

const CHARS = 16;

export function newMeter(): Meter {
  return { work: WORK, size: SIZE };
}

export function spend(meter: Meter, steps: number): void {
  meter.work -= steps;
  if (meter.work < 0) throw new CostFault(`its cost is above ${WORK} steps`);
}

export function spendChars(meter: Meter, chars: number): void {
  spend(meter, 1 + Math.floor(chars / CHARS));
}

/** For a result that is given out. */
export function spendSize(meter: Meter, chars: number): void {
  meter.size -= chars;
  if (meter.size < 0) throw new CostFault(`its cost is above ${SIZE} characters of result`);
}

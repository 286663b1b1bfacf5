import type { Item } from '../file/verdict.ts';

/*
 * The shop's shelves, in the same database as the runs: `ctx.transaction` changes them and records the step
 * in one transaction, so a crash leaves both or neither. K1  Per shelf: 0 <= reserved <= on_hand. K2
 * `reserved` of a shelf is the sum of its rows in shop_reservations. Releasing twice releases once.
 */
export interface Shelves {
  /**
   * Creates the tables where missing and fills the shelves for a new round of `date`: the round's number,
   * from 1.
   */
  open(date: string, opening: Readonly<Record<string, number>>): Later<number>;
  /** The codes of which there is too little; then nothing is reserved. */
  reserve(of: Holder, items: readonly Item[]): Later<string[]>;
  /** Puts back what the order still holds: units. */
  release(of: Holder): Later<number>;
  /** Sends out what the order holds: units. */
  ship(of: Holder): Later<number>;
  /** Takes in what a customer sent back: units. */
  takeBack(day: string, items: readonly Item[]): Later<number>;
  count(day: string): Later<StockCount>;
}

/** SQLite answers at once, PostgreSQL later; `ctx.transaction` takes either. */
export type Later<T> = T | Promise<T>;

/** An order as the holder of reservations. */
export interface Holder {
  day: string;
  order: string;
}

export interface StockCount {
  opening: number;
  onHand: number;
  reserved: number;
}

/** The name of a round of a day: the date, and from the second round on its number. */
export function dayName(date: string, round: number): string {
  return round === 1 ? date : `${date}.${round}`;
}

export function unitsOf(items: readonly { units: number }[]): number {
  return items.reduce((sum, { units }) => sum + units, 0);
}

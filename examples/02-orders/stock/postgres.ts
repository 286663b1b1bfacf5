import type { TransactionHandle } from 'millrace';
import type { Item } from '../file/verdict.ts';
import { dayName, unitsOf, type Holder, type Shelves, type StockCount } from './shelves.ts';

/** Orders are worked on at the same time: each locks its shelves in the order of their codes. */
export function postgresShelves(tx: TransactionHandle): Shelves {
  return {
    open: (date, opening) => open(tx, date, opening),
    reserve: (of, items) => reserve(tx, of, items),
    release: (of) => settle(tx, of, 'reserved = reserved - held.units'),
    ship: (of) => settle(tx, of, 'reserved = reserved - held.units, on_hand = on_hand - held.units'),
    takeBack: (day, items) => takeBack(tx, day, items),
    count: (day) => count(tx, day),
  };
}

async function open(
  tx: TransactionHandle,
  date: string,
  opening: Readonly<Record<string, number>>,
): Promise<number> {
  // Two engines may open the shop at once, and CREATE TABLE IF NOT EXISTS fails one of them.
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('shop_rounds'))`);
  for (const table of TABLES) await tx.query(table);
  const rounds = await tx.query('SELECT 1 FROM shop_rounds WHERE date = $1', [date]);
  const round = rounds.rowCount + 1;
  await tx.query('INSERT INTO shop_rounds (date, round) VALUES ($1, $2)', [date, round]);
  await tx.query(
    `INSERT INTO shop_stock (day, code, opening, on_hand, reserved)
     SELECT $1, code, units, units, 0 FROM unnest($2::text[], $3::int[]) AS item (code, units)`,
    [dayName(date, round), Object.keys(opening), Object.values(opening)],
  );
  return round;
}

async function reserve(
  tx: TransactionHandle,
  { day, order }: Holder,
  items: readonly Item[],
): Promise<string[]> {
  const [codes, units] = columns(items);
  const free = await tx.query<{ code: string; free: number }>(
    `SELECT code, on_hand - reserved AS free FROM shop_stock
     WHERE day = $1 AND code = ANY ($2::text[]) ORDER BY code FOR UPDATE`,
    [day, codes],
  );
  const freeOf = new Map(free.rows.map((row) => [row.code, row.free]));
  const short = items.filter((item) => (freeOf.get(item.code) ?? 0) < item.units);
  if (short.length > 0) return short.map(({ code }) => code);
  await tx.query(
    `WITH held AS (
       INSERT INTO shop_reservations (day, order_key, code, units)
       SELECT $1, $2, code, units FROM unnest($3::text[], $4::int[]) AS item (code, units) RETURNING code, units)
     UPDATE shop_stock SET reserved = reserved + held.units FROM held
     WHERE shop_stock.day = $1 AND shop_stock.code = held.code`,
    [day, order, codes, units],
  );
  return [];
}

async function settle(tx: TransactionHandle, { day, order }: Holder, change: string): Promise<number> {
  await tx.query(
    `SELECT 1 FROM shop_stock WHERE day = $1 AND code IN (
       SELECT code FROM shop_reservations WHERE day = $1 AND order_key = $2) ORDER BY code FOR UPDATE`,
    [day, order],
  );
  const held = await tx.query<{ units: number }>(
    `WITH held AS (
       DELETE FROM shop_reservations WHERE day = $1 AND order_key = $2 RETURNING code, units),
     moved AS (
       UPDATE shop_stock SET ${change} FROM held WHERE shop_stock.day = $1 AND shop_stock.code = held.code)
     SELECT units FROM held`,
    [day, order],
  );
  return unitsOf(held.rows);
}

async function takeBack(tx: TransactionHandle, day: string, items: readonly Item[]): Promise<number> {
  await tx.query(
    `INSERT INTO shop_stock (day, code, opening, on_hand, reserved)
     SELECT $1, code, 0, units, 0 FROM unnest($2::text[], $3::int[]) AS item (code, units)
     ON CONFLICT (day, code) DO UPDATE SET on_hand = shop_stock.on_hand + excluded.on_hand`,
    [day, ...columns(items)],
  );
  return unitsOf(items);
}

async function count(tx: TransactionHandle, day: string): Promise<StockCount> {
  const { rows } = await tx.query<StockCount>(
    `SELECT coalesce(sum(opening), 0)::int AS opening, coalesce(sum(on_hand), 0)::int AS "onHand",
            coalesce(sum(reserved), 0)::int AS reserved FROM shop_stock WHERE day = $1`,
    [day],
  );
  return rows[0] ?? { opening: 0, onHand: 0, reserved: 0 };
}

function columns(items: readonly Item[]): [codes: string[], units: number[]] {
  return [items.map(({ code }) => code), items.map(({ units }) => units)];
}

const TABLES = [
  `CREATE TABLE IF NOT EXISTS shop_rounds (
     date text NOT NULL, round integer NOT NULL, PRIMARY KEY (date, round))`,
  `CREATE TABLE IF NOT EXISTS shop_stock (
     day text NOT NULL, code text NOT NULL,
     opening integer NOT NULL, on_hand integer NOT NULL, reserved integer NOT NULL,
     PRIMARY KEY (day, code), CHECK (reserved >= 0 AND reserved <= on_hand))`,
  `CREATE TABLE IF NOT EXISTS shop_reservations (
     day text NOT NULL, order_key text NOT NULL, code text NOT NULL, units integer NOT NULL,
     PRIMARY KEY (day, order_key, code))`,
];

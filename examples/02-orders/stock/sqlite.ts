import type { SyncTransactionHandle } from 'millrace';
import type { Item } from '../file/verdict.ts';
import { dayName, unitsOf, type Holder, type Shelves, type StockCount } from './shelves.ts';

/** A SQLite transaction never spans an await: every function is synchronous. */
export function sqliteShelves(tx: SyncTransactionHandle): Shelves {
  return {
    open: (date, opening) => open(tx, date, opening),
    reserve: (of, items) => reserve(tx, of, items),
    release: (of) => settle(tx, of, 'reserved = reserved - ?1'),
    ship: (of) => settle(tx, of, 'reserved = reserved - ?1, on_hand = on_hand - ?1'),
    takeBack: (day, items) => takeBack(tx, day, items),
    count: (day) => count(tx, day),
  };
}

function open(tx: SyncTransactionHandle, date: string, opening: Readonly<Record<string, number>>): number {
  for (const table of TABLES) tx.run(table);
  const rounds = tx.all('SELECT 1 FROM shop_rounds WHERE date = ?', date);
  const round = rounds.length + 1;
  tx.run('INSERT INTO shop_rounds (date, round) VALUES (?, ?)', date, round);
  for (const [code, units] of Object.entries(opening)) {
    tx.run(
      'INSERT INTO shop_stock (day, code, opening, on_hand, reserved) VALUES (?, ?, ?, ?, 0)',
      dayName(date, round),
      code,
      units,
      units,
    );
  }
  return round;
}

function reserve(tx: SyncTransactionHandle, { day, order }: Holder, items: readonly Item[]): string[] {
  const short = items.filter(({ code, units }) => {
    const sql = 'SELECT on_hand - reserved AS free FROM shop_stock WHERE day = ? AND code = ?';
    return (tx.get<{ free: number }>(sql, day, code)?.free ?? 0) < units;
  });
  if (short.length > 0) return short.map(({ code }) => code);
  for (const { code, units } of items) {
    tx.run('UPDATE shop_stock SET reserved = reserved + ? WHERE day = ? AND code = ?', units, day, code);
    tx.run(
      'INSERT INTO shop_reservations (day, order_key, code, units) VALUES (?, ?, ?, ?)',
      day,
      order,
      code,
      units,
    );
  }
  return [];
}

function settle(tx: SyncTransactionHandle, { day, order }: Holder, change: string): number {
  const held = tx.all<Item>(
    'DELETE FROM shop_reservations WHERE day = ? AND order_key = ? RETURNING code, units',
    day,
    order,
  );
  for (const { code, units } of held) {
    tx.run(`UPDATE shop_stock SET ${change} WHERE day = ?2 AND code = ?3`, units, day, code);
  }
  return unitsOf(held);
}

function takeBack(tx: SyncTransactionHandle, day: string, items: readonly Item[]): number {
  for (const { code, units } of items) {
    tx.run(
      `INSERT INTO shop_stock (day, code, opening, on_hand, reserved) VALUES (?, ?, 0, ?, 0)
       ON CONFLICT (day, code) DO UPDATE SET on_hand = on_hand + excluded.on_hand`,
      day,
      code,
      units,
    );
  }
  return unitsOf(items);
}

function count(tx: SyncTransactionHandle, day: string): StockCount {
  const row = tx.get<StockCount>(
    `SELECT coalesce(sum(opening), 0) AS opening, coalesce(sum(on_hand), 0) AS "onHand",
            coalesce(sum(reserved), 0) AS reserved FROM shop_stock WHERE day = ?`,
    day,
  );
  return row ?? { opening: 0, onHand: 0, reserved: 0 };
}

const TABLES = [
  `CREATE TABLE IF NOT EXISTS shop_rounds (
     date text NOT NULL, round integer NOT NULL, PRIMARY KEY (date, round)) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS shop_stock (
     day text NOT NULL, code text NOT NULL,
     opening integer NOT NULL, on_hand integer NOT NULL, reserved integer NOT NULL,
     PRIMARY KEY (day, code), CHECK (reserved >= 0 AND reserved <= on_hand)) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS shop_reservations (
     day text NOT NULL, order_key text NOT NULL, code text NOT NULL, units integer NOT NULL,
     PRIMARY KEY (day, order_key, code)) WITHOUT ROWID`,
];

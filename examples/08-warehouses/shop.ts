import { TerminalError } from 'millrace';

/*
 * What the executors act on: shelves of three warehouses, and charges. Everything is under the order's id, so that a
 * request that comes again changes nothing.
 */

export interface Line {
  readonly sku: string;
  readonly quantity: number;
  readonly price: number;
}

/** What one warehouse gives of an order. */
export interface Part {
  readonly warehouse: string;
  readonly region: string;
  readonly lines: readonly Line[];
}

interface Warehouse {
  readonly name: string;
  readonly region: string;
  readonly shelf: Map<string, number>;
  /** What it has put aside, by order. */
  readonly reserved: Map<string, Part>;
}

export interface Shop {
  /** @throws OUT_OF_STOCK where all of them together have too little. */
  plan(country: string, lines: readonly Line[]): { parts: Part[]; total: number };
  /** @throws OUT_OF_STOCK where somebody was faster. */
  reserve(order: string, part: Part): void;
  release(order: string): void;
  charge(key: string, customer: string, amount: number): { charge: string };
  refund(charge: string): void;
  number(order: string): number;
  /** Boxes on all shelves, those put aside left out. */
  left(): Record<string, Record<string, number>>;
  /** What customers have paid and not got back. */
  takings(): number;
}

type Shelves = Readonly<
  Record<string, { readonly region: string; readonly shelf: Readonly<Record<string, number>> }>
>;

/** The region that an order from there is best served by. */
const NEAR: Readonly<Record<string, string>> = {
  GB: 'eu-west',
  FR: 'eu-west',
  US: 'us-east',
  JP: 'ap-northeast',
};

export function createShop(shelves: Shelves, broke: ReadonlySet<string> = new Set()): Shop {
  const warehouses: Warehouse[] = Object.entries(shelves).map(([name, { region, shelf }]) => ({
    ...{ name, region, shelf: new Map(Object.entries(shelf)), reserved: new Map() },
  }));
  const charges = new Map<string, number>();
  const numbers = new Map<string, number>();
  return {
    plan(country, lines) {
      const near = NEAR[country];
      const ordered = warehouses.toSorted((a, b) => Number(b.region === near) - Number(a.region === near));
      const parts = ordered.map(({ name, region }) => ({ warehouse: name, region, lines: [] as Line[] }));
      for (const line of lines) share(line, ordered, parts);
      const total = lines.reduce((sum, { quantity, price }) => sum + quantity * price, 0);
      return { parts: parts.filter((part) => part.lines.length > 0), total };
    },
    reserve(order, part) {
      const warehouse = warehouses.find(({ name }) => name === part.warehouse) as Warehouse; // from `plan`
      if (warehouse.reserved.has(order)) return;
      for (const { sku, quantity } of part.lines)
        if ((warehouse.shelf.get(sku) ?? 0) < quantity) throw outOfStock(sku, warehouse.name);
      for (const { sku, quantity } of part.lines)
        warehouse.shelf.set(sku, (warehouse.shelf.get(sku) ?? 0) - quantity);
      warehouse.reserved.set(order, part);
    },
    release(order) {
      for (const { shelf, reserved } of warehouses) {
        for (const { sku, quantity } of reserved.get(order)?.lines ?? [])
          shelf.set(sku, (shelf.get(sku) ?? 0) + quantity);
        reserved.delete(order);
      }
    },
    charge(key, customer, amount) {
      if (broke.has(customer))
        throw new TerminalError(`the card of ${customer} was declined`, { code: 'DECLINED' });
      charges.set(key, amount);
      return { charge: key };
    },
    refund: (charge) => void charges.delete(charge),
    number(order) {
      const number = numbers.get(order) ?? 1_000 + numbers.size;
      numbers.set(order, number);
      return number;
    },
    left: () => Object.fromEntries(warehouses.map(({ name, shelf }) => [name, Object.fromEntries(shelf)])),
    takings: () => [...charges.values()].reduce((sum, amount) => sum + amount, 0),
  };
}

/** Gives a line to the warehouses in their order, as much as each has. */
function share(line: Line, warehouses: readonly Warehouse[], parts: readonly { lines: Line[] }[]): void {
  let missing = line.quantity;
  warehouses.forEach(({ shelf }, at) => {
    const quantity = Math.min(missing, shelf.get(line.sku) ?? 0);
    if (quantity === 0) return;
    parts[at]?.lines.push({ ...line, quantity });
    missing -= quantity;
  });
  if (missing > 0) throw outOfStock(line.sku, 'all warehouses');
}

function outOfStock(sku: string, where: string): TerminalError {
  return new TerminalError(`too little of ${sku} in ${where}`, { code: 'OUT_OF_STOCK' });
}

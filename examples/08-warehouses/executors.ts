import type { Executor } from 'millrace';
import { createShop, type Line, type Part, type Shop } from './shop.ts';

/** Shelves at the beginning of the example. */
export const SHELVES = {
  london: { region: 'eu-west', shelf: { lantern: 5, teapot: 2 } },
  newark: { region: 'us-east', shelf: { lantern: 1, clock: 4 } },
  osaka: { region: 'ap-northeast', shelf: { teapot: 3, clock: 1 } },
};

/** The executors of `fulfilment.yaml` and `invoice.yaml`, on a shop; parcels say which engine has picked them. */
export function executorsOf(shop: Shop, engine: string) {
  return {
    'stock.plan': ({ country, lines }: { country: string; lines: Line[] }) => shop.plan(country, lines),
    'stock.reserve': ({ order, part }: { order: string; part: Part }) => shop.reserve(order, part),
    'stock.release': ({ order }: { order: string }) => shop.release(order),
    'payments.charge': ({ customer, amount }: { customer: string; amount: number }, { idempotencyKey }) =>
      shop.charge(idempotencyKey, customer, amount),
    'payments.refund': ({ charge }: { charge: string }) => shop.refund(charge),
    'warehouse.pick': ({ order, part: { warehouse, lines } }: { order: string; part: Part }) => ({
      ...{ order, warehouse, engine },
      boxes: lines.reduce((sum, { quantity }) => sum + quantity, 0),
    }),
    'invoices.number': ({ order }: { order: string }) => shop.number(order),
    'invoices.file': ({ text }: { number: number; text: string }) => text,
    'customer.notify': ({ parcels }: { customer: string; parcels: unknown[] }) => parcels.length,
  } satisfies Record<string, Executor>;
}

/** For the command line: `millrace run fulfilment.yaml --executors executors.ts`. */
export const executors = executorsOf(createShop(SHELVES), 'command line');

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Millrace } from 'millrace';
import { SHELVES, executorsOf } from './executors.ts';
import { createShop, type Line } from './shop.ts';

interface Order {
  readonly id: string;
  readonly customer: string;
  readonly country: string;
  readonly lines: readonly Line[];
}

const BEAT_MS = 250;
const folder = mkdtempSync(join(tmpdir(), 'millrace-warehouses-'));
const store = `file:${join(folder, 'millrace.db')}`;
const text = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
const [given] = process.argv.slice(2);
const orders = JSON.parse(
  given === undefined ? text('orders.json') : readFileSync(given, 'utf8'),
) as readonly Order[];

/** An engine in each region, in one process here; usually each is a process in its warehouse's data centre. */
const shop = createShop(SHELVES, new Set(['mallory']));
const engines = await Promise.all(
  Object.values(SHELVES).map(({ region }) => {
    const name = `engine-${region}`;
    return Millrace.open({ store, name, region, executors: executorsOf(shop, name), beat: BEAT_MS });
  }),
);
const client = await Millrace.open({ store, work: false });
for (const file of ['invoice.yaml', 'fulfilment.yaml']) {
  // oxlint-disable-next-line no-await-in-loop -- an order needs the invoice
  await client.deploy(text(file), { file });
}
await pause(3 * BEAT_MS); // engines learn of each other, and of the definitions, with their beats

for (const order of orders) {
  // oxlint-disable-next-line no-await-in-loop -- so that the shelves are emptied in the order of the file
  console.log(`${order.id}, ${order.customer} in ${order.country}: ${await fulfil(order)}`);
}
console.log('left on the shelves:', shop.left());
console.log('takings:', shop.takings());
await Promise.all([...engines, client].map((one) => one.close()));
rmSync(folder, { recursive: true, force: true });

async function fulfil(order: Order): Promise<string> {
  const run = await client.start('fulfilment', order, { key: order.id });
  return run.result().then(
    (output) => JSON.stringify(output),
    ({ cause }: Error) => `failed: ${(cause as Error).message}`,
  );
}

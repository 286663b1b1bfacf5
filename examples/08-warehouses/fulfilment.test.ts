import { readFileSync } from 'node:fs';
import { definition } from 'millrace';
import { createTestEngine, type TestEngine } from 'millrace/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { executorsOf } from './executors.ts';
import { createShop, type Shop } from './shop.ts';

const read = (file: string) => definition(readFileSync(new URL(file, import.meta.url), 'utf8'), { file });
const fulfilment = await read('fulfilment.yaml');
const invoice = await read('invoice.yaml');

/** The engine of the test stands in one region, and so do these warehouses. */
const SHELVES = {
  london: { region: 'eu-west', shelf: { lantern: 2 } },
  leeds: { region: 'eu-west', shelf: { lantern: 3 } },
};

describe('an order', () => {
  let shop: Shop;
  let engine: TestEngine;
  beforeEach(async () => {
    shop = createShop(SHELVES, new Set(['mallory']));
    engine = await createTestEngine({
      workflows: [fulfilment, invoice],
      executors: executorsOf(shop, 'test'),
      region: 'eu-west',
    });
  });
  afterEach(() => engine.close());

  const start = (quantity: number, customer = 'ada') => {
    const lines = [{ sku: 'lantern', quantity, price: 10 }];
    return engine.start(fulfilment, { id: 'o1', customer, country: 'GB', lines });
  };

  it('comes from as many warehouses as it takes', async () => {
    expect(await engine.finish(await start(4))).toEqual({
      parcels: [
        { order: 'o1', warehouse: 'london', engine: 'test', boxes: 2 },
        { order: 'o1', warehouse: 'leeds', engine: 'test', boxes: 2 },
      ],
      invoice: 1_000,
      total: 40,
    });
    expect(shop.left()).toEqual({ london: { lantern: 0 }, leeds: { lantern: 1 } });
    expect(shop.takings()).toBe(40);
  });

  it('that cannot be paid leaves the shelves as they were', async () => {
    const { cause } = await engine.finish(await start(4, 'mallory')).catch((error: Error) => error);
    expect(cause).toMatchObject({ code: 'DECLINED' });
    expect(shop.left()).toEqual({ london: { lantern: 2 }, leeds: { lantern: 3 } });
    expect(shop.takings()).toBe(0);
  });

  it('of more than there is takes nothing', async () => {
    const { cause } = await engine.finish(await start(6)).catch((error: Error) => error);
    expect(cause).toMatchObject({ code: 'OUT_OF_STOCK' });
    expect(shop.left()).toEqual({ london: { lantern: 2 }, leeds: { lantern: 3 } });
  });

  it('waits for an engine in the region of its goods', async () => {
    await engine.close();
    engine = await createTestEngine({
      workflows: [fulfilment, invoice],
      executors: executorsOf(shop, 'test'),
      region: 'us-east',
    });
    const run = await start(1);
    await engine.skip('1 hour');
    expect(await run.describe()).toMatchObject({ status: 'waiting' });
  });
});

import { appendFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { workflow, type StepContext } from 'millrace';

export interface Parcel {
  number: number;
  pence: number;
}

/** `depots`: the engines that did the three steps. */
export interface Delivery extends Parcel {
  depots: string[];
}

/** What a step talks to: as long as a service would take to answer. */
const SERVICE_MS = 60;
const ROAD_MS = 400;

/** The way of one parcel: three depots and two roads. Any engine can do any of it. */
export const parcel = workflow('parcel', { version: 1 }, async (ctx, { number, pence }: Parcel) => {
  const collected = await ctx.step('collect', handle);
  await ctx.sleep(ROAD_MS + (number % 7) * 100);
  const sorted = await ctx.step('sort', handle);
  await ctx.sleep(ROAD_MS + (number % 5) * 100);
  const delivered = await ctx.step('deliver', handle);
  return { number, pence, depots: [collected, sorted, delivered] } satisfies Delivery;
});

/** Leaves a line in a file of its own, as a real service would: it shows which steps were begun more than once. */
async function handle(step: StepContext): Promise<string> {
  const depot = process.env['NODE_ID'] ?? 'nobody';
  const log = process.env['DEPOT_LOG'];
  if (log !== undefined) appendFileSync(log, `${step.idempotencyKey} ${depot}\n`);
  await pause(SERVICE_MS);
  return depot;
}

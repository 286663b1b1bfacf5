import { setTimeout as pause } from 'node:timers/promises';
import { workflow } from '../../src/index.ts';
import type { Item } from './workload.ts';
import type { MakeWork } from './workflows.ts';

/** When a run is to go on, and what it does then. */
export interface JourneyInput {
  /** Wall clock, ms. */
  due: number;
  legs: number;
  legMs: number;
}

/** Runs whose hours are spread evenly. */
export interface JourneyPlan extends Omit<JourneyInput, 'due'> {
  /** Keeps the keys of several plans apart. */
  prefix: string;
  count: number;
  /** The first hour, wall clock, ms; and over how long the others are spread. */
  from: number;
  spreadMs: number;
}

export function journeysOf({ prefix, count, from, spreadMs, legs, legMs }: JourneyPlan): Item[] {
  return Array.from({ length: count }, (_, at) => {
    const input: JourneyInput = { due: Math.round(from + (at * spreadMs) / count), legs, legMs };
    return { workflow: 'journey', key: `${prefix}-${at}`, input, signals: 0 };
  });
}

/** Programs that wait for an hour and then take a known time. */
export function timedWorkflows(work: MakeWork) {
  const journey = workflow('journey', async (ctx, { due, legs, legMs }: JourneyInput) => {
    const nonces: string[] = [];
    await ctx.sleepUntil(due);
    for (let at = 0; at < legs; at++) {
      // oxlint-disable-next-line no-await-in-loop -- one leg after the other
      nonces.push(
        await ctx.step(
          `leg-${at}`,
          work('journey', () => pause(legMs)),
        ),
      );
    }
    return nonces;
  });
  return { journey };
}

import { setTimeout as pause } from 'node:timers/promises';
import { workflow } from '../../src/index.ts';
import type { MakeWork } from './workflows.ts';

/** When a run is to go on, and what it does then. */
export interface JourneyInput {
  /** Wall clock, ms. */
  due: number;
  legs: number;
  legMs: number;
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

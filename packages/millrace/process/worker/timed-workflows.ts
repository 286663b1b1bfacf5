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

/** What a run does while it holds what others wait for. */
export interface HoldingInput {
  steps: number;
  stepMs: number;
  /** The name of a lock, and whether it is given back before the run ends. */
  lock?: { name: string; release: boolean } | undefined;
}

export function journeysOf({ prefix, count, from, spreadMs, legs, legMs }: JourneyPlan): Item[] {
  return Array.from({ length: count }, (_, at) => {
    const input: JourneyInput = { due: Math.round(from + (at * spreadMs) / count), legs, legMs };
    return { workflow: 'journey', key: `${prefix}-${at}`, input, signals: 0 };
  });
}

/**
 * Programs that take a known time: after an hour that they wait for, under limits, or with a lock. `isHeld`: while it
 * says so, one step under limits and one with a lock do not end.
 */
export function timedWorkflows(work: MakeWork, isHeld: () => boolean) {
  const journey = workflow('journey', async (ctx, { due, legs, legMs }: JourneyInput) => {
    await ctx.sleepUntil(due);
    return oneByOne(legs, (at) =>
      ctx.step(
        `leg-${at}`,
        work('journey', () => pause(legMs)),
      ),
    );
  });

  const held = new Set<string>();
  const hold = async (of: string, stepMs: number): Promise<void> => {
    await pause(stepMs);
    if (held.has(of)) return;
    held.add(of);
    // oxlint-disable-next-line no-await-in-loop -- looks until it may go on
    while (isHeld()) await pause(20);
    held.delete(of);
  };
  const limited = workflow('limited', (ctx, { steps, stepMs }: HoldingInput) =>
    oneByOne(steps, (at) =>
      ctx.step(
        `part-${at}`,
        work('limited', () => hold('limited', stepMs)),
      ),
    ),
  );
  const locked = workflow('locked', async (ctx, { steps, stepMs, lock: asked }: HoldingInput) => {
    const lock = await ctx.lock(asked?.name ?? 'any');
    const nonces = await oneByOne(steps, (at) =>
      ctx.step(
        `part-${at}`,
        work('locked', () => hold('locked', stepMs), lock),
      ),
    );
    if (asked?.release === true) await lock.release();
    return nonces;
  });
  return { journey, limited, locked };
}

async function oneByOne(steps: number, make: (at: number) => Promise<string>): Promise<string[]> {
  const nonces: string[] = [];
  // oxlint-disable-next-line no-await-in-loop -- one step after the other
  for (let at = 0; at < steps; at++) nonces.push(await make(at));
  return nonces;
}

import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { workflow } from '../../src/index.ts';
import type { MakeWork } from './workflows.ts';

/** Programs whose steps take long or harm their process. */
export function hostileWorkflows(work: MakeWork) {
  /** Each step lasts until the file `gate` exists. */
  const gated = workflow('gated', async (ctx, { gate, size }: { gate: string; size: number }) => {
    const wait = async (): Promise<void> => {
      // oxlint-disable-next-line no-await-in-loop -- looks until the gate opens
      while (!existsSync(gate)) await pause(5);
    };
    const nonces: string[] = [];
    for (let at = 0; at < size; at++) {
      // oxlint-disable-next-line no-await-in-loop -- one step after the other
      nonces.push(await ctx.step(`gated-${at}`, work('gated', wait)));
    }
    return nonces;
  });

  /** Ends its process each time. */
  const poison = workflow('poison', async (ctx, how: 'abort' | 'exit') => {
    const kill = async (): Promise<void> => {
      await pause(5);
      if (how === 'abort') process.abort();
      process.exit(1);
    };
    return ctx.step('kill', work('poison', kill));
  });

  /** The first attempt of all stops the event loop for `ms`. */
  const blocking = workflow('blocking', async (ctx, { marker, ms }: { marker: string; ms: number }) => {
    const block = async (): Promise<void> => {
      await pause(1);
      if (existsSync(marker)) return;
      writeFileSync(marker, '');
      const until = performance.now() + ms;
      while (performance.now() < until);
    };
    return [await ctx.step('block', work('blocking', block)), await ctx.step('then', work('blocking'))];
  });

  return { gated, poison, blocking };
}

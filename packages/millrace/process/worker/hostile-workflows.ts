import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { workflow, type Executor, type StepContext, type TransactionHandle } from '../../src/index.ts';
import type { Ledger } from './ledger.ts';
import type { MakeWork } from './workflows.ts';

/** Programs whose steps take long or harm their process, and what they call. */
export function hostileWorkflows(work: MakeWork, ledger: Ledger, name: string) {
  /** A gate opens for all, or for the engine of one name. */
  const untilOpen = async (gate: string): Promise<void> => {
    // oxlint-disable-next-line no-await-in-loop -- looks until the gate opens
    while (!existsSync(gate) && !existsSync(`${gate}-${name}`)) await pause(5);
  };

  /** Each step lasts until the file `gate` exists. */
  const gated = workflow('gated', async (ctx, { gate, size }: { gate: string; size: number }) => {
    const nonces: string[] = [];
    for (let at = 0; at < size; at++) {
      // oxlint-disable-next-line no-await-in-loop -- one step after the other
      nonces.push(
        await ctx.step(
          `gated-${at}`,
          work('gated', () => untilOpen(gate)),
        ),
      );
    }
    return nonces;
  });

  /** A transaction (of PostgreSQL) that writes at once and lasts until the file `gate` exists. */
  const slowBooks = workflow('slow-books', (ctx, { gate }: { gate: string }) =>
    ctx.transaction('entry', async (tx: TransactionHandle) => {
      const nonce = ledger.begin('slow-books', { runId: ctx.runId, name: 'entry', attempt: 1 });
      await tx.query('INSERT INTO notes (run_id, name, nonce) VALUES ($1, $2, $3)', [
        ctx.runId,
        'entry',
        nonce,
      ]);
      await untilOpen(gate);
      ledger.end(nonce, true);
      return nonce;
    }),
  );

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

  /** The attempt is made where the executor is, records a checkpoint, and lasts until the file `gate` exists. */
  const calling = workflow('calling', (ctx, input: { gate: string }) => ctx.call<string>('gated', input));
  const fromCheckpoint = async (gate: string, step: StepContext): Promise<void> => {
    const { runId, attempt, lastCheckpoint: found } = step;
    if (found === undefined) await step.checkpoint(`of ${name}`);
    ledger.write({ kind: 'checkpoint', runId, attempt, found });
    await untilOpen(gate);
  };
  const executors: Record<string, Executor<{ gate: string }>> = {
    gated: ({ gate }, step) => work('calling', () => fromCheckpoint(gate, step))(step),
  };

  return { workflows: { gated, slowBooks, poison, blocking, calling }, executors };
}

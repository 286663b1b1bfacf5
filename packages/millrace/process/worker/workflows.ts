import { setTimeout as pause } from 'node:timers/promises';
import {
  signal,
  TerminalError,
  workflow,
  type Context,
  type Executor,
  type RunLock,
  type StepContext,
  type SyncTransactionHandle,
  type TransactionHandle,
  type Workflow,
} from '../../src/index.ts';
import type { Ledger } from './ledger.ts';

/** Each signal carries its place in the order in which it was sent, from 1. */
export const NUMBER = signal<number>('number');

const SOON = { retry: { maxAttempts: 4, initial: 20, factor: 1 } } as const;
/** Longer than what the engine waits for in memory, so that the run is put to rest. */
const SHORT_SLEEP_MS = 150;

/** Programs that between them use everything that is recorded. Each step returns a nonce that its ledger knows. */
export function calmWorkflows(ledger: Ledger, store: 'sqlite' | 'postgres') {
  const work = ledgered(ledger);
  const executor: Executor<undefined, Promise<string>> = (_input, step) => work('retries')(step);
  const alone = workflowsOfSteps(work);
  const together = workflowsOfRuns(work, alone.steps);
  return {
    workflows: { ...alone, ...together, books: workflowOfTransactions(transactionOn(store, ledger)) },
    executors: { executor },
    work,
  };
}

export type CalmName = keyof ReturnType<typeof calmWorkflows>['workflows'];

/** A step of workflow `of` that acts, and is in the ledger when it begins and when it ends. */
export type MakeWork = (
  of: string,
  act?: (step: StepContext) => unknown,
  lock?: RunLock,
) => (step: StepContext) => Promise<string>;

function ledgered(ledger: Ledger): MakeWork {
  return (of, act = () => pause(2), lock) =>
    async (step) => {
      const nonce = ledger.begin(of, step, lock);
      try {
        await act(step);
      } catch (error) {
        ledger.end(nonce, false);
        throw error;
      }
      ledger.end(nonce, true);
      return nonce;
    };
}

function workflowsOfSteps(work: MakeWork) {
  const steps = workflow('steps', async (ctx, size: number) => {
    const nonces: string[] = [];
    for (let at = 0; at < size; at++) {
      // oxlint-disable-next-line no-await-in-loop -- one step after the other
      nonces.push(await ctx.step(`step-${at}`, work('steps')));
    }
    nonces.push(...(await ctx.all(['left', 'right'].map((name) => ctx.step(name, work('steps'))))));
    return nonces;
  });

  const retries = workflow('retries', async (ctx) => {
    const stubborn = work('retries', ({ attempt }) => failBefore(attempt, 3));
    const hopeless = work('retries', () => failBefore(1, 99));
    const first = await ctx.step('third-time', stubborn, SOON);
    await ctx.step('never', hopeless, { retry: { maxAttempts: 2, initial: 20 } }).catch(() => undefined);
    return [first, await ctx.call<string>('executor', undefined, SOON)];
  });

  const sleeper = workflow('sleeper', async (ctx) => {
    const before = await ctx.step('before', work('sleeper'));
    await ctx.sleep(SHORT_SLEEP_MS);
    return [before, await ctx.step('after', work('sleeper'))];
  });

  const saga = workflow('saga', async (ctx) => {
    await ctx.step('book', work('saga'));
    ctx.compensate('unbook', work('saga'));
    await ctx.step('pay', work('saga'));
    ctx.compensate('refund', work('saga'));
    throw new TerminalError('nothing left to sell');
  });
  return { steps, retries, sleeper, saga };
}

function workflowsOfRuns(work: MakeWork, steps: Workflow<number, string[]>) {
  const mailbox = workflow('mailbox', async (ctx, size: number) => {
    const received: number[] = [];
    while (received.length < size) {
      // oxlint-disable-next-line no-await-in-loop -- one signal after the other
      received.push(await ctx.waitForSignal(NUMBER));
      // oxlint-disable-next-line no-await-in-loop
      await ctx.step('note', work('mailbox'));
    }
    return received;
  });

  const parent = workflow('parent', async (ctx, size: number) => {
    const detached = await ctx.detach(steps, 1, { key: 'detached' });
    const children = Array.from({ length: size }, (_, at) => ctx.child(steps, 1, { key: `child-${at}` }));
    const outputs = await ctx.all(children);
    return { detached, outputs, own: await ctx.step('own', work('parent')) };
  });

  const chain = workflow('chain', async (ctx, { left, received }: { left: number; received: number[] }) => {
    received.push(await ctx.waitForSignal(NUMBER));
    await ctx.step('link', work('chain'));
    if (left > 1) return ctx.continueAsNew({ left: left - 1, received });
    return received;
  });

  const member = workflow('member', async (ctx) => {
    const before = await ctx.step('before', work('member'));
    const value = await ctx.waitForSignal(NUMBER);
    return [before, value, await ctx.step('after', work('member'))];
  });

  const family = workflow('family', (ctx, size: number) =>
    ctx.all(Array.from({ length: size }, (_, at) => ctx.child(member, undefined, { key: `member-${at}` }))),
  );
  return { mailbox, parent, chain, member, family };
}

function workflowOfTransactions(write: (ctx: Context, name: string) => Promise<string>) {
  return workflow('books', async (ctx, size: number) => {
    const nonces: string[] = [];
    for (let at = 0; at < size; at++) {
      // oxlint-disable-next-line no-await-in-loop -- one transaction after the other
      nonces.push(await write(ctx, `entry-${at}`));
    }
    return nonces;
  });
}

async function failBefore(attempt: number, good: number): Promise<void> {
  await pause(1);
  if (attempt < good) throw new Error(`attempt ${attempt} fails`);
}

/** A step whose own row and record are one transaction. */
function transactionOn(store: 'sqlite' | 'postgres', ledger: Ledger) {
  const begin = ({ runId }: Context, name: string): string =>
    ledger.begin('books', { runId, name, attempt: 1 });
  const onPostgres = (ctx: Context, name: string): Promise<string> =>
    ctx.transaction(name, async (tx: TransactionHandle) => {
      const nonce = begin(ctx, name);
      await tx.query('INSERT INTO notes (run_id, name, nonce) VALUES ($1, $2, $3)', [ctx.runId, name, nonce]);
      ledger.end(nonce, true);
      return nonce;
    });
  const onSqlite = (ctx: Context, name: string): Promise<string> =>
    ctx.transaction<string, SyncTransactionHandle>(name, (tx) => {
      const nonce = begin(ctx, name);
      tx.run('INSERT INTO notes (run_id, name, nonce) VALUES (?, ?, ?)', ctx.runId, name, nonce);
      ledger.end(nonce, true);
      return nonce;
    });
  return store === 'postgres' ? onPostgres : onSqlite;
}

/* What the compiler knows inside a workflow. Nothing here runs; it compiles, or the gate fails. */
import {
  signal,
  workflow,
  type Context,
  type Executor,
  type External,
  type FencingToken,
  type MillraceOptions,
  type StepContext,
  type SyncTransactionHandle,
  type TransactionHandle,
} from '../src/index.ts';
import { exactly } from './exactly.ts';

const child = workflow('child', { version: 2 }, async (_ctx, input: { n: number }) => input.n > 0);

export async function steps(ctx: Context): Promise<void> {
  exactly<number>()(await ctx.step('sync', () => 1));
  exactly<string>()(
    await ctx.step('async', async () => 'a', { retry: { maxAttempts: 3, initial: '1s' }, timeout: 500 }),
  );
  exactly<void>()(await ctx.step('nothing', () => {}));
  await ctx.step('context', (step) => {
    exactly<StepContext>()(step);
    exactly<number>()(step.attempt);
    exactly<FencingToken>()(step.fencingToken);
    exactly<AbortSignal>()(step.signal);
    exactly<Promise<void>>()(step.checkpoint({ line: 17 }));
    exactly<unknown>()(step.lastCheckpoint);
  });
  await ctx.step('retries', () => 1, { retry: 5 });
  await ctx.step('never', () => 1, { retry: false });
  // @ts-expect-error a function is needed
  await ctx.step('none');
  // @ts-expect-error a function, not its result
  await ctx.step('result', 17);
  // @ts-expect-error no such option
  await ctx.step('option', () => 1, { retires: 3 });
  // @ts-expect-error `true` is no policy
  await ctx.step('policy', () => 1, { retry: true });
  // @ts-expect-error not a duration
  await ctx.step('time', () => 1, { timeout: 'soon' });
  // @ts-expect-error steps run in this process: labels are for calls
  await ctx.step('labels', () => 1, { requires: ['gpu'] });
}

export async function calls(ctx: Context): Promise<void> {
  exactly<unknown>()(await ctx.call('mail', { to: 'a' }));
  exactly<{ id: string }>()(
    await ctx.call<{ id: string }>('mail', { to: 'a' }, { requires: ['smtp'], priority: 'low' }),
  );
  exactly<unknown>()(await ctx.call('mail', 1, { name: 'greet' }));
  // @ts-expect-error no such priority
  await ctx.call('mail', 1, { priority: 'urgent' });
}

export async function transactions(ctx: Context): Promise<void> {
  const rows = await ctx.transaction('count', async (tx) => {
    exactly<TransactionHandle>()(tx);
    const result = await tx.query<{ n: number }>('SELECT 1 AS n');
    return result.rows;
  });
  exactly<{ n: number }[]>()(rows);
  const changes = await ctx.transaction<number, SyncTransactionHandle>(
    'insert',
    (tx) => tx.run('INSERT …', 1).changes,
  );
  exactly<number>()(changes);
}

export async function waits(ctx: Context): Promise<void> {
  const approved = signal<boolean>('approved');
  exactly<boolean>()(await ctx.waitForSignal(approved, { timeout: '7 days' }));
  exactly<unknown>()(await ctx.waitForSignal('anything'));
  exactly<Date>()(await ctx.waitForSignal<Date>('due'));
  exactly<void>()(await ctx.sleep('1h 30m'));
  exactly<void>()(await ctx.sleepUntil(new Date(), { name: 'due' }));
  const scan = ctx.external<{ weight: number }>('scale', { timeout: '1h' });
  exactly<External<{ weight: number }>>()(scan);
  exactly<string>()(scan.token);
  exactly<{ weight: number }>()(await scan.result);
  // @ts-expect-error not a duration
  await ctx.sleep('a while');
  // @ts-expect-error an instant, not a text
  await ctx.sleepUntil('tomorrow');
  // @ts-expect-error no such option
  await ctx.waitForSignal(approved, { timeot: '1h' });
}

export async function children(ctx: Context): Promise<void> {
  exactly<boolean>()(await ctx.child(child, { n: 1 }, { key: 'k', parentClose: 'abandon' }));
  exactly<string>()(await ctx.detach(child, { n: 1 }));
  exactly<unknown>()(await ctx.child('child', { n: 1 }));
  exactly<number>()(
    await ctx.child<number>('child', { n: 1 }, { limits: [{ key: 'k', max: 1 }], name: 'c' }),
  );
  exactly<string>()(await ctx.detach('child', { n: 1 }));
  // @ts-expect-error the input is of another type
  await ctx.child(child, { n: '1' });
  // @ts-expect-error no such policy
  await ctx.child(child, { n: 1 }, { parentClose: 'kill' });
  exactly<never>()(await ctx.continueAsNew({ n: 2 }));
}

export async function together(ctx: Context): Promise<void> {
  const all = await ctx.all([ctx.step('a', () => 1), ctx.step('b', () => 'b'), ctx.sleep(1)]);
  exactly<[number, string, void]>()(all);
  exactly<number | string>()(await ctx.race([ctx.step('a', () => 1), ctx.step('b', () => 'b')]));
  exactly<number | string>()(await ctx.any([ctx.step('a', () => 1), ctx.step('b', () => 'b')]));
}

export function records(ctx: Context): void {
  exactly<number>()(ctx.now());
  exactly<number>()(ctx.random());
  exactly<string>()(ctx.uuid());
  exactly<number>()(ctx.attempt());
  exactly<{ rate: number }>()(ctx.record('rate', () => ({ rate: 1 })));
  // @ts-expect-error a function, not its result
  ctx.record('rate', 17);
  exactly<boolean>()(ctx.patch('check'));
  exactly<void>()(ctx.publish('state', { step: 1 }));
  exactly<string | undefined>()(ctx.key);
  ctx.onUpdate('add', (n: number) => n + 1);
  ctx.onUpdate<string, number>('length', async (text) => text.length);
  // @ts-expect-error the reply is of another type
  ctx.onUpdate<string, number>('length', (text) => text);
  ctx.compensate('undo', async ({ log }) => log.info('undone', { n: 1 }), { retry: 3 });
  ctx.compensate('undo', { call: 'refund', input: { n: 1 }, options: { retry: 3, requires: ['pci'] } });
  // @ts-expect-error it has a name already
  ctx.compensate('undo', { call: 'refund', options: { name: 'refund' } });
  // @ts-expect-error the context cannot be changed
  ctx.runId = 'other';
}

export function executors(): MillraceOptions {
  const double: Executor<number, number> = (n, { signal: aborted }) => (aborted.aborted ? 0 : n * 2);
  // @ts-expect-error an executor is a function
  const wrong: Executor = 17;
  return { workflows: [child], executors: { double, wrong, mail: async (to: string) => ({ sent: to }) } };
}

export function options(): MillraceOptions[] {
  return [
    { store: 'sqlite::memory:', workflows: [child], concurrency: 10, retry: { factor: 2, jitter: 0.5 } },
    { work: false, log: ({ level, message }) => void `${level} ${message}` },
    // @ts-expect-error no such option
    { concurency: 10 },
    // @ts-expect-error workflows are a list
    { workflows: child },
  ];
}

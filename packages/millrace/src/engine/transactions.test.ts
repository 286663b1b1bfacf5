import { describe, expect, it } from 'vitest';
import { open, typesOf } from '../../testbed/engines/engines.ts';
import { workflow, type SyncTransactionHandle } from '../index.ts';

const QUICK = { maxAttempts: 5, initial: 1, factor: 1 } as const;

describe('a transaction', () => {
  type Tx = SyncTransactionHandle;
  const TABLE = 'CREATE TABLE IF NOT EXISTS notes (text TEXT)';

  function notes(fn: (tx: Tx) => unknown) {
    return workflow('notes', async (ctx, _: null) => {
      const value = await ctx.transaction<unknown, Tx>('note', (tx) => {
        tx.run(TABLE);
        return fn(tx);
      });
      const rows = await ctx.transaction<number, Tx>('count', (tx) => {
        tx.run(TABLE);
        return tx.all('SELECT * FROM notes').length;
      });
      return [value, rows];
    });
  }

  it('commits what was written together with its record', async () => {
    const subject = notes((tx) => tx.run('INSERT INTO notes VALUES (?)', 'hi').changes);
    const millrace = await open({ workflows: [subject] });
    const run = await millrace.start(subject, null);
    expect(await run.result()).toEqual([1, 1]);
    expect(await typesOf(run)).toEqual(['started', 'step-completed', 'step-completed', 'completed']);
  });

  it('writes nothing when it throws, or when its result cannot be stored', async () => {
    const subject = workflow('notes', async (ctx, _: null) => {
      const attempt = (name: string, fn: (tx: Tx) => unknown): Promise<unknown> =>
        ctx
          .transaction<unknown, Tx>(name, (tx) => {
            tx.run(TABLE);
            tx.run('INSERT INTO notes VALUES (?)', name);
            return fn(tx);
          })
          .catch(({ cause }: Error) => (cause as Error).message);
      const first = await attempt('throws', () => {
        throw new Error('no');
      });
      const second = await attempt('returns a function', () => () => 1);
      const third = await attempt('returns a promise', async () => 1);
      const texts = await ctx.transaction<unknown, Tx>('read', (tx) => {
        tx.run(TABLE);
        return tx.all('SELECT text FROM notes');
      });
      return [first, second, third, texts];
    });
    const millrace = await open({ workflows: [subject] });
    expect(await (await millrace.start(subject, null)).result()).toEqual([
      'no',
      expect.stringMatching(/result of transaction "returns a function"/),
      expect.stringMatching(/promise/),
      [],
    ]);
  });

  it('is tried again like any step', async () => {
    let calls = 0;
    const subject = notes(() => {
      if (++calls < 2) throw new Error('again');
      return calls;
    });
    const millrace = await open({ workflows: [subject], retry: QUICK });
    expect(await (await millrace.start(subject, null)).result()).toEqual([2, 0]);
  });
});

describe('a transaction that depends on a patch', () => {
  it('is not begun before the marker is durable', async () => {
    const subject = workflow('patched', async (ctx, _: null) => {
      await ctx.transaction('old', () => 1);
      if (ctx.patch('new')) await ctx.transaction('new', () => 2);
    });
    const millrace = await open({ workflows: [subject] });
    const run = await millrace.start(subject, null);
    await run.result();
    expect((await run.history()).map(({ type, name }) => `${type} ${name}`)).toEqual([
      ...['started undefined', 'step-completed old', 'patched new', 'step-completed new'],
      'completed undefined',
    ]);
  });
});

import { readFileSync } from 'node:fs';
import { createTestEngine, type TestEngine } from 'millrace/testing';
import { definition } from 'millrace';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBank, type Bank } from './bank.ts';
import { OPENING, executorsOf } from './executors.ts';

const transfer = await definition(readFileSync(new URL('transfer.yaml', import.meta.url), 'utf8'), {
  file: 'transfer.yaml',
});

describe('a transfer', () => {
  let bank: Bank;
  let engine: TestEngine;
  beforeEach(async () => {
    bank = createBank(OPENING);
    engine = await createTestEngine({ workflows: [transfer], executors: executorsOf(bank) });
  });
  afterEach(() => engine.close());

  const start = (amount: number, to = 'PT-eve') =>
    engine.start(transfer, { id: 't', from: 'DE-ada', to, amount, requestedBy: 'ada' });
  const failure = (run: Awaited<ReturnType<typeof start>>) =>
    engine.finish(run).catch(({ cause }: Error) => (cause as { code?: string }).code);
  const balances = () => ({ ada: bank.balance('DE-ada'), eve: bank.balance('PT-eve'), total: bank.total() });

  it('of a small amount needs nobody', async () => {
    expect(await engine.finish(await start(120))).toMatchObject({
      approved: false,
      balances: { 'DE-ada': 19_880, 'PT-eve': 120 },
    });
  });

  it('of a large amount waits for two people', async () => {
    const run = await start(3_000);
    await engine.settle();
    expect(balances()).toEqual({ ada: 17_000, eve: 0, total: 26_000 });
    await run.signal('approve', { by: 'carol' });
    await engine.skip('2 days');
    await run.signal('approve', { by: 'dan' });
    expect(await engine.finish(run)).toMatchObject({ approved: true });
    expect(balances()).toEqual({ ada: 17_000, eve: 3_000, total: 26_000 });
  });

  it('is not approved twice by the same person, nor by who asked for it', async () => {
    for (const people of [
      ['carol', 'carol'],
      ['ada', 'dan'],
    ]) {
      const run = await start(3_000);
      for (const by of people) await run.signal('approve', { by });
      expect(await failure(run)).toBe('FOUR_EYES');
      expect(balances()).toEqual({ ada: 20_000, eve: 0, total: 26_000 });
    }
  });

  it('that nobody approves in time gives the money back', async () => {
    const run = await start(3_000);
    await run.signal('approve', { by: 'carol' });
    expect(await failure(run)).toBe('TIMEOUT');
    expect(balances()).toEqual({ ada: 20_000, eve: 0, total: 26_000 });
  });

  it('to a forbidden party is refused, and the hold released', async () => {
    expect(await failure(await start(10, 'XX-mallory'))).toBe('FORBIDDEN_PARTY');
    expect(balances()).toEqual({ ada: 20_000, eve: 0, total: 26_000 });
  });

  it('that the account cannot pay never begins', async () => {
    expect(await failure(await start(50_000))).toBe('NO_FUNDS');
    expect(balances()).toEqual({ ada: 20_000, eve: 0, total: 26_000 });
  });

  it('is refused without an amount, before anything is stored', async () => {
    const input = { id: 't', from: 'DE-ada', to: 'PT-eve', amount: 0, requestedBy: 'ada' };
    await expect(engine.start(transfer, input)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});

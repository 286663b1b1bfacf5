import { describe, expect, it } from 'vitest';
import { open, refusal, sharedStore, until } from '../../testbed/engines/engines.ts';
import { workflow, type Millrace } from '../index.ts';

function versions(...numbers: number[]) {
  return numbers.map((version) => workflow('order', { version }, () => version));
}

/** Which versions so many keys get. */
async function drawn(millrace: Millrace, keys: number): Promise<readonly unknown[]> {
  const runs = await Promise.all(
    Array.from({ length: keys }, (_, n) => millrace.start('order', null, { key: `k${n}`, reuse: 'allow' })),
  );
  return Promise.all(runs.map((run) => run.result()));
}

describe('a route', () => {
  it('gives all new runs the version that is activated, on every process; others stay on theirs', async () => {
    const store = sharedStore();
    const held = workflow('held', async (ctx) => [await ctx.waitForSignal('go'), ctx.version]);
    const later = workflow('held', { version: 2 }, (ctx) => ctx.version);
    const engine = await open({ store, workflows: [held, later] });
    await engine.activate('held', 1);
    const old = await engine.start('held', null);
    await until(old, 'waiting');
    const client = await open({ store, work: false });
    expect(await client.activate('held', 2)).toMatchObject({ active: '2' });
    expect(await (await client.start('held', null)).result()).toBe('2');
    expect((await client.definition('held')).versions.at(-1)).toMatchObject({
      ...{ version: '1', kind: 'code', percent: 0, open: 1, openRuns: { waiting: 1 } },
    });
    await old.signal('go', 'yes');
    expect(await old.result()).toEqual(['yes', '1']);
  });

  it('draws a part of the new runs by their keys: the same key gets the same', async () => {
    const millrace = await open({ workflows: versions(1, 2) });
    await millrace.activate('order', 1);
    await millrace.rollout('order', { 2: 30 });
    const first = await drawn(millrace, 100);
    const share = first.filter((version) => version === 2).length;
    expect(share).toBeGreaterThan(15);
    expect(share).toBeLessThan(45);
    expect(await drawn(millrace, 100)).toEqual(first);
    await millrace.rollout('order', { 2: 60 });
    const grown = await drawn(millrace, 100);
    expect(first.every((version, at) => version !== 2 || grown[at] === 2)).toBe(true);
  });

  it('counts how the runs of a roll-out end, version by version', async () => {
    const fail = workflow('order', { version: 2 }, () => {
      throw new Error('no');
    });
    const millrace = await open({ workflows: [...versions(1), fail] });
    await millrace.activate('order', 1);
    await millrace.rollout('order', { 2: 50 });
    await Promise.allSettled([drawn(millrace, 20)]);
    const runs = (await millrace.runs({ limit: 100 })).runs;
    await Promise.allSettled(runs.map(({ runId }) => millrace.run(runId).result()));
    const [two, one] = (await millrace.definitions())[0]?.versions ?? [];
    expect(two).toMatchObject({ version: '2', percent: 50, successRate: 0 });
    expect(one).toMatchObject({ version: '1', percent: 50, successRate: 1, failed: 0 });
    expect((one?.closed ?? 0) + (two?.closed ?? 0)).toBe(20);
    expect(one?.meanMs).toBeGreaterThanOrEqual(0);
  });

  it('goes back: first the roll-out ends, then the version before is active', async () => {
    const millrace = await open({ workflows: versions(1, 2, 3) });
    await millrace.activate('order', 1);
    await millrace.activate('order', 2);
    await millrace.rollout('order', { 3: 100 });
    expect(await (await millrace.start('order', null)).result()).toBe(3);
    await millrace.rollback('order');
    expect(await (await millrace.start('order', null)).result()).toBe(2);
    expect(await millrace.rollback('order')).toMatchObject({ active: '1' });
    expect(await (await millrace.start('order', null)).result()).toBe(1);
    await expect(millrace.rollback('order')).rejects.toEqual(
      refusal('INVALID_ARGUMENT', /no other was before/),
    );
  });

  it('is changed to nothing that nobody has', async () => {
    const millrace = await open({ workflows: versions(1, 2) });
    await expect(millrace.activate('order', 3)).rejects.toEqual(
      refusal('UNKNOWN_VERSION', /no version 3; there are 1, 2/),
    );
    await expect(millrace.rollout('ordr', { 2: 10 })).rejects.toEqual(refusal('UNKNOWN_WORKFLOW', /"order"/));
    await expect(millrace.rollout('order', { 2: 10 })).rejects.toEqual(
      refusal('INVALID_ARGUMENT', /no version .* is active[^]*Activate one/),
    );
    await millrace.activate('order', 1);
    await expect(millrace.rollout('order', { 2: 110 })).rejects.toEqual(refusal('INVALID_ARGUMENT', /110/));
    await expect(millrace.definition('nothing')).rejects.toEqual(refusal('UNKNOWN_WORKFLOW'));
  });

  it('is changed by one of two who change it at once', async () => {
    const store = sharedStore();
    const millrace = await open({ store, workflows: versions(1, 2, 3) });
    const other = await open({ store, work: false });
    await millrace.activate('order', 1);
    const both = await Promise.allSettled([millrace.activate('order', 2), other.activate('order', 3)]);
    const { active } = await millrace.definition('order');
    const won = both.flatMap((result) => (result.status === 'fulfilled' ? [result.value.active] : []));
    const lost = both.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(won).toContain(active);
    for (const error of lost) expect(error).toEqual(refusal('ROUTE_CHANGED', /"order"/));
  });
});

describe('a guard', () => {
  it('takes back a version that fails too often, and says why', async () => {
    const lines: string[] = [];
    const fail = workflow('order', { version: 2 }, () => {
      throw new Error('no');
    });
    const workflows = [...versions(1), fail];
    const log = ({ message }: { message: string }): void => void lines.push(message);
    const millrace = await open({ workflows, log, beat: 100 });
    await millrace.activate('order', 1);
    const { guard } = await millrace.rollout('order', { 2: 50 }, { guard: { minRuns: 5 } });
    expect(guard).toEqual({ maxErrorRate: 0.1, minRuns: 5, windowMs: undefined });
    await Promise.allSettled([drawn(millrace, 30)]);
    await expect.poll(async () => (await millrace.definition('order')).guard, { timeout: 10_000 }).toBeNull();
    const { versions: after, changes } = await millrace.definition('order');
    expect(after.map(({ version, percent }) => [version, percent])).toEqual([
      ['2', 0],
      ['1', 100],
    ]);
    expect(changes[0]).toMatchObject({ act: 'guard', by: null, to: '1' });
    expect(changes[0]?.reason).toMatch(/of version 2 \d+ of \d+ runs failed \(100 %\)/);
    expect(lines.some((line) => /workflow order is rolled back to 1/.test(line))).toBe(true);
    expect(await (await millrace.start('order', null)).result()).toBe(1);
  });
});

describe('stranded runs', () => {
  it('are counted by the version that no engine has any more', async () => {
    const store = sharedStore();
    const held = workflow('held', (ctx) => ctx.waitForSignal('go'));
    const first = await open({ store, workflows: [held] });
    await until(await first.start(held, null), 'waiting');
    await first.close({ grace: 0 });
    const next = await open({ store, workflows: [workflow('held', { version: 2 }, () => 2)], name: 'new' });
    const [found] = await next.definitions();
    expect(found).toMatchObject({ name: 'held', active: null, stranded: 1 });
    expect(found?.versions.map(({ version, stranded, engines }) => [version, stranded, engines])).toEqual([
      ['2', 0, ['new']],
      ['1', 1, []],
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { gate, open, refusal, sharedStore, until } from '../../../testbed/engines/engines.ts';
import { signal, workflow, type HeldLock, type Millrace } from '../../index.ts';

const go = signal<unknown>('go');
const holder = workflow('holder', async (ctx, name: string) => {
  const lock = await ctx.lock(name);
  await ctx.waitForSignal(go);
  return lock.token;
});

async function waiting(millrace: Millrace): Promise<number> {
  return (await millrace.locks())[0]?.waiters.length ?? 0;
}

describe('millrace.lock', () => {
  it('runs a function while the lock is held, and gives its value', async () => {
    const millrace = await open({ name: 'one' });
    const value = await millrace.lock('door', async (lock) => {
      expect(lock.signal.aborted).toBe(false);
      expect(await millrace.locks()).toMatchObject([
        { name: 'door', token: 1, holder: { kind: 'engine', id: millrace.engine?.engineId, owner: 'one' } },
      ]);
      return `token ${lock.token}`;
    });
    expect(value).toBe('token 1');
    expect(await millrace.locks()).toEqual([]);
  });

  it('gives the lock back when the function throws', async () => {
    const millrace = await open();
    const broken = new Error('broken');
    await expect(millrace.lock('door', () => Promise.reject(broken))).rejects.toBe(broken);
    expect(await millrace.locks()).toEqual([]);
  });

  it('lets one in at a time, in order, from whatever process', async () => {
    const store = sharedStore();
    const [one, other] = [await open({ store }), await open({ store, work: false, name: 'client' })];
    const inside: string[] = [];
    const tokens: number[] = [];
    const enter = async (lock: HeldLock): Promise<void> => {
      inside.push('in');
      tokens.push(lock.token);
      await one.locks();
      inside.push('out');
    };
    await Promise.all([one, other, one, other, one].map((millrace) => millrace.lock('door', enter)));
    expect(inside).toEqual(['in', 'out', 'in', 'out', 'in', 'out', 'in', 'out', 'in', 'out']);
    expect(tokens).toEqual([1, 2, 3, 4, 5]);
  });

  it('refuses who does not want to wait any longer, and then nobody waits', async () => {
    const millrace = await open();
    await using lock = await millrace.lock('door');
    await expect(millrace.lock('door', { waitFor: 30 })).rejects.toThrow(refusal('LOCK_TIMEOUT', /"door"/));
    await expect(millrace.lock('door', () => 1, { waitFor: 0 })).rejects.toThrow(refusal('LOCK_TIMEOUT'));
    expect(await waiting(millrace)).toBe(0);
    expect(lock.token).toBe(1);
  });

  it('refuses what is no name and no option', async () => {
    const millrace = await open();
    await expect(millrace.lock('')).rejects.toThrow(refusal('INVALID_ARGUMENT', /lock name is empty/));
    const wrong = { timeOut: 1 } as object;
    await expect(millrace.lock('door', wrong)).rejects.toThrow(refusal('UNKNOWN_OPTION', /timeout/));
    await expect(millrace.lock('door', { timeout: '-1s' })).rejects.toThrow(refusal('INVALID_DURATION'));
  });

  it('is renewed while the process lives, for longer than its timeout', async () => {
    const millrace = await open();
    const lock = await millrace.lock('door', { timeout: 600 });
    const first = (await millrace.locks())[0]?.expiresAt ?? '';
    const later = async (): Promise<boolean> => ((await millrace.locks())[0]?.expiresAt ?? '') > first;
    await expect.poll(later, { timeout: 5_000 }).toBe(true);
    await expect.poll(() => Date.now() > Date.parse(first), { timeout: 5_000 }).toBe(true);
    expect(lock.signal.aborted).toBe(false);
    expect(await lock.release()).toBe(true);
    expect(await lock.release()).toBe(false);
  });

  it('that was taken by force is lost: the signal says so, and the call fails', async () => {
    const millrace = await open();
    const begun = gate();
    const held = millrace.lock(
      'door',
      async (lock) => {
        begun.open();
        await new Promise((resolve) => lock.signal.addEventListener('abort', resolve));
        expect(lock.signal.reason).toMatchObject({ code: 'LOCK_LOST', details: { lock: 'door', token: 1 } });
      },
      { timeout: 600 },
    );
    const told = held.catch((error: unknown) => error);
    await begun.passed;
    await millrace.releaseLock('door');
    expect(await told).toEqual(refusal('LOCK_LOST'));
    await expect(millrace.releaseLock('door')).rejects.toThrow(refusal('LOCK_NOT_HELD', /"door"/));
  });

  it('of an engine that is declared dead goes to who waits, and the failover names it', async () => {
    const store = sharedStore();
    const options = { store, beat: 100, lease: 500 };
    const [first, second] = [
      await open({ ...options, name: 'first' }),
      await open({ ...options, name: 'second' }),
    ];
    const lock = await first.lock('door', { timeout: 1_500 });
    const next = second.lock('door');
    await expect.poll(() => waiting(second)).toBe(1);
    await second.failover('first');
    expect((await next).token).toBe(2);
    await expect.poll(() => lock.signal.aborted, { timeout: 5_000 }).toBe(true);
    expect((await second.failovers()).failovers).toMatchObject([
      { failedEngine: 'first', locks: ['default/door'] },
    ]);
    const back = first.lock('gate');
    expect((await back).token, 'it has come back as a new incarnation').toBe(1);
  });

  it('is given back by close, and who waits is told', async () => {
    const store = sharedStore();
    const [first, second] = [await open({ store }), await open({ store, work: false })];
    await first.lock('door');
    const later = first.lock('door');
    const outcome = later.catch((error: unknown) => (error as { code: string }).code);
    await expect.poll(() => waiting(second)).toBe(1);
    const next = second.lock('door');
    await expect.poll(() => waiting(second)).toBe(2);
    await first.close({ grace: 0 });
    expect(await outcome).toBe('ENGINE_CLOSED');
    expect((await next).token).toBeGreaterThan(1);
    await expect(first.lock('door')).rejects.toThrow(refusal('ENGINE_CLOSED'));
  });

  it('shares its queue with runs', async () => {
    const millrace = await open({ workflows: [holder] });
    const lock = await millrace.lock('door');
    const run = await millrace.start(holder, 'door');
    await until(run, 'waiting');
    const last = millrace.lock('door');
    await expect.poll(() => waiting(millrace)).toBe(2);
    await lock.release();
    await expect.poll(async () => (await millrace.locks())[0]?.holder?.id).toBe(run.runId);
    await run.signal(go, null);
    expect(await run.result()).toBe(2);
    expect((await last).token).toBe(3);
  });
});

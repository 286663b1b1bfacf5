import { describe, expect, it } from 'vitest';
import { open, sharedStore } from '../../../testbed/engines/engines.ts';
import { absentEngine, obey, reasonOf } from '../../../testbed/why/why.ts';
import { openStore, signal, workflow } from '../../index.ts';
import { StoreError } from '../../store/port/errors.ts';
import type { Plan, Store } from '../../store/port/store.ts';

/* Of each thing that needs a person: `why` names it, and doing what it says frees the run. */

const go = signal<unknown>('go');
const order = workflow('order', async (ctx, _: unknown) => {
  await ctx.step('reserve', () => 1);
  await ctx.waitForSignal(go);
  return 'done';
});
const changed = workflow('order', async (ctx, _: unknown) => {
  await ctx.step('charge', () => 1);
  return 'changed';
});
const echo = workflow('echo', (_ctx, input: unknown) => input);

describe('a blocked run is freed by what why says', () => {
  it('NON_DETERMINISTIC: its program is another one, at which step and how', async () => {
    const store = sharedStore();
    const first = await open({ store, name: 'first', workflows: [order] });
    const { runId } = await first.start(order, null);
    await reasonOf(first.run(runId), 'WAITING_SIGNAL');
    await first.close();
    const second = await open({ store, name: 'second', workflows: [changed] });
    await second.run(runId).signal(go, null);
    const reason = await reasonOf(second.run(runId), 'NON_DETERMINISTIC');
    expect(reason).toMatchObject({
      message: expect.stringMatching(
        /no longer matches .*: expected step "reserve" .*, actual step "charge" /,
      ) as string,
      refs: { expected: 'step "reserve" (command 0)', actual: 'step "charge" (command 0)', seq: 1 },
    });
    await second.close();
    await obey(reason, store);
    const third = await open({ store, name: 'third', workflows: [order] });
    expect(await third.run(runId).result()).toBe('done');
  });

  it('QUARANTINED: its process died each time, which engines and when', async () => {
    const store = sharedStore();
    const client = await open({ store, work: false });
    const run = await client.start(echo, 1);
    for (const name of ['first', 'second']) {
      // oxlint-disable no-await-in-loop -- one death after the other
      const engineId = await absentEngine(client, name);
      const claim = { engineId, limit: 1, workflows: [{ workflow: 'echo', version: '1' }] };
      await client.store.claimRuns({ ...claim, suspects: name === 'second' });
      await client.store.retire(engineId, undefined, {
        limit: 9,
        deathLimit: 1,
        harmless: false,
        by: crypto.randomUUID(),
      });
      // oxlint-enable no-await-in-loop
    }
    const reason = await reasonOf(run, 'QUARANTINED');
    expect(reason).toMatchObject({
      message: expect.stringMatching(
        /died 2 times in a row while it was the only suspect: first dead at 20.*Z, second dead at 20.*Z$/,
      ) as string,
      refs: { deaths: 2, engineId: 'second' },
    });
    await open({ store, workflows: [echo] });
    await obey(reason, store);
    expect(await run.result()).toBe(1);
  });

  it('QUEUE_BACKLOG: a suspect is tried again, and which engine died of it', async () => {
    const store = sharedStore();
    const client = await open({ store, work: false });
    const run = await client.start(echo, 1);
    const engineId = await absentEngine(client, 'first');
    const claim = {
      engineId,
      limit: 1,
      suspects: false,
      workflows: [{ workflow: 'echo', version: '1' }],
    } as const;
    await client.store.claimRuns(claim);
    await client.store.retire(engineId, undefined, {
      limit: 9,
      deathLimit: 9,
      harmless: false,
      by: crypto.randomUUID(),
    });
    await absentEngine(client, 'second', { workflows: claim.workflows });
    const reason = await reasonOf(run, 'QUEUE_BACKLOG');
    expect(reason.message).toMatch(
      /its engine died while it was executing.*alone it died 1 time: first dead at 20/,
    );
    await open({ store, workflows: [echo] });
    expect(await run.result()).toBe(1);
  });

  it('COMMIT_REFUSED: the store objects to what it decided', async () => {
    const store = sharedStore();
    const real = await openStore(store);
    let objects = true;
    const commit: Store['commit'] = async (plans: readonly Plan[]) => {
      const isRefused = plans.some(({ next }) => next.kind === 'close');
      if (objects && isRefused) throw new StoreError('definite', 'value too long');
      return real.commit(plans);
    };
    const picky = new Proxy(real, {
      get: (target, name) => {
        const value: unknown = name === 'commit' ? commit : Reflect.get(target, name);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const millrace = await open({ store: picky, workflows: [echo] });
    const run = await millrace.start(echo, 1);
    const reason = await reasonOf(run, 'COMMIT_REFUSED');
    expect(reason.message).toBe('the store refuses what the run decided: value too long');
    objects = false;
    await obey(reason, store);
    expect(await run.result()).toBe(1);
    await millrace.close();
    await real.close();
  });
});

import { describe, expect, it } from 'vitest';
import { gate, open, sharedStore, until } from '../../../testbed/engines/engines.ts';
import { absentEngine, obey, reasonOf, statusOf } from '../../../testbed/why/why.ts';
import { openStore, signal, workflow, type MillraceOptions, type Run } from '../../index.ts';
import { StoreError } from '../../store/port/errors.ts';
import type { StartRequest, Store } from '../../store/port/store.ts';

/* Of each thing that may keep a run from being taken: `why` names it, and doing what it says frees the run. */

const go = signal<unknown>('go');
const echo = workflow('echo', (_ctx, input: unknown) => input);
const echo2 = workflow('echo', { version: 2 }, (_ctx, input: unknown) => input);
const waiting = workflow('waiting', (ctx, _: unknown) => ctx.waitForSignal(go));
const workflows = [echo, waiting];

async function client(options: MillraceOptions = {}) {
  const store = sharedStore();
  return { store, millrace: await open({ store, work: false, ...options }) };
}

describe('a run is freed by what why says when nobody takes it', () => {
  it('NO_ENGINE: there is none', async () => {
    const { store, millrace } = await client();
    const run = await millrace.start(echo, 1);
    await reasonOf(run, 'NO_ENGINE');
    await open({ store, workflows });
    expect(await run.result()).toBe(1);
  });

  it('NO_ENGINE: the one that was executing it is silent', async () => {
    const { store, millrace } = await client();
    const engineId = await absentEngine(millrace, 'lost', { leaseMs: 50 });
    const run = await millrace.start(echo, 1);
    const claim = {
      engineId,
      limit: 1,
      suspects: false,
      workflows: [{ workflow: 'echo', version: '1' }],
    } as const;
    expect(await millrace.store.claimRuns(claim)).toHaveLength(1);
    const reason = await reasonOf(run, 'NO_ENGINE');
    expect(reason.message).toMatch(/^engine lost, which was executing it, was heard last at/);
    expect(reason.refs).toMatchObject({ engineId: 'lost' });
    await obey(reason, store);
    await open({ store, workflows });
    expect(await run.result()).toBe(1);
  });

  it('NO_ENGINE_FOR_VERSION: its version is on no engine any more', async () => {
    const { store, millrace } = await client();
    const old = await open({ store, name: 'old', workflows });
    await old.close();
    await open({ store, name: 'new', workflows: [echo2] });
    const runs = [
      await millrace.start(echo, 1),
      await millrace.start(echo, 2),
      await millrace.start(echo2, 3),
    ];
    const run = runs[0] as Run;
    const reason = await reasonOf(run, 'NO_ENGINE_FOR_VERSION');
    expect(reason).toMatchObject({
      message: expect.stringMatching(
        /version 1 of workflow "echo": new has version 2; 1 other open run of this version; old could take it until 20/,
      ) as string,
      refs: { version: '1', otherRuns: 1, formerEngineId: 'old' },
    });
    await open({ store, name: 'old', workflows });
    expect(await Promise.all(runs.map((one) => one.result()))).toEqual([1, 2, 3]);
  });

  it('NO_ENGINE_FOR_QUEUE: nobody serves its queue', async () => {
    const { store, millrace } = await client();
    await open({ store, workflows, queues: ['day'] });
    const run = await millrace.start(echo, 1, { queue: 'night' });
    await reasonOf(run, 'NO_ENGINE_FOR_QUEUE');
    await open({ store, workflows, queues: ['night'] });
    expect(await run.result()).toBe(1);
  });

  it('NO_ENGINE_WITH_LABEL: nobody carries what it demands', async () => {
    const { store, millrace } = await client();
    await open({ store, workflows });
    const run = await millrace.start(echo, 1, { requires: ['gpu'] });
    await reasonOf(run, 'NO_ENGINE_WITH_LABEL');
    await open({ store, workflows, labels: ['gpu'] });
    expect(await run.result()).toBe(1);
  });

  it('NO_ENGINE_HEALTHY: all that could take it are sick', async () => {
    const { store, millrace } = await client();
    const able = [{ workflow: 'echo', version: '1' }];
    await absentEngine(millrace, 'sick', { workflows: able, load: { storeFailing: true } });
    const run = await millrace.start(echo, 1);
    expect((await reasonOf(run, 'NO_ENGINE_HEALTHY')).refs).toMatchObject({ engineId: 'sick' });
    await open({ store, workflows });
    expect(await run.result()).toBe(1);
  });

  it('QUEUE_BACKLOG: engines are busy, and more of them help', async () => {
    const { store, millrace } = await client();
    const [begun, end] = [gate(), gate()];
    const busy = workflow('busy', (ctx, _: null) => ctx.step('hold', () => (begun.open(), end.passed)));
    await open({ store, workflows: [busy, echo], concurrency: 1 });
    const first = await millrace.start(busy, null);
    await begun.passed;
    const second = await millrace.start(echo, 1);
    await obey(await reasonOf(second, 'QUEUE_BACKLOG'), store);
    await open({ store, workflows });
    expect(await second.result()).toBe(1);
    end.open();
    await first.result();
  });

  it('PAUSED: somebody paused it, and why; what it had begun may still end', async () => {
    const [begun, finish] = [gate(), gate()];
    const long = workflow('long', (ctx, _: null) =>
      ctx.step('work', () => {
        begun.open();
        return finish.passed.then(() => 'done');
      }),
    );
    const store = sharedStore();
    const millrace = await open({ store, name: 'blue', workflows: [long] });
    const run = await millrace.start(long, null);
    await begun.passed;
    await run.pause({ by: 'ada', reason: 'audit' });
    const reason = await reasonOf(run, 'PAUSED');
    expect(reason.message).toMatch(
      /^it is paused by ada since 20.*Z: audit; attempts that engine blue had begun may still end$/,
    );
    expect(reason.refs).toEqual({ pausedBy: 'ada', reason: 'audit', engineId: 'blue' });
    finish.open();
    await expect
      .poll(async () => (await run.why()).reasons[0]?.refs)
      .toEqual({
        ...{ pausedBy: 'ada', reason: 'audit' },
      });
    await obey(reason, store);
    expect(await run.result()).toBe('done');
  });

  it('QUEUE_PAUSED: somebody paused its queue', async () => {
    const { store, millrace } = await client({ name: 'the operator' });
    await open({ store, workflows });
    await millrace.setQueue("bob's", { paused: true });
    const run = await millrace.start(echo, 1, { queue: "bob's" });
    const reason = await reasonOf(run, 'QUEUE_PAUSED');
    expect(reason.message).toMatch(/^queue "bob's" is paused by the operator since 20/);
    await millrace.setQueue('nights', { paused: true });
    const other = await millrace.start(echo, 2, { queue: 'nights' });
    await obey(await reasonOf(other, 'QUEUE_PAUSED'), store);
    expect(await other.result()).toBe(2);
    expect(await statusOf(run)).toBe('queued');
    await millrace.setQueue("bob's", { paused: false });
    expect(await run.result()).toBe(1);
  });

  it('LIMIT_REACHED: another run holds the grant, and why that does not end', async () => {
    const { store, millrace } = await client();
    await open({ store, name: 'one', workflows });
    const limits = [{ key: 'ada', max: 1 }];
    const first = await millrace.start(waiting, null, { limits });
    await until(first, 'waiting');
    const second = await millrace.start(echo, 1, { limits });
    const reason = await reasonOf(second, 'LIMIT_REACHED');
    expect(reason.causes).toMatchObject([
      { runId: first.runId, workflow: 'waiting', engineId: 'one', reasons: [{ code: 'WAITING_SIGNAL' }] },
    ]);
    await obey(await reasonOf(second, 'WAITING_SIGNAL', 1), store);
    expect(await second.result()).toBe(1);
  });

  it('LIMIT_REACHED: the rate lets no more begin now', async () => {
    const { store, millrace } = await client();
    await millrace.setQueue('slow', { ratePerSecond: 0.05 });
    await open({ store, workflows });
    const [first, second] = [
      await millrace.start(echo, 1, { queue: 'slow' }),
      await millrace.start(echo, 2, { queue: 'slow' }),
    ];
    expect(await first.result()).toBe(1);
    expect((await reasonOf(second, 'LIMIT_REACHED')).message).toMatch(
      /runs a second may begin; the next at 20/,
    );
    await millrace.setQueue('slow', { ratePerSecond: 100 });
    expect(await second.result()).toBe(2);
  });

  it('ASSIGNED_WINDOW: it is kept for an engine, for a while', async () => {
    const { store, millrace } = await client();
    const engineId = await absentEngine(millrace, 'chosen', {
      workflows: [{ workflow: 'echo', version: '1' }],
    });
    const real = await openStore(store);
    const assigning = {
      startRuns: (requests: readonly StartRequest[]) =>
        real.startRuns(requests.map((one) => ({ ...one, assignTo: { engineId, windowMs: 700 } }))),
    };
    const starter = await open({ work: false, store: replaced(real, assigning) });
    const run = await starter.start(echo, 1);
    await open({ store, workflows });
    const reason = await reasonOf(run, 'ASSIGNED_WINDOW');
    expect(reason.message).toMatch(/^it is reserved for engine chosen until 20/);
    expect(await run.result()).toBe(1);
    const { startedAt } = await run.describe();
    expect(Date.parse(String(startedAt))).toBeGreaterThanOrEqual(Date.parse(String(reason.refs['until'])));
    await starter.close();
    await real.close();
  });

  it('STORE_UNREACHABLE: calls to the store fail', async () => {
    const real = await openStore(sharedStore());
    let isAway = true;
    const listRuns: Store['listRuns'] = (filter) =>
      isAway ? Promise.reject(new StoreError('congestion', 'connection refused')) : real.listRuns(filter);
    const away = { listRuns };
    const millrace = await open({ workflows, store: replaced(real, away) });
    const run = await millrace.start(waiting, null);
    await millrace.runs().catch(() => {});
    const { reasons } = await run.why();
    expect(reasons[0]).toMatchObject({
      code: 'STORE_UNREACHABLE',
      message: 'calls to the store fail: connection refused',
      remedy: { command: 'millrace doctor' },
    });
    isAway = false;
    await run.signal(go, null);
    expect(await run.result()).toBeNull();
    await millrace.close();
    await real.close();
  });
});

/** A store some of whose calls are answered otherwise. */
function replaced(store: Store, calls: Partial<Store>): Store {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(calls, name) ?? Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signal } from '../../core/workflow/signal.ts';
import { workflow } from '../../core/workflow/workflow.ts';
import { Millrace } from '../../millrace.ts';
import type { Store } from '../../store/port/store.ts';
import { openSqlite } from '../../store/sqlite/open-sqlite.ts';
import { EPOCH_MS, virtualPorts } from './ports.ts';
import { createRandom } from './random.ts';
import { createActor, createScheduler, type Scheduler, settle } from './scheduler.ts';

const MINUTE = 60_000;
const go = signal<null>('go');
const waiting = workflow('waiting', (ctx, _: null) => ctx.waitForSignal(go));

/** In virtual time, on a store that gives no hints: an engine that looks for work when it knows of some. */
describe('an engine whose runs are held back', () => {
  let scheduler: Scheduler;
  let store: Store;
  let millrace: Millrace;
  let claims: number;

  beforeEach(async () => {
    const random = createRandom('limits');
    scheduler = createScheduler(random.fork('ties'));
    claims = 0;
    store = await openSqlite({ path: ':memory:', now: () => EPOCH_MS + Math.floor(scheduler.now()) });
    await store.migrate();
    const counted: Store = {
      ...store,
      claimRuns: (request) => {
        claims += 1;
        return store.claimRuns(request);
      },
    };
    const ports = virtualPorts({
      ...{ scheduler, random: random.fork('one'), actor: createActor('one') },
      clocks: { wallOffsetMs: 0, monoOffsetMs: 0, drift: 0 },
      host: { host: 'host', bootId: 'boot', pid: 1 },
      isAlive: () => true,
      crashPoint: () => {},
      log: () => {},
    });
    millrace = await finish(
      Millrace.open({ store: counted, ports, name: 'one', workflows: [waiting], idlePoll: '1 hour' }),
    );
  });
  afterEach(async () => {
    await finish(millrace.close({ grace: 0 }));
    await store.close();
  });

  const finish = <T>(promise: Promise<T>): Promise<T> => settle(scheduler, promise);
  const pass = (ms: number) => scheduler.run(() => false, scheduler.now() + ms);
  const startSome = (count: number) =>
    finish(Promise.all(Array.from({ length: count }, () => millrace.start(waiting, null))));
  const begun = async (): Promise<number> =>
    (await store.listRuns({ namespace: 'default', status: ['waiting'], limit: 10 })).runs.length;

  it('lets the next begin as soon as one ends', async () => {
    await finish(millrace.setQueue('default', { maxConcurrent: 1 }));
    const runs = await startSome(2);
    await pass(30 * MINUTE);
    expect(await begun()).toBe(1);
    const { runs: held } = await finish(millrace.runs({ status: ['queued'] }));
    const first = runs.find(({ runId }) => runId !== held[0]?.runId);
    await finish(first?.signal(go, null) ?? Promise.reject(new Error('both are held back')));
    await pass(50);
    expect(await begun()).toBe(1);
    expect((await finish(millrace.runs({ status: ['queued'] }))).runs).toEqual([]);
  });

  it('lets the next begin when the rate allows it, not before and hardly later', async () => {
    await finish(millrace.setQueue('default', { ratePerSecond: 0.05 }));
    await startSome(3);
    await pass(MINUTE);
    const { runs } = await store.listRuns({ namespace: 'default', limit: 10 });
    const [first = 0, ...others] = runs.map(({ startedAt = 0 }) => startedAt).toSorted((a, b) => a - b);
    const after = others.map((startedAt) => startedAt - first);
    expect(after.map((ms) => Math.floor(ms / 50) * 50)).toEqual([20_000, 40_000]);
  });

  it.each([
    ['a full queue', { maxConcurrent: 1 }],
    ['a paused queue', { paused: true }],
    ['a slow rate', { ratePerSecond: 0.001 }],
  ])('does not ask all the time because of %s', async (_, change) => {
    await finish(millrace.setQueue('default', change));
    await startSome(5);
    await pass(MINUTE);
    claims = 0;
    await pass(10 * MINUTE);
    // Looks for suspects are claims too.
    expect(claims).toBeLessThanOrEqual(10);
  });

  it('does not ask all the time because of a key that is full', async () => {
    await finish(
      Promise.all([1, 2, 3].map(() => millrace.start(waiting, null, { limits: [{ key: 'ada', max: 1 }] }))),
    );
    await pass(MINUTE);
    claims = 0;
    await pass(10 * MINUTE);
    expect(await begun()).toBe(1);
    expect(claims).toBeLessThanOrEqual(10);
  });
});

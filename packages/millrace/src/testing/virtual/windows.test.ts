import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signal } from '../../core/workflow/signal.ts';
import { workflow } from '../../core/workflow/workflow.ts';
import { Millrace } from '../../millrace.ts';
import { startOf } from '../../store/contract/samples.ts';
import type { Store, WakeRequest } from '../../store/port/store.ts';
import { openSqlite } from '../../store/sqlite/open-sqlite.ts';
import { EPOCH_MS, virtualPorts } from './ports.ts';
import { createRandom } from './random.ts';
import { createActor, createScheduler, type Scheduler, settle } from './scheduler.ts';

const STICKY_MS = 200;
const MINUTE = 60_000;
const go = signal<null>('go');
const waiting = workflow('waiting', (ctx, _: null) => ctx.waitForSignal(go));
const sleeping = workflow('sleeping', (ctx, ms: number) => ctx.sleep(ms));

/** Two engines in virtual time on one store that gives no hints; they look for work when they know of some. */
describe('two engines without hints', () => {
  let scheduler: Scheduler;
  let store: Store;
  let one: Millrace;
  let other: Millrace;
  let asked: { by: string | undefined; at: number }[];
  let stopped: boolean;

  beforeEach(async () => {
    const random = createRandom('windows');
    scheduler = createScheduler(random.fork('ties'));
    asked = [];
    stopped = false;
    store = await openSqlite({ path: ':memory:', now: () => EPOCH_MS + Math.floor(scheduler.now()) });
    await store.migrate();
    const watched: Store = {
      ...store,
      claimRuns: async (request) =>
        stopped && request.engineId === one.engine?.engineId ? [] : store.claimRuns(request),
      wakeDue: async (request: WakeRequest) => {
        asked.push({ by: request.adopter?.engineId, at: scheduler.now() });
        return store.wakeDue(request);
      },
    };
    const openOne = async (name: string): Promise<Millrace> => {
      const ports = virtualPorts({
        ...{ scheduler, random: random.fork(name), actor: createActor(name) },
        clocks: { wallOffsetMs: 0, monoOffsetMs: 0, drift: 0 },
        host: { host: 'host', bootId: 'boot', pid: 1 },
        isAlive: () => true,
        crashPoint: () => {},
        log: () => {},
      });
      const workflows = [waiting, sleeping];
      return finish(
        Millrace.open({ store: watched, ports, name, workflows, idlePoll: '1 hour', sticky: STICKY_MS }),
      );
    };
    one = await openOne('one');
    other = await openOne('other');
  });
  afterEach(async () => {
    await finish(Promise.all([one.close({ grace: 0 }), other.close({ grace: 0 })]));
    await store.close();
  });

  const finish = <T>(promise: Promise<T>): Promise<T> => settle(scheduler, promise);
  /** A delayed start of which nobody is told. */
  async function pauseAt(startAt: number): Promise<{ runId: string }> {
    const [started] = await store.startRuns([startOf({ workflow: 'of-others', startAt })]);
    if (started === undefined) throw new Error('a start without a result');
    return started;
  }
  const pass = (ms: number) => scheduler.run(() => false, scheduler.now() + ms);

  it('who assigned a run takes it when the window is over and the other one has not', async () => {
    const { runId } = await finish(one.start(waiting, null));
    await pass(5 * MINUTE);
    stopped = true;
    const sentAt = scheduler.now();
    await finish(other.run(runId).signal(go, null));
    await finish(other.run(runId).result());
    expect((await finish(other.run(runId).describe())).engineId).toBe('other');
    expect(scheduler.now() - sentAt).toBeGreaterThanOrEqual(STICKY_MS);
    expect(scheduler.now() - sentAt).toBeLessThan(STICKY_MS + 50);
  });

  it('a window that begins within another one is seen to its end too', async () => {
    const [first, second] = await finish(Promise.all([one.start(waiting, null), one.start(waiting, null)]));
    await pass(5 * MINUTE);
    await finish(other.run(first.runId).signal(go, null));
    one.engine?.claimer.nudge();
    await finish(one.run(first.runId).result());
    stopped = true;
    await pass(STICKY_MS - 50);
    const sentAt = scheduler.now();
    await finish(other.run(second.runId).signal(go, null));
    await finish(other.run(second.runId).result());
    expect(scheduler.now() - sentAt).toBeLessThan(STICKY_MS + 50);
  });

  it('each asks for its own runs when they are due, and for those of the other a while later', async () => {
    // Between two of the looks that every engine takes every five seconds.
    const sleepMs = 10 * MINUTE + 2_500;
    const dueAt = scheduler.now() + sleepMs;
    const { runId } = await finish(one.start(sleeping, sleepMs));
    await finish(one.run(runId).result());
    expect(scheduler.now() - dueAt).toBeLessThan(10);
    await pass(STICKY_MS);
    const around = asked.filter(({ at }) => Math.abs(at - dueAt) < STICKY_MS / 5).map(({ by }) => by);
    expect(new Set(around)).toEqual(new Set([one.engine?.engineId]));
    const later = asked.filter(({ at }) => at > dueAt + STICKY_MS / 5 && at < dueAt + STICKY_MS / 2);
    expect(later.map(({ by }) => by)).toContain(other.engine?.engineId);
  });

  it('a run that is due before those that are known is woken in time, though no hint told of it', async () => {
    await pass(5 * MINUTE);
    await finish(one.start(sleeping, 4_500));
    await finish(other.start(sleeping, 4_500));
    // By now both have looked, and will look again when these are due.
    await pass(1_500);
    const { runId } = await pauseAt(EPOCH_MS + Math.floor(scheduler.now()) + 1_300);
    await pass(1_300 + STICKY_MS / 2);
    const [row] = await store.readRuns([{ runId }]);
    expect(row?.status).not.toBe('waiting');
  });

  it('nobody asks all the time for what is not due yet', async () => {
    await finish(one.start(sleeping, 60 * MINUTE));
    await pass(MINUTE);
    asked = [];
    await pass(MINUTE);
    expect(asked.length).toBeLessThanOrEqual(2 * (60 / 5 + 1));
  });
});

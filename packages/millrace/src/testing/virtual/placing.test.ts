import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MillraceOptions } from '../../api/options.ts';
import { workflow } from '../../core/workflow/workflow.ts';
import { Millrace } from '../../millrace.ts';
import type { Store } from '../../store/port/store.ts';
import { openSqlite } from '../../store/sqlite/open-sqlite.ts';
import { EPOCH_MS, virtualPorts } from './ports.ts';
import { createRandom } from './random.ts';
import { createActor, createScheduler, type Scheduler, settle } from './scheduler.ts';

const MINUTE = 60_000;
/** By when everybody must go by a strategy that was set. */
const FOLLOWED_MS = 2_000;

/** Processes in virtual time on one store, with the beat that is usual. */
describe('placement in time', () => {
  let scheduler: Scheduler;
  let store: Store;
  let opened: Millrace[];
  let calls: string[];

  beforeEach(async () => {
    scheduler = createScheduler(createRandom('ties'));
    opened = [];
    calls = [];
    store = await openSqlite({ path: ':memory:', now: () => EPOCH_MS + Math.floor(scheduler.now()) });
    await store.migrate();
  });
  afterEach(async () => {
    await finish(Promise.all(opened.map((millrace) => millrace.close({ grace: 0 }))));
    await store.close();
  });

  /** Every call takes a millisecond, and is noted. */
  function counted(): Store {
    const slow =
      (name: string, act: (...args: never[]) => unknown) =>
      async (...args: never[]): Promise<unknown> => {
        calls.push(name);
        const { promise, resolve } = Promise.withResolvers<void>();
        scheduler.after(1, undefined, resolve);
        await promise;
        return act(...args);
      };
    const entries = Object.entries(store).map(([name, value]) =>
      typeof value === 'function' ? [name, slow(name, value as () => unknown)] : [name, value as unknown],
    );
    // Each function has the shape of the one that it calls.
    return { ...(Object.fromEntries(entries) as Store), hints: undefined };
  }

  async function join(name: string, options: MillraceOptions = {}): Promise<Millrace> {
    const ports = virtualPorts({
      ...{ scheduler, random: createRandom(name), actor: createActor(name) },
      clocks: { wallOffsetMs: 0, monoOffsetMs: 0, drift: 0 },
      host: { host: 'host', bootId: 'boot', pid: 1 },
      isAlive: () => true,
      crashPoint: () => {},
      log: () => {},
    });
    const where = workflow('where', (_ctx, _: null) => name);
    const millrace = await finish(
      Millrace.open({ store: counted(), ports, name, workflows: [where], idlePoll: 20, ...options }),
    );
    opened.push(millrace);
    return millrace;
  }

  const finish = <T>(promise: Promise<T>): Promise<T> => settle(scheduler, promise);
  const pass = (ms: number) => scheduler.run(() => false, scheduler.now() + ms);
  const WHERE = { name: 'where', version: '1' };

  /** Which engines executed so many runs that one process started one after the other. */
  async function deal(from: Millrace, count: number): Promise<string[]> {
    const names: string[] = [];
    for (let at = 0; at < count; at++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const run = await finish(from.start(WHERE, null, { key: 'one of them', reuse: 'allow' }));
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      names.push((await finish(run.result())) as string);
    }
    return names;
  }

  it('a strategy that was set is followed by three engines and a client within two seconds', async () => {
    const engines = [await join('one'), await join('two'), await join('three')];
    const client = await join('client', { work: false });
    await pass(MINUTE);
    for (const strategy of ['round-robin', 'affinity', 'round-robin'] as const) {
      await finish(client.setStrategy(strategy));
      await pass(FOLLOWED_MS);
      const places: string[][] = [];
      for (const millrace of [...engines, client]) {
        places.push((await deal(millrace, 3)).toSorted());
      }
      const apart = ['one', 'three', 'two'];
      const together = [0, 1, 2].map(() => places[0]?.[0]);
      const expected = strategy === 'affinity' ? together : apart;
      expect(places, strategy).toEqual([expected, expected, expected, expected]);
    }
  });

  it('costs an engine that is alone not one call', async () => {
    const one = await join('one');
    await pass(MINUTE);
    const begun = calls.length;
    const names = await deal(one, 20);
    expect(names).toHaveLength(20);
    const counts = new Map<string, number>();
    for (const name of calls.slice(begun)) counts.set(name, (counts.get(name) ?? 0) + 1);
    expect(counts.get('startRuns')).toBe(20);
    expect(counts.get('commit')).toBe(20);
    const others = [...counts.keys()].filter((name) => name !== 'startRuns' && name !== 'commit');
    // What its loops ask for anyway.
    const usual = ['beat', 'claimRuns', 'wakeDue', 'listOwned', 'prune', 'pruneAudit', 'pruneLines'];
    expect(others.filter((name) => !usual.includes(name))).toEqual([]);
  });

  it('holds no start of a client up when the store does not tell of the engines', async () => {
    await join('one');
    await join('two');
    const silent = { ...counted(), listEngines: store.listEngines };
    const client = await join('client', { work: false, store: silent });
    const start = async (): Promise<{ assignedTo: string | undefined; tookMs: number }> => {
      const beganAt = scheduler.now();
      const { runId } = await finish(client.start(WHERE, null));
      const tookMs = scheduler.now() - beganAt;
      const [row] = await store.readRuns([{ runId }]);
      return { assignedTo: row?.assignedTo, tookMs };
    };
    await pass(2_000);
    expect((await start()).assignedTo).toBeDefined();
    await pass(2_000);
    silent.listEngines = () => new Promise(() => {});
    const during = await start();
    expect(during.assignedTo, 'by what was true long ago it places nothing').toBeUndefined();
    expect(during.tookMs).toBeLessThan(600);
    expect((await start()).tookMs, 'it waits once').toBeLessThan(100);
    silent.listEngines = () => Promise.reject(new Error('away'));
    await pass(2_000);
    expect((await start()).assignedTo).toBeUndefined();
    silent.listEngines = store.listEngines;
    await pass(2_000);
    expect((await start()).assignedTo).toBeDefined();
  });

  it('costs a client two calls a second, however much it starts', async () => {
    await join('one');
    await join('two');
    const client = await join('client', { work: false });
    await pass(MINUTE);
    calls = [];
    const beganAt = scheduler.now();
    while (scheduler.now() < beganAt + 3_000) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await finish(client.start(WHERE, null));
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await pass(50);
    }
    expect(calls.filter((name) => name === 'startRuns').length).toBeGreaterThan(40);
    for (const name of ['listEngines', 'readSettings']) {
      expect(
        calls.filter((called) => called === name),
        name,
      ).toHaveLength(3);
    }
  });
});

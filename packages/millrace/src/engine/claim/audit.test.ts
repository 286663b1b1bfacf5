import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { workflow } from '../../core/workflow/workflow.ts';
import { Millrace } from '../../millrace.ts';
import type { Store } from '../../store/port/store.ts';
import { openSqlite } from '../../store/sqlite/open-sqlite.ts';
import { EPOCH_MS, virtualPorts } from '../../testing/virtual/ports.ts';
import { createRandom } from '../../testing/virtual/random.ts';
import { createActor, createScheduler, type Scheduler, settle } from '../../testing/virtual/scheduler.ts';

const SECOND = 1_000;

describe('a run that an engine owns and does not hold', () => {
  let scheduler: Scheduler;
  let store: Store;
  let millrace: Millrace;
  let client: Millrace;
  /** How long the answer of a claim takes, ms; or that it never comes. */
  let claims: number | 'lost';
  let released: number;
  let calls: number;
  const subject = workflow('subject', (ctx, _: null) => ctx.step('act', () => ++calls));

  beforeEach(async () => {
    const random = createRandom('audit');
    scheduler = createScheduler(random.fork('ties'));
    [claims, released, calls] = [0, 0, 0];
    store = await openSqlite({ path: ':memory:', now: () => EPOCH_MS + Math.floor(scheduler.now()) });
    await store.migrate();
    const slow: Store = {
      ...store,
      claimRuns: async (request) => {
        const runs = await store.claimRuns(request);
        if (runs.length === 0) return runs;
        if (claims === 'lost') return [];
        const delayMs = claims;
        await new Promise<void>((resolve) => void scheduler.after(delayMs, undefined, resolve));
        return runs;
      },
      release: async (runs) => {
        released += runs.length;
        return store.release(runs);
      },
    };
    const ports = virtualPorts({
      ...{ scheduler, random, actor: createActor('one') },
      clocks: { wallOffsetMs: 0, monoOffsetMs: 0, drift: 0 },
      host: { host: 'host', bootId: 'boot', pid: 1 },
      isAlive: () => true,
      crashPoint: () => {},
      log: () => {},
    });
    client = await finish(Millrace.open({ store, ports, work: false }));
    millrace = await finish(Millrace.open({ store: slow, ports, workflows: [subject] }));
  });
  afterEach(async () => {
    await finish(Promise.all([millrace.close({ grace: 0 }), client.close()]));
    await store.close();
  });

  const finish = <T>(promise: Promise<T>): Promise<T> => settle(scheduler, promise);

  it('is not given back while the answer that brings it is on its way', async () => {
    claims = 20 * SECOND;
    const { runId } = await finish(client.start(subject, null));
    expect(await finish(millrace.run(runId).result())).toBe(1);
    expect(released).toBe(0);
  });

  it('is given back when that answer was lost', async () => {
    claims = 'lost';
    const { runId } = await finish(client.start(subject, null));
    await scheduler.run(() => released > 0, 10 * SECOND);
    claims = 0;
    expect(await finish(millrace.run(runId).result())).toBe(1);
    expect(released).toBe(1);
  });
});

import { describe, expect, it } from 'vitest';
import { open, sharedStore, until } from '../../testbed/engines/engines.ts';
import { workflow } from '../index.ts';
import { createMeters } from '../api/engine/meters.ts';
import { openMetrics, type Measured } from './metrics.ts';

/** The values of a text in the format of Prometheus, by name and labels as they stand in it. */
function valuesIn(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const [, series = '', value = ''] = /^([a-z_\d]+(?:\{[^}]*\})?) (\S+)$/.exec(line) ?? [];
      if (series === '') throw new Error(`no sample of a metric: ${line}`);
      return [series, Number(value)];
    }),
  );
}

const pay = workflow('pay', async (ctx, fate: 'ok' | 'ill') => {
  await ctx.step('look', () => 'seen');
  await ctx.call('bank', fate);
});
const build = workflow('build', async (ctx, _: null) => {
  const lock = await ctx.lock('crane');
  await ctx.sleep(HELD_MS);
  await lock.release();
});
const HELD_MS = 1_500;
const executors = {
  bank: (fate: unknown) => {
    if (fate === 'ill') throw new Error('no money');
    return 'paid';
  },
};
const ENGINE = 'engine_id="one"';

describe('metrics', () => {
  it('count runs that end, by status and strategy, and what was tried for them', async () => {
    const millrace = await open({ workflows: [pay], executors, name: 'one' });
    const metrics = openMetrics(millrace);
    const runs = await millrace.startMany([
      { workflow: pay, input: 'ok' },
      { workflow: pay, input: 'ok' },
      { workflow: pay, input: 'ill' },
    ]);
    await Promise.all(runs.map((run) => run.outcome({ wait: '10s' })));
    const values = valuesIn(await metrics.text());
    const ran = (status: string): string =>
      `workflow_executions_total{${ENGINE},status="${status}",assignment_strategy="locality"}`;
    expect([values.get(ran('completed')), values.get(ran('failed'))]).toEqual([2, 1]);
    const tried = (kind: string, name: string): string =>
      `{${ENGINE},node_type="${kind}",executor="${name}"}`;
    const node = 'node_execution_duration_seconds';
    expect(values.get(`${node}_count${tried('step', 'local')}`)).toBe(3);
    expect(values.get(`${node}_count${tried('executor', 'bank')}`)).toBe(3);
    expect(values.get(`millrace_attempts_failed_total${tried('executor', 'bank')}`)).toBe(1);
    const lasted = `{${ENGINE},workflow="pay",status="completed"}`;
    expect(values.get(`millrace_run_duration_seconds_count${lasted}`)).toBe(2);
    const sum = values.get(`millrace_run_duration_seconds_sum${lasted}`) ?? 0;
    expect(sum, 'seconds').toBeGreaterThan(0);
    expect(sum, 'seconds').toBeLessThan(10);
  });

  it('count the attempt of a call on the engine that makes it, and no run for it', async () => {
    const store = sharedStore();
    const caller = await open({ store, workflows: [pay], name: 'caller' });
    const one = await open({ store, executors, name: 'one' });
    const [metrics, callers] = [openMetrics(one), openMetrics(caller)];
    await (await caller.start(pay, 'ok')).result();
    const text = await metrics.text();
    expect(text).toMatch(
      /node_execution_duration_seconds_count\{engine_id="one",node_type="executor",executor="bank"\} 1/,
    );
    expect(text).not.toMatch(/workflow_executions_total\{/);
    expect(await callers.text()).not.toContain('executor="bank"');
  });

  it('count transactions of programs', async () => {
    const store = workflow('store', async (ctx, fate: 'ok' | 'ill') =>
      ctx.transaction('write', () => {
        if (fate === 'ill') throw new Error('full');
      }),
    );
    const millrace = await open({ workflows: [store], name: 'one' });
    const metrics = openMetrics(millrace);
    await (await millrace.start(store, 'ok')).outcome({ wait: '10s' });
    await (await millrace.start(store, 'ill')).outcome({ wait: '10s' });
    const values = valuesIn(await metrics.text());
    const labels = `{${ENGINE},node_type="transaction",executor="local"}`;
    expect(values.get(`node_execution_duration_seconds_count${labels}`)).toBe(2);
    expect(values.get(`millrace_attempts_failed_total${labels}`)).toBe(1);
  });

  it('measure how long locks are waited for, by runs and by functions of the process', async () => {
    const millrace = await open({ workflows: [build], name: 'one' });
    const metrics = openMetrics(millrace);
    await millrace.lock('door', () => undefined);
    const runs = [await millrace.start(build, null), await millrace.start(build, null)];
    await Promise.all(runs.map((run) => run.result()));
    const values = valuesIn(await metrics.text());
    const locks = (what: string): number | undefined =>
      values.get(`lock_acquisition_duration_seconds_${what}}`);
    expect(locks('count{lock_type="process"')).toBe(1);
    expect(locks('count{lock_type="run"')).toBe(2);
    expect(values.get('lock_acquisition_duration_seconds_bucket{le="0.5",lock_type="run"}')).toBe(1);
    expect(locks('sum{lock_type="run"')).toBeGreaterThan(0.5);
  });

  it('tell how the engine, the others and the queues stand when they are asked for', async () => {
    const millrace = await open({ workflows: [build], name: 'one' });
    const metrics = openMetrics(millrace);
    await millrace.setQueue('slow', { paused: true });
    const run = await millrace.start(build, null, { queue: 'slow' });
    const values = valuesIn(await metrics.text());
    const load = (type: string): number | undefined =>
      values.get(`engine_load{${ENGINE},metric_type="${type}"}`);
    for (const type of ['cpu', 'memory']) {
      expect(load(type)).toBeGreaterThanOrEqual(0);
      expect(load(type)).toBeLessThanOrEqual(100);
    }
    expect(load('workflows')).toBe(0);
    expect(values.get('millrace_engines{status="alive"}')).toBe(1);
    expect(values.get('millrace_queue_depth{queue="slow"}')).toBe(1);
    expect(values.get('millrace_queue_paused{queue="slow"}')).toBe(1);
    expect(values.get('millrace_queue_running{queue="slow"}')).toBe(0);
    expect(values.get('millrace_queue_oldest_age_seconds{queue="slow"}')).toBeGreaterThanOrEqual(0);
    const leads = async () => valuesIn(await metrics.text()).get(`millrace_leader{${ENGINE}}`);
    await expect.poll(leads, { timeout: 5_000 }).toBe(1);
    expect(values.get('millrace_store_up')).toBe(1);
    expect(values.get('millrace_process_resident_memory_bytes')).toBeGreaterThan(1e6);
    await millrace.setQueue('slow', { paused: false });
    await until(run, 'completed');
    const later = valuesIn(await metrics.text());
    expect(later.get('millrace_queue_depth{queue="slow"}') ?? 0).toBe(0);
    expect(later.get('millrace_queue_paused{queue="slow"}') ?? 0).toBe(0);
  });

  it('of a process are told while its store is away', async () => {
    const meters = createMeters();
    const measured: Measured = {
      meters,
      engine: undefined,
      observatory: { listeners: () => 3 },
      queues: () => new Promise(() => {}),
      cluster: () => Promise.reject(new Error('postgres://admin:secret@10.0.0.1')),
    };
    const metrics = openMetrics(measured);
    meters.locked('process', 20);
    const before = performance.now();
    const [text, same] = await Promise.all([metrics.text(), metrics.text()]);
    expect(performance.now() - before, 'whoever collects metrics does not wait for the store').toBeLessThan(
      5_000,
    );
    expect(same).toBe(text);
    const values = valuesIn(text);
    expect(values.get('millrace_store_up')).toBe(0);
    expect(values.get('millrace_event_listeners')).toBe(3);
    expect(values.get('lock_acquisition_duration_seconds_count{lock_type="process"}')).toBe(1);
    expect(text).not.toMatch(/secret|10\.0\.0\.1/);
  });

  it('name the queues in which most runs wait, and no more than 200', async () => {
    const limits = { maxConcurrent: null, ratePerSecond: null, maxDepth: null, inUse: null };
    const paused = { paused: false, pausedBy: null, pausedAt: null };
    const queues = Array.from({ length: 201 }, (_, depth) => ({
      ...{ queue: `q${depth}`, depth, oldestAgeSeconds: 1, running: 0, ...paused, limits },
    }));
    const measured = { meters: createMeters(), engine: undefined, observatory: { listeners: () => 0 } };
    const away = () => Promise.reject(new Error('away'));
    const values = valuesIn(
      await openMetrics({ ...measured, queues: async () => queues, cluster: away }).text(),
    );
    const depthOf = (queue: string): number | undefined =>
      values.get(`millrace_queue_depth{queue="${queue}"}`);
    expect([depthOf('q200'), depthOf('q1'), depthOf('q0')]).toEqual([200, 1, undefined]);
    expect(values.get('millrace_queues')).toBe(201);
  });

  it('have the buckets that alert rules count on', async () => {
    const measured = { meters: createMeters(), engine: undefined, observatory: { listeners: () => 0 } };
    const metrics = openMetrics({
      ...measured,
      queues: async () => [],
      cluster: () => Promise.reject(new Error('away')),
    });
    measured.meters.locked('run', 1);
    measured.meters.attempted({ kind: 'step', executor: undefined, failed: false, ms: 1 });
    const text = await metrics.text();
    const bounds = (name: string): number[] =>
      [...text.matchAll(new RegExp(`^${name}_bucket\\{le="([\\d.]+)"`, 'gm'))].map(([, bound]) =>
        Number(bound),
      );
    expect(bounds('node_execution_duration_seconds')).toEqual([0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300]);
    expect(bounds('lock_acquisition_duration_seconds')).toEqual([
      ...[0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10],
    ]);
  });
});

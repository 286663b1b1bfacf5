import * as fc from 'fast-check';
import type { EngineView, Work } from '../../src/core/policy/eligibility.ts';

type Changes = Partial<Omit<EngineView, 'load'>> & { readonly load?: Partial<EngineView['load']> };

/** An idle engine that is able to do `taskWork()` and `workflowWork()`. */
export function engineView(engineId: string, { load, ...changes }: Changes = {}): EngineView {
  return {
    engineId,
    name: engineId,
    namespace: 'default',
    state: 'alive',
    beat: 1,
    labels: [],
    weight: 1,
    executors: ['mail'],
    workflows: [{ workflow: 'order', version: '1' }],
    definitions: false,
    capacity: { workflows: 1000, tasks: 1000 },
    ...{ region: undefined, queues: undefined, beatMs: 1000, leaseMs: 5000, expected: [] },
    ...changes,
    load: {
      state: 'running',
      cpuUsage: 0,
      memoryUsage: 0,
      activeWorkflows: 0,
      activeTasks: 0,
      loopLagMs: 0,
      latencyMs: 1,
      failureRate: 0,
      storeFailing: false,
      shadow: undefined,
      pool: undefined,
      ...load,
    },
  };
}

const DEMANDS = { namespace: 'default', queue: 'default', requires: [] };

export function taskWork(changes: Partial<Work & { kind: 'task' }> = {}): Work {
  return { kind: 'task', executor: 'mail', ...DEMANDS, ...changes };
}

export function workflowWork(changes: Partial<Work & { kind: 'workflow' }> = {}): Work {
  return { kind: 'workflow', workflow: 'order', version: '1', ...DEMANDS, ...changes };
}

const REGIONS = [undefined, 'eu-west-1', 'eu-west-2', 'eu-north-1', 'us-east-1'];
const percent = fc.integer({ min: 0, max: 100 });
const few = fc.integer({ min: 0, max: 6 });

/** Engines of every kind, many of them unable, absent, full or sick. */
export const anyEngines: fc.Arbitrary<readonly EngineView[]> = fc
  .array(
    fc.record({
      namespace: fc.constantFrom('default', 'default', 'default', 'other'),
      state: fc.constantFrom('alive', 'alive', 'alive', 'suspect', 'draining'),
      beat: few,
      region: fc.constantFrom(...REGIONS),
      labels: fc.subarray(['gpu', 'pci']),
      weight: few,
      executors: fc.subarray(['mail', 'print', 'charge']),
      workflows: fc.subarray([
        { workflow: 'order', version: '1' },
        { workflow: 'order', version: '2' },
      ]),
      queues: fc.constantFrom(undefined, ['default'], ['night']),
      capacity: fc.constantFrom({ workflows: 5, tasks: 5 }, { workflows: 1000, tasks: 50 }),
      load: fc.record({
        cpuUsage: percent,
        memoryUsage: percent,
        activeWorkflows: few,
        activeTasks: few,
        loopLagMs: fc.constantFrom(0, 0, 0, 900),
        storeFailing: fc.constantFrom(false, false, false, true),
      }),
    }),
    { maxLength: 8 },
  )
  .map((list) => list.map((changes, at) => engineView(`e${at}`, changes)));

/** Engines that are all able and well, with any load. */
export const ableEngines: fc.Arbitrary<readonly EngineView[]> = anyEngines
  .filter((list) => list.length > 0)
  .map((list) =>
    list.map(({ engineId, region, weight, load }) =>
      engineView(engineId, {
        region,
        weight,
        load: { ...load, loopLagMs: 0, storeFailing: false, memoryUsage: load.memoryUsage / 2 },
      }),
    ),
  );

/** Work that some of them can do. */
export const anyWork: fc.Arbitrary<Work> = fc.oneof(
  fc
    .record({
      executor: fc.constantFrom('mail', 'print'),
      requires: fc.subarray(['gpu', 'pci']),
      region: fc.constantFrom(...REGIONS),
      affinity: fc.constantFrom(undefined, 'k1', 'k2'),
    })
    .map((changes) => taskWork(changes)),
  fc
    .record({
      version: fc.constantFrom('1', '2'),
      lastEngineId: fc.constantFrom(undefined, 'e0', 'e1'),
      originEngineId: fc.constantFrom(undefined, 'e1', 'e2'),
      region: fc.constantFrom(...REGIONS),
    })
    .map((changes) => workflowWork(changes)),
);

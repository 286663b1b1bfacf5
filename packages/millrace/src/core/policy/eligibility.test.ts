import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  anyEngines,
  anyWork,
  engineView,
  taskWork,
  workflowWork,
} from '../../../testbed/placement/engine-views.ts';
import { eligibleFor, refusalOf, type EngineView, type Work } from './eligibility.ts';

describe('refusalOf', () => {
  it('lets an able, healthy engine with room take the work', () => {
    expect(refusalOf(taskWork(), engineView('a'))).toBeUndefined();
    expect(refusalOf(workflowWork(), engineView('a', { queues: ['default'] }))).toBeUndefined();
    expect(
      refusalOf(taskWork({ requires: ['pci'] }), engineView('a', { labels: ['gpu', 'pci'] })),
    ).toBeUndefined();
  });

  it.each<[string, string, Work, Parameters<typeof engineView>[1]]>([
    ['namespace', 'serves another namespace', taskWork(), { namespace: 'other' }],
    ['queue', 'serves queues night, day', taskWork(), { queues: ['night', 'day'] }],
    ['queue', 'serves no queue', taskWork(), { queues: [] }],
    ['executor', 'has executor mail', taskWork({ executor: 'print' }), {}],
    ['executor', 'has no executor', taskWork(), { executors: [] }],
    ['version', 'has version 1', workflowWork({ version: '2' }), {}],
    ['version', 'has no version of it', workflowWork({ workflow: 'invoice' }), {}],
    ['label', 'lacks label pci', taskWork({ requires: ['gpu', 'pci'] }), { labels: ['gpu'] }],
    ['draining', 'is draining', taskWork(), { state: 'draining' }],
    ['suspect', 'is suspected to be dead', taskWork(), { state: 'suspect' }],
    [
      'full',
      'is full with 3 of 3 tasks',
      taskWork(),
      { capacity: { workflows: 9, tasks: 3 }, load: { activeTasks: 3 } },
    ],
    [
      'full',
      'is full with 9 of 9 workflows',
      workflowWork(),
      { capacity: { workflows: 9, tasks: 3 }, load: { activeWorkflows: 9 } },
    ],
    ['unhealthy', 'is unhealthy: its calls to the store fail', taskWork(), { load: { storeFailing: true } }],
    [
      'unhealthy',
      'is unhealthy: its event loop lags 501 ms, more than 500',
      taskWork(),
      { load: { loopLagMs: 501 } },
    ],
    [
      'unhealthy',
      'is unhealthy: its memory is 96 % full, more than 95',
      taskWork(),
      { load: { memoryUsage: 96 } },
    ],
  ])('says %s: %s', (kind, message, work, changes) => {
    expect(refusalOf(work, engineView('a', changes))).toMatchObject({ kind, message });
  });

  it('is content with the thresholds themselves, and with a busy CPU and failing steps', () => {
    const load = { loopLagMs: 500, memoryUsage: 95, cpuUsage: 100, failureRate: 1 };
    expect(refusalOf(taskWork(), engineView('a', { load }))).toBeUndefined();
  });

  it('names the first obstacle: ability, then state, then room, then health', () => {
    const all = {
      state: 'draining',
      capacity: { workflows: 0, tasks: 0 },
      load: { loopLagMs: 900 },
    } as const;
    expect(refusalOf(taskWork({ executor: 'x' }), engineView('a', all))?.kind).toBe('executor');
    expect(refusalOf(taskWork(), engineView('a', all))?.kind).toBe('draining');
    expect(refusalOf(taskWork(), engineView('a', { ...all, state: 'alive' }))?.kind).toBe('full');
  });
});

describe('eligibleFor', () => {
  const sick = engineView('sick', { load: { loopLagMs: 900 } });
  const full = engineView('full', { capacity: { workflows: 0, tasks: 0 } });
  const ids = (work: Work, engines: readonly EngineView[]): readonly string[] | undefined =>
    eligibleFor(work, engines).engines?.map(({ engineId }) => engineId);

  it('gives nothing to an unhealthy engine while a healthy one takes it', () => {
    const found = eligibleFor(taskWork(), [sick, engineView('well')]);
    expect(found.engines?.map(({ engineId }) => engineId)).toEqual(['well']);
    expect(found.shortage).toBeUndefined();
    expect(found.refusals.map(({ kind }) => kind)).toEqual(['unhealthy']);
  });

  it('lets work wait for a healthy engine that is merely full, and says that', () => {
    const found = eligibleFor(taskWork(), [sick, full]);
    expect(found.engines).toBeUndefined();
    expect(found.shortage?.code).toBe('QUEUE_BACKLOG');
  });

  it('gives work to unhealthy engines when there is no other, and says that', () => {
    const leaving = engineView('leaving', { state: 'draining' });
    const fullAndSick = engineView('z', { capacity: { workflows: 0, tasks: 0 }, load: { loopLagMs: 900 } });
    expect(ids(taskWork(), [leaving, sick, fullAndSick])).toEqual(['sick']);
    expect(eligibleFor(taskWork(), [leaving, sick]).shortage).toMatchObject({
      code: 'NO_ENGINE_HEALTHY',
      message:
        'no engine that could take it is healthy: sick, the nearest of 2, is unhealthy: its event loop lags 900 ms, ' +
        'more than 500; unhealthy ones get the work all the same',
    });
  });

  it('never lets anybody in who is unable, absent or full', () => {
    fc.assert(
      fc.property(anyWork, anyEngines, (work, engines) => {
        const found = eligibleFor(work, engines);
        for (const engine of found.engines ?? []) {
          expect([undefined, 'unhealthy']).toContain(refusalOf(work, engine)?.kind);
        }
        const takers = engines.filter((engine) => refusalOf(work, engine) === undefined);
        expect(found.shortage === undefined).toBe(takers.length > 0);
        expect(takers.length === 0 ? [] : found.engines).toEqual(takers);
      }),
    );
  });
});

describe('the explanation of a shortage', () => {
  const print = taskWork({ executor: 'print', requires: ['gpu', 'pci'] });
  const noPrint = engineView('no-print');
  const bare = engineView('bare', { executors: ['print'] });
  const gpu = engineView('gpu', { executors: ['print'], labels: ['gpu'] });
  const leaving = engineView('leaving', { executors: ['print'], labels: ['gpu', 'pci'], state: 'draining' });
  const lost = engineView('lost', { ...leaving, engineId: 'lost', name: 'lost', state: 'suspect' });
  const full = engineView('full', {
    ...leaving,
    name: 'full',
    state: 'alive',
    capacity: { workflows: 0, tasks: 0 },
  });
  const night = engineView('night', { queues: ['night'] });
  const foreign = engineView('foreign', { namespace: 'other' });

  it.each<[string, string, string | undefined, readonly EngineView[]]>([
    ['NO_ENGINE', 'no engine serves namespace "default"', undefined, []],
    ['NO_ENGINE', 'no engine serves namespace "default"', undefined, [foreign]],
    [
      'NO_ENGINE_FOR_QUEUE',
      'no engine serves queue "default": night serves queue night',
      'night',
      [foreign, night],
    ],
    [
      'NO_ENGINE_FOR_EXECUTOR',
      'no engine of queue "default" has executor "print": no-print, the nearest of 2, has executor mail',
      'no-print',
      [night, noPrint],
    ],
    [
      'NO_ENGINE_WITH_LABEL',
      'no engine that has executor "print" carries labels gpu, pci: gpu, the nearest of 3, lacks label pci',
      'gpu',
      [noPrint, bare, gpu],
    ],
    [
      'NO_ENGINE',
      'no engine that could take it is there to stay: leaving, the nearest of 2, is draining',
      'leaving',
      [bare, leaving],
    ],
    [
      'NO_ENGINE',
      'no engine that could take it is there to stay: lost, the nearest of 2, is suspected to be dead',
      'lost',
      [lost, leaving],
    ],
    [
      'QUEUE_BACKLOG',
      'no engine that could take it has room: full, the nearest of 2, is full with 0 of 0 tasks',
      'full',
      [lost, full],
    ],
  ])('%s: %s', (code, message, engineId, engines) => {
    const { shortage } = eligibleFor(print, engines);
    expect(shortage).toMatchObject({ code, message });
    expect(shortage?.refs).toMatchObject({
      executor: 'print',
      ...(engineId === undefined ? {} : { engineId }),
    });
    expect(shortage?.remedy.message).not.toBe('');
  });

  it('names the version that no engine has', () => {
    expect(
      eligibleFor(workflowWork({ version: '3', requires: ['pci'] }), [engineView('a')]).shortage,
    ).toMatchObject({
      code: 'NO_ENGINE_FOR_VERSION',
      message: 'no engine of queue "default" has version 3 of workflow "order": a has version 1',
      refs: { workflow: 'order', version: '3', engineId: 'a' },
    });
  });

  it('speaks of one label, and of engines that are equally near, by name', () => {
    const work = taskWork({ requires: ['pci'] });
    const expected =
      'no engine that has executor "mail" carries label pci: a, the nearest of 2, lacks label pci';
    expect(eligibleFor(work, [engineView('b'), engineView('a')]).shortage?.message).toBe(expected);
    expect(eligibleFor(work, [engineView('a'), engineView('b')]).shortage?.message).toBe(expected);
  });

  it('does not betray engines of another namespace', () => {
    fc.assert(
      fc.property(anyWork, anyEngines, (work, engines) => {
        const { shortage } = eligibleFor(work, engines);
        const own = engines.filter(({ namespace }) => namespace === 'default').map(({ name }) => name);
        expect([undefined, ...own]).toContain(shortage?.refs['engineId']);
      }),
    );
  });
});

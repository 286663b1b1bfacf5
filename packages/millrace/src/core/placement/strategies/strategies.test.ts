import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ableEngines,
  engineView,
  taskWork,
  workflowWork,
} from '../../../../testbed/placement/engine-views.ts';
import type { EngineView, Work } from '../../policy/eligibility.ts';
import { choose } from '../placement.ts';
import { createPlacementState, DEFAULT_WEIGHTS, type PlacementState } from '../state.ts';
import type { StrategyName } from '../strategy.ts';
import { regionDistance } from './geographic.ts';

const fresh = createPlacementState({ placerId: 'p', weights: DEFAULT_WEIGHTS });
const named = (count: number): EngineView[] => Array.from({ length: count }, (_, at) => engineView(`e${at}`));
const chosen = (strategy: StrategyName, work: Work, engines: readonly EngineView[], state = fresh) =>
  choose(strategy, work, engines, state).engineId;

/** How many each engine gets of a sequence of works. */
function deal(strategy: StrategyName, works: readonly Work[], engines: readonly EngineView[], state = fresh) {
  const counts = new Map(engines.map(({ engineId }) => [engineId, 0]));
  const order: string[] = [];
  let now: PlacementState = state;
  for (const work of works) {
    const placement = choose(strategy, work, engines, now);
    order.push(placement.engineId ?? 'nobody');
    counts.set(placement.engineId ?? 'nobody', (counts.get(placement.engineId ?? 'nobody') ?? 0) + 1);
    now = placement.state;
  }
  return { counts, order, state: now };
}
const repeat = (count: number, work: Work = taskWork()): Work[] => new Array<Work>(count).fill(work);

describe('round-robin', () => {
  it('gives every engine the same number, one more or less, at every point of a sequence', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 40 }), (members, count) => {
        const counts = [...deal('round-robin', repeat(count), named(members)).counts.values()];
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('stays fair to each kind of work when kinds alternate', () => {
    const engines = [...named(2), engineView('printer', { executors: ['mail', 'print'] })];
    const works = Array.from({ length: 60 }, (_, at) =>
      taskWork({ executor: at % 2 === 0 ? 'mail' : 'print' }),
    );
    const { counts } = deal('round-robin', works, engines);
    expect(Object.fromEntries(counts)).toEqual({ e0: 15, e1: 15, printer: 30 });
  });

  it('gives one that joins its turn, and no burst', () => {
    const { state } = deal('round-robin', repeat(30), named(3));
    expect(deal('round-robin', repeat(4), named(4), state).counts.get('e3')).toBe(1);
  });

  it('begins elsewhere for each placer', () => {
    const starts = ['p', 'q', 'r', 's', 't', 'u'].map((placerId) =>
      chosen(
        'round-robin',
        taskWork(),
        named(8),
        createPlacementState({ placerId, weights: DEFAULT_WEIGHTS }),
      ),
    );
    expect(new Set(starts).size).toBeGreaterThan(2);
  });

  it('says how long ago the last turn was', () => {
    const { state } = deal('round-robin', repeat(2), named(2));
    expect(choose('round-robin', taskWork(), named(2), fresh).explanation.reason).toContain(
      'had no turn yet',
    );
    expect(choose('round-robin', taskWork(), named(2), state).explanation.reason).toContain(
      'longest ago, 2 back',
    );
  });
});

describe('weighted-round-robin', () => {
  it('gives exactly its weight to each engine over every full cycle', () => {
    const weights = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 3 }), (list, cycles) => {
        const engines = list.map((weight, at) => engineView(`e${at}`, { weight }));
        const total = list.reduce((sum, weight) => sum + weight, 0);
        const share = total === 0 ? list.map(() => 1) : list;
        const { counts } = deal('weighted-round-robin', repeat(cycles * (total || list.length)), engines);
        expect([...counts.values()]).toEqual(share.map((weight) => weight * cycles));
      }),
    );
  });

  it('spreads the heavy one over the cycle', () => {
    const engines = [5, 1, 1].map((weight, at) => engineView(`e${at}`, { weight }));
    const { order } = deal('weighted-round-robin', repeat(7), engines);
    expect(order.map((id) => (id === 'e0' ? 'A' : '.')).join('')).toBe('AA.A.AA');
  });
});

describe('least-load', () => {
  it('never picks an engine that is strictly more loaded than another', () => {
    fc.assert(
      fc.property(ableEngines, fc.integer({ min: 0, max: 20 }), fc.boolean(), (engines, count, tasks) => {
        const work = tasks ? taskWork() : workflowWork();
        const { state } = deal('least-load', repeat(count, work), engines);
        const { engineId, explanation } = choose('least-load', work, engines, state);
        const own = explanation.scores.find((score) => score.engineId === engineId);
        expect(own?.score).toBe(Math.min(...explanation.scores.map(({ score }) => score)));
      }),
    );
  });

  it('goes by the room of the kind that it places', () => {
    const engines = [
      engineView('a', { load: { activeTasks: 5 }, capacity: { workflows: 10, tasks: 10 } }),
      engineView('b', {
        load: { activeTasks: 20, activeWorkflows: 1 },
        capacity: { workflows: 10, tasks: 100 },
      }),
    ];
    expect(chosen('least-load', taskWork(), engines)).toBe('b');
    expect(chosen('least-load', workflowWork(), engines)).toBe('a');
  });
});

describe('load-balanced', () => {
  const load = (cpuUsage: number, memoryUsage: number, activeWorkflows: number) =>
    ({ load: { cpuUsage, memoryUsage, activeWorkflows }, capacity: { workflows: 100, tasks: 100 } }) as const;

  it("weighs CPU, memory and workflows by the seed's weights", () => {
    const engines = [
      engineView('a', load(50, 50, 0)),
      engineView('b', load(0, 0, 70)),
      engineView('c', load(100, 0, 0)),
    ];
    const { explanation } = choose('load-balanced', workflowWork(), engines, fresh);
    expect(explanation.scores.map(({ score }) => score)).toEqual([
      expect.closeTo(0.3),
      expect.closeTo(0.28),
      expect.closeTo(0.3),
    ]);
    expect(explanation.reason).toBe('b: it has the lowest load of 3, 0.280');
  });

  it('takes the weights as they are set, also when all are 0', () => {
    const engines = [engineView('a', load(90, 0, 0)), engineView('b', load(0, 90, 0))];
    const of = (cpu: number, memory: number) =>
      createPlacementState({ placerId: 'p', weights: { cpu, memory, workflow: 0 } });
    expect(chosen('load-balanced', workflowWork(), engines, of(2, 0))).toBe('b');
    expect(chosen('load-balanced', workflowWork(), engines, of(0, 2))).toBe('a');
    expect([...deal('load-balanced', repeat(8), engines, of(0, 0)).counts.values()]).toEqual([4, 4]);
  });

  it('does not herd on the least loaded one until the next beat', () => {
    const engines = [
      engineView('idle', load(10, 10, 0)),
      ...[1, 2, 3].map((at) => engineView(`e${at}`, load(40, 40, 8))),
    ];
    const { counts, order } = deal('load-balanced', repeat(200, workflowWork()), engines);
    expect(order[0]).toBe('idle');
    for (const count of counts.values()) expect(count).toBeGreaterThan(40);
  });
});

describe('load-balanced among many', () => {
  const many = named(32);
  const [first] = many as [EngineView];
  const idleOne = [
    engineView('e0', first),
    ...many.slice(1).map((engine) => engineView(engine.engineId, { load: { cpuUsage: 50 } })),
  ];

  it('does not send all placers to the one that looks idle', () => {
    const starts = Array.from({ length: 200 }, (_, at) => {
      const state = createPlacementState({ placerId: `placer-${at}`, weights: DEFAULT_WEIGHTS });
      return chosen('load-balanced', workflowWork(), idleOne, state);
    });
    // One in sixteen draws it among two of 32.
    const share = starts.filter((engineId) => engineId === 'e0').length / starts.length;
    expect(share).toBeGreaterThan(0.02);
    expect(share).toBeLessThan(0.14);
    expect(new Set(starts).size).toBeGreaterThan(25);
  });

  it('takes the lower of the two that it drew, never the highest of all', () => {
    const busyOne = [engineView('e0', { load: { cpuUsage: 90 } }), ...many.slice(1)];
    const { counts, state } = deal('load-balanced', repeat(300, workflowWork()), busyOne);
    expect(counts.get('e0')).toBe(0);
    expect(choose('load-balanced', workflowWork(), busyOne, state).explanation.reason).toContain(
      'two drawn from 32',
    );
  });
});

describe('geographic', () => {
  it('never leaves the region while an eligible engine is there', () => {
    fc.assert(
      fc.property(ableEngines, (engines) => {
        const work = taskWork({ region: 'eu-west-1' });
        const local = engines.filter(({ region }) => region === 'eu-west-1').map(({ engineId }) => engineId);
        fc.pre(local.length > 0);
        expect(local).toContain(chosen('geographic', work, engines));
      }),
    );
  });

  it('goes from the nearest to the farthest, as engines drop out', () => {
    const regions = ['eu-west-1', 'eu-west-1-b', 'eu-west-2', 'eu-north-1', 'us-east-1'];
    const engines = regions.map((region) => engineView(region, { region }));
    const work = taskWork({ region: 'eu-west-1' });
    for (let at = 0; at < engines.length; at++) {
      expect(chosen('geographic', work, engines.slice(at).toReversed())).toBe(regions[at]);
    }
  });

  it('goes by load where regions do not differ, and says where it is', () => {
    const engines = [engineView('a', { load: { cpuUsage: 50 } }), engineView('b')];
    const somewhere = choose('geographic', taskWork({ region: 'eu' }), engines, fresh);
    expect(somewhere.engineId).toBe('b');
    expect(somewhere.explanation.reason).toContain(
      'in no region, nearest to eu; there it has the lowest load of 2',
    );
    expect(choose('geographic', taskWork(), engines, fresh).explanation.reason).toContain('names no region');
  });

  it.each<[string | undefined, string | undefined, number]>([
    [undefined, 'eu-west-1', 0],
    ['eu-west-1', 'eu-west-1', 0],
    ['eu-west-1', 'eu-west-1-b', 0.5],
    ['eu-west-1', 'eu-west-2', 1],
    ['eu-west-1', 'eu-west', 1],
    ['eu-west-1', 'eu', 2],
    ['eu-west-1', 'us-west-1', 3],
    ['eu-west-1', undefined, 3],
  ])('counts from %s to %s as %d', (wanted, region, distance) => {
    expect(regionDistance(wanted, region)).toBe(distance);
  });
});

describe('capability', () => {
  const generalist = engineView('generalist', { executors: ['mail', 'print', 'charge'] });
  const mailer = engineView('mailer', { executors: ['mail'], load: { cpuUsage: 90 } });
  const labelled = engineView('labelled', { executors: ['mail'], labels: ['gpu'] });

  it('prefers the engine that can do the fewest other things, however busy', () => {
    const engines = [generalist, mailer, labelled];
    expect(chosen('capability', taskWork(), engines)).toBe('mailer');
    expect(chosen('capability', taskWork({ requires: ['gpu'] }), engines)).toBe('labelled');
    expect(chosen('capability', taskWork({ executor: 'print' }), engines)).toBe('generalist');
    expect(choose('capability', taskWork(), engines, fresh).explanation.reason).toBe(
      'mailer: it is the most specialised, with 1 other abilities; there it is the only one',
    );
  });

  it('goes on to the next when that one is full, and by load among equals', () => {
    const full = engineView('mailer', { capacity: { workflows: 0, tasks: 0 } });
    expect(chosen('capability', taskWork(), [generalist, full])).toBe('generalist');
    expect(chosen('capability', taskWork(), [mailer, engineView('idle')])).toBe('idle');
  });

  it('counts the versions of one workflow once', () => {
    const versions = ['1', '2', '3'].map((version) => ({ workflow: 'order', version }));
    const old = engineView('old', { workflows: versions });
    const two = engineView('two', {
      workflows: [...versions.slice(0, 1), { workflow: 'invoice', version: '1' }],
    });
    expect(chosen('capability', workflowWork(), [two, old])).toBe('old');
  });
});

describe('locality', () => {
  const engines = [
    engineView('here', { region: 'eu-west-1' }),
    engineView('cached', { region: 'us-east-1', load: { cpuUsage: 99 } }),
    engineView('origin', { region: 'us-east-1' }),
    engineView('far', { region: 'us-east-1' }),
  ];
  const work = workflowWork({ lastEngineId: 'cached', originEngineId: 'origin', region: 'eu-west-1' });

  it('goes to memory, then to the input, then to the region, then anywhere', () => {
    for (const [at, expected, reason] of [
      [0, 'cached', 'it executed the work last'],
      [1, 'origin', 'it holds the input'],
      [2, 'here', 'no engine has it, and this one is not farther than others'],
      [3, 'far', 'no engine of the region is free'],
    ] as const) {
      const gone = ['cached', 'origin', 'here'].slice(0, at);
      const left = engines.filter(({ engineId }) => !gone.includes(engineId));
      const placement = choose('locality', work, left, fresh);
      expect(placement.engineId).toBe(expected);
      expect(placement.explanation.reason).toContain(reason);
    }
  });

  it('does not go to memory that is sick', () => {
    const sick = engines.map((engine) =>
      engine.engineId === 'cached' ? engineView('cached', { load: { loopLagMs: 900 } }) : engine,
    );
    expect(chosen('locality', work, sick)).toBe('origin');
  });
});

describe('affinity', () => {
  const keys = Array.from({ length: 4000 }, (_, at) => `customer-${at}`);
  const ownersOf = (engines: readonly EngineView[]): Map<string, string | undefined> =>
    new Map(keys.map((key) => [key, chosen('affinity', workflowWork({ affinity: key }), engines)]));

  it('gives the same key to the same engine, whoever places and whatever the load', () => {
    fc.assert(
      fc.property(fc.string(), ableEngines, (key, engines) => {
        const weighty = engines.map((engine) => ({ ...engine, weight: 1 }));
        const other = createPlacementState({ placerId: 'q', weights: DEFAULT_WEIGHTS });
        const work = workflowWork({ affinity: key });
        const idle = weighty.map(({ engineId }) => engineView(engineId));
        expect(chosen('affinity', work, weighty)).toBe(chosen('affinity', work, idle, other));
      }),
    );
  });

  it('moves only the keys of the one that leaves, and only to the one that joins', () => {
    const five = ownersOf(named(5));
    const four = ownersOf(named(4));
    const moved = keys.filter((key) => four.get(key) !== five.get(key));
    const ofLeaver = keys.filter((key) => five.get(key) === 'e4');
    expect(moved).toEqual(ofLeaver);
    expect(moved.length).toBeGreaterThan(keys.length / 8);
  });

  it('gives each a share of the keys by its weight', () => {
    const weights = [1, 2, 5];
    const owners = [...ownersOf(weights.map((weight, at) => engineView(`e${at}`, { weight }))).values()];
    for (const [at, weight] of weights.entries()) {
      const share = owners.filter((owner) => owner === `e${at}`).length / keys.length;
      expect(Math.abs(share - weight / 8)).toBeLessThan(0.03);
    }
  });

  it('moves nothing when an engine restarts under its name', () => {
    const restarted = named(5).map((engine) => ({ ...engine, engineId: `new-${engine.engineId}` }));
    const [before, now] = [ownersOf(named(5)), ownersOf(restarted)];
    for (const key of keys) expect(now.get(key)).toBe(`new-${before.get(key)}`);
  });

  it('keeps a key where it is also among engines of one name', () => {
    const twins = [engineView('a', { name: 'twin' }), engineView('b', { name: 'twin' })];
    const work = workflowWork({ affinity: 'k' });
    expect(new Set(deal('affinity', repeat(6, work), twins).order).size).toBe(1);
    expect(new Set(ownersOf(twins).values()).size).toBe(2);
  });

  it('uses an engine of weight 0 only when there is no other', () => {
    const none = engineView('none', { weight: 0 });
    expect(new Set(ownersOf([none, ...named(1)]).values())).toEqual(new Set(['e0']));
    const both = [none, engineView('neither', { weight: 0 })];
    expect(new Set(ownersOf(both).values())).toEqual(new Set(['none', 'neither']));
  });

  it('keeps a run where it was when there is no key, else goes by load', () => {
    const engines = [engineView('a', { load: { cpuUsage: 90 } }), engineView('b')];
    const stays = choose('affinity', workflowWork({ lastEngineId: 'a' }), engines, fresh);
    expect(stays.engineId).toBe('a');
    expect(stays.explanation.reason).toBe('a: no affinity key; it executed the work last');
    const moves = choose('affinity', workflowWork(), engines, fresh);
    expect(moves.engineId).toBe('b');
    expect(moves.explanation.reason).toContain('no affinity key; it has the lowest load of 2');
  });
});

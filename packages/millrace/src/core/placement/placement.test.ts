import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ableEngines,
  anyEngines,
  anyWork,
  engineView,
  taskWork,
  workflowWork,
} from '../../../testbed/placement/engine-views.ts';
import { eligibleFor } from '../policy/eligibility.ts';
import type { EngineView, Work } from '../policy/eligibility.ts';
import { epochOf, withPlaced } from './epoch.ts';
import { predictedWaitMs } from './load.ts';
import { choose } from './placement.ts';
import { createPlacementState, DEFAULT_WEIGHTS, type PlacementState } from './state.ts';
import { parseStrategy, STRATEGIES, type StrategyName } from './strategy.ts';

const fresh = createPlacementState({ placerId: 'p', weights: DEFAULT_WEIGHTS });
const anyStrategy = fc.constantFrom(...STRATEGIES);

/** A state that has seen something. */
function after(steps: readonly { work: Work; engines: readonly EngineView[] }[]): PlacementState {
  let state = fresh;
  for (const [at, { work, engines }] of steps.entries()) {
    state = choose(STRATEGIES[at % STRATEGIES.length] ?? 'adaptive', work, engines, state).state;
  }
  return state;
}
const anyState = fc.array(fc.record({ work: anyWork, engines: anyEngines }), { maxLength: 12 }).map(after);

describe('choose', () => {
  it('chooses an eligible engine when there is one, and nobody otherwise (P1)', () => {
    fc.assert(
      fc.property(anyStrategy, anyWork, anyEngines, anyState, (strategy, work, engines, state) => {
        const epoch = epochOf(state.epoch, engines);
        const { engines: able } = eligibleFor(
          work,
          engines.map((engine) => withPlaced(epoch, engine)),
        );
        const { engineId } = choose(strategy, work, engines, state);
        expect(able?.map((engine) => engine.engineId) ?? [undefined]).toContain(engineId);
      }),
      { numRuns: 500 },
    );
  });

  it('gives the same for the same, in whatever order the engines are listed (P2)', () => {
    fc.assert(
      fc.property(anyStrategy, anyWork, anyEngines, anyState, (strategy, work, engines, state) => {
        const { refusals: _, ...first } = choose(strategy, work, engines, state);
        const again = choose(strategy, work, engines, state);
        expect(again).toMatchObject(first);
        const turned = choose(strategy, work, engines.toReversed(), state);
        expect(turned.engineId).toBe(first.engineId);
        expect(turned.explanation).toEqual(first.explanation);
      }),
    );
  });

  it('explains itself by the name of the chosen one, and scores it', () => {
    fc.assert(
      fc.property(anyStrategy, anyWork, anyEngines, anyState, (strategy, work, engines, state) => {
        const { engineId, explanation } = choose(strategy, work, engines, state);
        fc.pre(engineId !== undefined);
        expect(explanation.strategy).toBe(strategy);
        expect(explanation.reason.startsWith(`${engineId}: `)).toBe(true);
        expect(explanation.scores.map((score) => score.engineId)).toContain(engineId);
        expect(explanation.scores.every(({ score }) => Number.isFinite(score))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("explains by the shortage, and everybody's refusal, that nobody was chosen", () => {
    fc.assert(
      fc.property(anyStrategy, anyWork, anyEngines, anyState, (strategy, work, engines, state) => {
        const { engineId, explanation, refusals } = choose(strategy, work, engines, state);
        fc.pre(engineId === undefined);
        expect(explanation).toMatchObject({ strategy, scores: [] });
        expect(explanation.reason).toBe(explanation.shortage?.message);
        expect(refusals).toHaveLength(engines.length);
      }),
    );
  });

  it('says that an unhealthy engine had to take it', () => {
    const sick = engineView('sick', { load: { storeFailing: true } });
    const { engineId, explanation } = choose('load-balanced', taskWork(), [sick], fresh);
    expect(engineId).toBe('sick');
    expect(explanation).toMatchObject({ followed: 'load-balanced', shortage: { code: 'NO_ENGINE_HEALTHY' } });
  });

  it('under adaptive does what the strategy that it follows does, and says why', () => {
    const state: PlacementState = {
      ...fresh,
      adaptive: { strategy: 'least-load', reason: 'of a test', sinceMs: 0, holding: new Set() },
    };
    const engines = [engineView('a', { load: { activeTasks: 9 } }), engineView('b')];
    const { engineId, explanation } = choose('adaptive', taskWork(), engines, state);
    expect(engineId).toBe('b');
    expect(explanation).toMatchObject({ strategy: 'adaptive', followed: 'least-load' });
    expect(explanation.reason).toMatch(/^b: least-load, because of a test: /);
  });

  it('forgets engines that are gone', () => {
    const weighted = choose('weighted-round-robin', taskWork(), [engineView('a'), engineView('b')], fresh);
    const { state } = choose('weighted-round-robin', taskWork(), [engineView('c')], weighted.state);
    for (const known of [state.turns, state.credits, state.epoch.placed, state.epoch.engines]) {
      expect([...known.keys()]).toEqual(['c']);
    }
  });
});

describe('what was given since the loads were measured (P3)', () => {
  const engines = [engineView('a'), engineView('b', { load: { activeTasks: 30 } })];
  const beat = (list: readonly EngineView[], load: Partial<EngineView['load']> = {}): readonly EngineView[] =>
    list.map((engine) =>
      engineView(engine.engineId, { ...engine, beat: engine.beat + 1, load: { ...engine.load, ...load } }),
    );
  const placeMany = (count: number, list: readonly EngineView[], state: PlacementState) => {
    const counts = new Map<string | undefined, number>();
    let [now, last] = [state, state];
    for (let at = 0; at < count; at++) {
      const placed = choose('least-load', taskWork(), list, now);
      counts.set(placed.engineId, (counts.get(placed.engineId) ?? 0) + 1);
      [last, now] = [now, placed.state];
    }
    return { counts, state: now, before: last };
  };

  it('fills the less loaded one, then both alike', () => {
    const { counts } = placeMany(40, engines, fresh);
    // 30 of b weigh as much as 30 / √2 of those that two placers give.
    expect(counts.get('a')).toBe(31);
    expect(counts.get('b')).toBe(9);
  });

  it('goes on counting when only one of them has beaten anew, whatever that one says', () => {
    const { state } = placeMany(40, engines, fresh);
    const [a, b] = engines as [EngineView, EngineView];
    const renewed = [...beat([a]), b];
    const { counts } = placeMany(10, renewed, state);
    expect(counts.get('a')).toBe(5);
  });

  it('begins anew when all have, a suspect aside, and when one comes or goes', () => {
    const { state } = placeMany(40, engines, fresh);
    const [a, b] = engines as [EngineView, EngineView];
    expect(epochOf(state.epoch, engines)).toBe(state.epoch);
    expect(epochOf(state.epoch, beat(engines)).placed.size).toBe(0);
    expect(epochOf(state.epoch, [...beat([a]), { ...b, state: 'suspect' }]).placed.size).toBe(0);
    expect(epochOf(state.epoch, [a]).placed.size).toBe(0);
    expect(epochOf(state.epoch, [a, engineView('c')]).placed.size).toBe(0);
  });

  it('fills an engine no further than it has room', () => {
    const small = [engineView('a', { capacity: { workflows: 3, tasks: 3 } })];
    const { counts } = placeMany(5, small, fresh);
    expect(Object.fromEntries(counts)).toEqual({ a: 3, undefined: 2 });
    const workflows = [0, 1, 2, 3].reduce(
      (state) => choose('affinity', workflowWork(), small, state).state,
      fresh,
    );
    expect(choose('affinity', workflowWork(), small, workflows).engineId).toBeUndefined();
  });

  it('counts less for room when works are over before the next beat', () => {
    const small = [engineView('a', { capacity: { workflows: 10, tasks: 10 } })];
    const first = placeMany(10, small, fresh);
    // One of the ten was left at the next beat, so a tenth of what is given stays.
    const next = beat(small, { activeTasks: 1 });
    const second = placeMany(200, next, first.state);
    expect(second.state.epoch.stay).toBe(0.1);
    expect(second.counts.get('a')).toBe(90);
  });

  it('believes a beat that says full, also within an epoch', () => {
    const two = [engineView('a'), engineView('b')];
    const { state } = choose('least-load', taskWork(), two, fresh);
    const [a, b] = two as [EngineView, EngineView];
    const crowded = [...beat([a], { activeTasks: 1000, activeWorkflows: 1000 }), b];
    for (const work of [taskWork(), workflowWork()]) {
      expect(choose('round-robin', work, crowded, state).refusals).toMatchObject([{ kind: 'full' }]);
    }
  });
});

describe('the placer’s own engine', () => {
  const home: PlacementState = { ...fresh, placer: { ...fresh.placer, home: 'b' } };
  const withLoads = (a: Partial<EngineView['load']>, b: Partial<EngineView['load']>): EngineView[] => [
    engineView('a', { load: a }),
    engineView('b', { load: b }),
  ];
  const chosen = (strategy: StrategyName, engines: readonly EngineView[]): string | undefined =>
    choose(strategy, taskWork(), engines, home).engineId;

  it('keeps what another one would do no better', () => {
    expect(chosen('least-load', withLoads({ activeTasks: 10 }, { activeTasks: 11 }))).toBe('b');
    expect(chosen('least-load', withLoads({ activeTasks: 10 }, { activeTasks: 12 }))).toBe('a');
    expect(chosen('load-balanced', withLoads({ cpuUsage: 0 }, { cpuUsage: 33 }))).toBe('b');
    expect(chosen('load-balanced', withLoads({ cpuUsage: 0 }, { cpuUsage: 34 }))).toBe('a');
    const { explanation } = choose('load-balanced', taskWork(), withLoads({}, { cpuUsage: 33 }), home);
    expect(explanation.reason).toBe('b: it is here, and no other has a load much lower');
  });

  it('keeps nothing that it cannot do, or that belongs elsewhere', () => {
    expect(chosen('least-load', withLoads({ activeTasks: 900 }, { storeFailing: true }))).toBe('a');
    const regions = [engineView('a', { region: 'eu' }), engineView('b', { region: 'us' })];
    expect(choose('geographic', taskWork({ region: 'eu' }), regions, home).engineId).toBe('a');
  });

  it('is counted, where others are guessed', () => {
    let state = home;
    const engines = withLoads({}, {});
    const deal = (works: number, list: readonly EngineView[]): number => {
      let kept = 0;
      for (let at = 0; at < works; at++) {
        const placed = choose('least-load', taskWork(), list, state);
        state = placed.state;
        if (placed.engineId === 'b') kept++;
      }
      return kept;
    };
    expect(deal(100, engines), 'a work of its own counts 1, another’s √2').toBeGreaterThan(55);
    state = home;
    deal(1, engines);
    const crowded = withLoads({}, { activeTasks: 500 });
    expect(deal(10, crowded), 'it knows what it has before its next beat').toBe(0);
  });
});

describe('the predicted wait', () => {
  const wait = (load: Partial<EngineView['load']>, isHome = true, workflows = 1000): number =>
    predictedWaitMs(engineView('a', { load, capacity: { workflows, tasks: 0 } }), isHome);

  it('is the way there, and what a busy engine makes of the lag of its loop', () => {
    expect(wait({})).toBe(0);
    expect(wait({ latencyMs: 7 }, false)).toBe(7);
    expect(wait({ cpuUsage: 50 })).toBe(1);
    expect(wait({ activeWorkflows: 500, loopLagMs: 20 })).toBe(20);
    expect(wait({ cpuUsage: 100 })).toBeCloseTo(99);
    expect(wait({}, true, 0)).toBeCloseTo(99);
  });
});

describe('parseStrategy', () => {
  it('knows every name', () => {
    expect(STRATEGIES.map((name) => parseStrategy(name, 'x'))).toEqual(STRATEGIES);
    expect(STRATEGIES).toHaveLength(9);
  });

  it('suggests the likely name, or lists all', () => {
    expect(() => parseStrategy('round-robbin', 'ASSIGNMENT_STRATEGY')).toThrow(
      'ASSIGNMENT_STRATEGY: unknown strategy "round-robbin". Did you mean "round-robin"?',
    );
    expect(() => parseStrategy('best', 'strategy')).toThrow('Use one of round-robin, least-load,');
    expect(() => parseStrategy(7, 'strategy')).toThrow('unknown strategy 7. Use one of');
  });
});

describe('able engines', () => {
  it('always get the work under every strategy', () => {
    fc.assert(
      fc.property(anyStrategy, ableEngines, (strategy, engines) => {
        expect(choose(strategy, taskWork(), engines, fresh).engineId).toBeDefined();
      }),
    );
  });
});

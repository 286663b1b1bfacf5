import { engineView, withDefinitions } from '../core/cluster/engine-view.ts';
import { decodeLoad } from '../core/cluster/load.ts';
import { choose } from '../core/placement/placement.ts';
import {
  decodeRule,
  RULE_SETTING,
  strategyFor,
  usesAdaptive,
  type PlacementRule,
} from '../core/placement/rule.ts';
import { createPlacementState, type PlacementState } from '../core/placement/state.ts';
import { sicknessOf } from '../core/policy/eligibility/health.ts';
import type { EngineView } from '../core/policy/eligibility.ts';
import type { Engine } from '../engine/engine.ts';
import { WINDOW_MS, type Placing } from '../engine/placing.ts';
import type { EngineRow } from '../store/port/store.ts';
import { createAdaptive } from './adaptive.ts';
import { createShadow } from './shadow.ts';

/**
 * The placer of one engine: it knows the others by their beats, goes by the rule that is set for all, and remembers
 * what it gave away. An engine that is alone decides nothing, and pays nothing.
 */
export function createPlacing(engine: Engine): Placing {
  const { strategy, loadWeights: weights } = engine.options;
  const fresh = (): PlacementState =>
    createPlacementState({ placerId: engine.engineId, weights, home: engine.engineId });
  const isOwn = ({ engineId }: EngineView): boolean => engineId === engine.engineId;
  const isNear = ({ namespace }: EngineView): boolean => namespace === engine.options.namespace;
  const adaptive = createAdaptive(engine);
  const shadow = createShadow(engine, fresh);
  const tellHealth = createHealthReport(engine);
  let rows: readonly EngineRow[] = [];
  let rowsAt = 0;
  let decoded: readonly EngineView[] | undefined;
  let rule = decodeRule(undefined, strategy);
  let revision = 0;
  let state = fresh();

  const followRule = (): void => {
    const { settings } = engine;
    if (settings.revision() === revision) return;
    revision = settings.revision();
    const before = ruleText(rule);
    rule = decodeRule(settings.value(RULE_SETTING), strategy);
    shadow.follow(rule.shadow);
    const message = ruleText(rule);
    if (message !== before) engine.ports.log({ source: 'engine', level: 'info', message });
  };

  const viewOf = (row: EngineRow): EngineView => {
    const view = engineView(row, rowsAt);
    const { library } = engine.repertoire;
    return library === undefined ? view : withDefinitions(view, library.stored());
  };

  /**
   * Of its namespace. Decoded when something is placed: a beat without that costs no more for a hundred engines than for
   * one.
   */
  const views = (): readonly EngineView[] =>
    (decoded ??= rows.length > 1 ? rows.map(viewOf).filter(isNear) : []);

  /** Its own runs it can count at any time; what its beat said is up to a second old. */
  const withOwnRuns = (view: EngineView): EngineView =>
    isOwn(view) ? { ...view, load: { ...view.load, activeWorkflows: engine.held.size } } : view;

  return {
    see(engines, storeTime) {
      rows = engines;
      rowsAt = storeTime;
      decoded = undefined;
      // It came back as another one.
      if (state.placer.placerId !== engine.engineId) state = fresh();
      followRule();
      if (usesAdaptive(rule)) state = { ...state, adaptive: adaptive.follow(views()) };
      tellHealth(rows.length > 1 ? rows.find(({ engineId }) => engineId === engine.engineId) : undefined);
    },
    isAlone: () => rows.length <= 1 || views().length <= 1,
    place(work) {
      const seen = views().map(withOwnRuns);
      const chosen = choose(strategyFor(rule, work.queue), work, seen, state);
      ({ state } = chosen);
      shadow.compare(work, seen, chosen);
      const { engineId } = chosen;
      if (engineId === undefined) return 'anyone';
      return engineId === engine.engineId ? 'self' : { engineId, windowMs: WINDOW_MS };
    },
    strategy: () => rule.strategy,
    shadow: () => shadow.tally(),
  };
}

function ruleText({ strategy, shadow, queues }: PlacementRule): string {
  const own = Object.entries(queues).map(([queue, name]) => `, those of queue ${queue} by ${name}`);
  const compared = shadow === undefined ? '' : `, with ${shadow} in the shadow`;
  return `runs that begin here are placed by ${strategy}${own.join('')}${compared}`;
}

/** Says when others begin to pass this engine over, and when they do not any more. */
function createHealthReport({ ports }: Engine): (own: EngineRow | undefined) => void {
  let told: string | undefined;
  return (own) => {
    const sickness = own && sicknessOf(decodeLoad(own.load));
    const isNews = (sickness === undefined) !== (told === undefined);
    told = sickness;
    if (!isNews) return;
    const [level, message] =
      sickness === undefined
        ? (['info', 'this engine is well again and gets new runs'] as const)
        : (['warn', `this engine is passed over while others can take runs: ${sickness}`] as const);
    ports.log({ source: 'engine', level, message });
  };
}

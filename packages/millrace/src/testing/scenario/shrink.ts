import type { PlantedBug } from '../planted/planted.ts';
import type { Scenario, Story } from './scenario.ts';
import { simulateScenario, type Outcome } from './simulate-scenario.ts';

export interface Shrunk {
  scenario: Scenario;
  outcome: Outcome;
  /** Scenarios that were tried. */
  tries: number;
}

/**
 * Cuts a failing scenario down while it keeps breaking the same rule: fewer runs, faults, incidents, processes and
 * operations. What it cuts are decisions, not the seed, so every cut is a smaller scenario of its own.
 * @param tries - how many scenarios it may play.
 */
export async function shrink(
  scenario: Scenario,
  failing: Outcome,
  options: { tries: number; bug?: PlantedBug | undefined },
): Promise<Shrunk> {
  let best = { scenario, outcome: failing };
  let tries = 0;
  for (let improved = true; improved;) {
    improved = false;
    for (const candidate of smaller(best.scenario)) {
      if (tries >= options.tries) return { ...best, tries };
      tries++;
      // oxlint-disable-next-line no-await-in-loop -- each cut builds on the one before
      const outcome = await simulateScenario(candidate, options.bug);
      if (outcome.failure?.rule !== failing.failure?.rule) continue;
      best = { scenario: candidate, outcome };
      improved = true;
      break;
    }
  }
  return { ...best, tries };
}

/** Smaller scenarios, the boldest cuts first. */
function* smaller(scenario: Scenario): Generator<Scenario> {
  const { stories, incidents, limits, callFaults, hintFaults, nodes } = scenario;
  for (const kept of fewer(stories)) if (kept.length > 0) yield { ...scenario, stories: kept };
  for (const kept of fewer(incidents)) yield { ...scenario, incidents: kept };
  for (const kept of fewer(limits)) yield { ...scenario, limits: kept };
  for (const kept of fewer(Object.entries(callFaults)))
    yield { ...scenario, callFaults: Object.fromEntries(kept) };
  for (const kept of fewer(Object.entries(hintFaults)))
    yield { ...scenario, hintFaults: Object.fromEntries(kept) };
  if (scenario.hints) yield { ...scenario, hints: false };
  if (scenario.batchLimit !== undefined) yield { ...scenario, batchLimit: undefined };
  if (nodes.length > 1) {
    const last = nodes.length - 1;
    const rest = incidents.filter((incident) => !('node' in incident) || incident.node < last);
    yield { ...scenario, nodes: nodes.slice(0, last), incidents: rest };
  }
  for (const [at, story] of stories.entries()) {
    for (const simpler of simplerStories(story)) yield { ...scenario, stories: stories.with(at, simpler) };
  }
}

/** A list with a half, then with one element, missing. */
function* fewer<T>(list: readonly T[]): Generator<T[]> {
  const middle = list.length >> 1;
  if (list.length > 2) {
    yield list.slice(0, middle);
    yield list.slice(middle);
  }
  for (let at = 0; at < list.length; at++) yield list.toSpliced(at, 1);
}

function* simplerStories(story: Story): Generator<Story> {
  for (const program of fewer(story.program)) if (program.length > 0) yield { ...story, program };
  for (const [at, op] of story.program.entries()) {
    if (!('branches' in op) && op.op !== 'child' && op.op !== 'again') continue;
    const inner = 'branches' in op ? op.branches.flat() : op.body;
    yield { ...story, program: story.program.toSpliced(at, 1, ...inner) };
  }
  if (story.updates.length > 0) yield { ...story, updates: [] };
  if (story.queries.length > 0) yield { ...story, queries: [] };
  if (story.cancelAtMs !== undefined) yield { ...story, cancelAtMs: undefined };
  for (const pauses of fewer(story.pauses)) yield { ...story, pauses };
  if (story.retryAtMs !== undefined) yield { ...story, retryAtMs: undefined };
  if (story.timeoutMs !== undefined) yield { ...story, timeoutMs: undefined };
  for (const limits of fewer(story.limits)) yield { ...story, limits };
  if (story.delayMs > 0) yield { ...story, delayMs: 0 };
  if (story.starters > 1) yield { ...story, starters: 1 };
  if (story.signalRepeats > 1) yield { ...story, signalRepeats: 1 };
  if (story.awaited) yield { ...story, awaited: false };
}

import { instant } from '../../reading/instant.ts';
import type { ReadableRun } from '../../reading/readable-run.ts';
import { limitReasons } from './limited.ts';
import { AHEAD_COUNTED, type EngineFacts, type Reason, type WhyFacts } from './reason.ts';

/** Why no engine has taken a run that is ready. */
export function queueReasons(run: ReadableRun, facts: WhyFacts, since: string): readonly Reason[] {
  const { assigned, now } = facts;
  const engines = facts.engines?.filter(({ beatAt = now }) => now - beatAt < SILENT_MS);
  if (engines?.length === 0) return [noEngine(run, facts, since)];
  if (engines !== undefined && !engines.some((engine) => canRun(engine, run))) {
    return [noEngineForVersion(run, engines, since)];
  }
  const held = limitReasons(run, facts, since);
  if (held.length > 0) return held;
  const backlog = backlogReason(run, facts, since);
  if (assigned === undefined || assigned.until <= now) return [backlog];
  return [assignedReason(assigned, since), backlog];
}

function canRun(engine: EngineFacts, { workflow, workflowVersion }: ReadableRun): boolean {
  return (
    engine.workflows?.some((own) => own.workflow === workflow && own.version === workflowVersion) ?? true
  );
}

/** Why a run that is executing may stand still: its engine is gone, and nobody has noticed it yet. */
export function ownerReasons(run: ReadableRun, { engines = [], now }: WhyFacts): readonly Reason[] {
  const { ownerId, workflow } = run;
  const owner = engines.find(({ engineId }) => engineId !== undefined && engineId === ownerId);
  if (owner?.beatAt === undefined || now - owner.beatAt < SILENT_MS) return [];
  const since = instant(owner.beatAt);
  return [
    {
      code: 'NO_ENGINE',
      message: `engine ${owner.name}, which was executing it, was heard last at ${since}`,
      since,
      refs: { workflow, engineId: owner.name },
      remedy: {
        message: `Start a process that has workflow "${workflow}": it takes the run over.`,
        command: 'millrace doctor',
      },
    },
  ];
}

/** An engine beats every second by default; one that has been silent for so long takes nothing any more. */
const SILENT_MS = 10_000;

function noEngine({ workflow }: ReadableRun, { engines = [] }: WhyFacts, since: string): Reason {
  // Each of them has a beat, an old one: without any they would count as alive.
  const [last] = engines.toSorted((a, b) => (b.beatAt as number) - (a.beatAt as number));
  const heard =
    last === undefined ? '' : `; ${last.name} was heard last, at ${instant(last.beatAt as number)}`;
  return {
    code: 'NO_ENGINE',
    message: `no engine is alive${heard}`,
    since,
    refs: { workflow },
    remedy: {
      message: `Start a process that has workflow "${workflow}" and runs on this store.`,
      command: 'millrace doctor',
    },
  };
}

function noEngineForVersion(run: ReadableRun, engines: readonly EngineFacts[], since: string): Reason {
  const { workflow, workflowVersion: version } = run;
  const others = new Set<string>();
  for (const { workflows = [] } of engines) {
    for (const own of workflows) if (own.workflow === workflow) others.add(own.version);
  }
  const alive = engines.map(({ name }) => name).join(', ');
  const has = others.size === 0 ? 'and no other version of it' : `only version ${[...others].join(', ')}`;
  return {
    code: 'NO_ENGINE_FOR_VERSION',
    message: `no engine has version ${version} of workflow "${workflow}": alive are ${alive}, ${has}`,
    since,
    refs: { workflow, version },
    remedy: {
      message: `Start a process that registers version ${version}; keep old versions while they have runs.`,
      command: 'millrace doctor',
    },
  };
}

function assignedReason({ engine, until }: { engine: string; until: number }, since: string): Reason {
  return {
    code: 'ASSIGNED_WINDOW',
    message: `it is reserved for engine ${engine}, which has it in memory, until ${instant(until)}`,
    since,
    refs: { engineId: engine, until: instant(until) },
    remedy: { message: 'Nothing to do: after that any engine may take it.', command: null },
  };
}

function backlogReason(run: ReadableRun, { ahead }: WhyFacts, since: string): Reason {
  const { queue, priority, suspectGroup, deaths } = run;
  const refs = { queue, priority, ...(ahead === undefined ? {} : { ahead }) };
  const command = `millrace runs --status queued`;
  if (suspectGroup !== undefined) {
    const died = deaths === 0 ? '' : `; alone it died ${deaths} time${deaths === 1 ? '' : 's'}`;
    return {
      code: 'QUEUE_BACKLOG',
      message: `its engine died while it was executing, so it is tried again in a small group${died}`,
      since,
      refs: { ...refs, suspectGroup, deaths },
      remedy: {
        message: 'Nothing to do, unless engines keep dying: then find out what kills them.',
        command,
      },
    };
  }
  return {
    code: 'QUEUE_BACKLOG',
    message: `in queue "${queue}" with priority ${priority}, ${placeOf(ahead)}`,
    since,
    refs,
    remedy: {
      message: 'Wait for a free slot, add engines, or start urgent runs with a higher priority.',
      command,
    },
  };
}

function placeOf(ahead: number | undefined): string {
  if (ahead === undefined) return 'others may go first';
  if (ahead === 0) return 'it is the next';
  if (ahead >= AHEAD_COUNTED) return `at least ${AHEAD_COUNTED} runs go first`;
  return ahead === 1 ? '1 run goes first' : `${ahead} runs go first`;
}

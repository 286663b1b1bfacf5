import { instant } from '../../reading/instant.ts';
import type { ReadableRun } from '../../reading/readable-run.ts';
import { isHard, shortageOfEngines } from './engines.ts';
import { limitReasons } from './limited.ts';
import { AHEAD_COUNTED, type Reason, type Reservation, type WhyFacts } from './reason.ts';

/** Why no engine has taken a run that is ready. */
export function queueReasons(run: ReadableRun, facts: WhyFacts, since: string): readonly Reason[] {
  const { assigned, engines, now } = facts;
  const shortage = engines && shortageOfEngines(run, engines);
  if (shortage !== undefined && isHard(shortage)) return [{ ...shortage, since }];
  const held = limitReasons(run, facts, since);
  if (held.length > 0) return held;
  const reasons: Reason[] = [];
  if (assigned !== undefined && assigned.until > now) reasons.push(assignedReason(run, assigned, since));
  if (shortage?.code === 'NO_ENGINE_HEALTHY') reasons.push({ ...shortage, since });
  const backlog = backlogReason(run, facts, since);
  const isFull = shortage?.code === 'QUEUE_BACKLOG';
  reasons.push(isFull ? { ...backlog, message: `${backlog.message}; ${shortage.message}` } : backlog);
  return reasons;
}

/** Why a run that is executing may stand still: its engine is gone, and nobody has noticed it yet. */
export function ownerReasons(run: ReadableRun, { engines = [], now }: WhyFacts): readonly Reason[] {
  const { ownerId, workflow } = run;
  const owner = engines.find(({ engineId }) => engineId === ownerId);
  if (owner === undefined || now - owner.beatAt < SILENT_MS) return [];
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

function assignedReason(
  { version }: ReadableRun,
  { engine, until, strategy }: Reservation,
  since: string,
): Reason {
  const placed = strategy === undefined ? 'it was placed there' : `strategy ${strategy} placed it there`;
  // What has committed nothing yet is in nobody's memory.
  const cause = version === 0 ? placed : 'that has it in memory';
  return {
    code: 'ASSIGNED_WINDOW',
    message: `it is reserved for engine ${engine} until ${instant(until)}: ${cause}`,
    since,
    refs: { engineId: engine, until: instant(until), ...(strategy === undefined ? {} : { strategy }) },
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

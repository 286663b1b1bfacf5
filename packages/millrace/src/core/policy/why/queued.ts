import { instant } from '../../reading/instant.ts';
import type { ReadableRun } from '../../reading/readable-run.ts';
import { isHard, shortageOfEngines } from './engines.ts';
import { limitReasons } from './limited.ts';
import { AHEAD_COUNTED, type Reservation, type WhyFacts } from './facts.ts';
import { deathList } from './blocked.ts';
import type { Reason } from './reason.ts';

/** Why no engine has taken a run that is ready. */
export function queueReasons(run: ReadableRun, facts: WhyFacts, since: string): readonly Reason[] {
  const { assigned, now } = facts;
  const shortage = shortageOfEngines(run, facts);
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

function backlogReason(run: ReadableRun, { ahead, deaths: recorded }: WhyFacts, since: string): Reason {
  const { queue, priority, suspectGroup, deaths } = run;
  const refs = { queue, priority, ...(ahead === undefined ? {} : { ahead }) };
  const command = `millrace runs --status queued`;
  if (suspectGroup !== undefined) {
    const died = deaths === 0 ? '' : `; alone it died ${deaths} time${deaths === 1 ? '' : 's'}`;
    return {
      code: 'QUEUE_BACKLOG',
      message: `its engine died while it was executing, so it is tried again in a small group${died}${deathList(recorded)}`,
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

import { instant } from '../../../reading/instant.ts';
import type { ReadableRun } from '../../../reading/readable-run.ts';
import type { Wait } from '../../../run/command.ts';
import type { LockFacts, WhyFacts } from '../facts.ts';
import { shellWord, type Reason } from '../reason.ts';

/** That a run waits for a lock: who holds it, until when, and how many come first. */
export function lockReason(
  { runId }: ReadableRun,
  { locks, now }: WhyFacts,
  { name, ordinal, until }: Wait,
  since: string,
): Reason {
  const end = until === undefined ? '' : `; the wait ends with LOCK_TIMEOUT at ${instant(until)}`;
  const lock = locks?.find((one) => one.name === name);
  const place =
    lock?.waiters.findIndex(({ id, request }) => id === runId && request === String(ordinal)) ?? -1;
  const asked = lock?.waiters[place]?.since;
  return {
    code: 'WAITING_LOCK',
    message: `it waits for lock "${name}"${holderClause(lock, now)}${aheadClause(place)}${end}`,
    since: asked === undefined ? since : instant(asked),
    refs: { lock: name, ...holderRefs(lock), ...(until === undefined ? {} : { until: instant(until) }) },
    remedy: lockRemedy(lock),
  };
}

function holderClause(lock: LockFacts | undefined, now: number): string {
  if (lock === undefined) return '';
  const { held } = lock;
  if (held === undefined) return ', which is about to be given to the next';
  const holder =
    held.kind === 'run' ? `run ${held.id} (${held.owner})` : `a process of ${held.kind} ${held.owner}`;
  const limit = held.expiresAt <= now ? 'its time was over at' : 'at most until';
  return `, held by ${holder} since ${instant(held.since)}, ${limit} ${instant(held.expiresAt)}`;
}

function aheadClause(place: number): string {
  return place > 0 ? `; ${place === 1 ? '1 other comes' : `${place} others come`} first` : '';
}

function holderRefs(lock: LockFacts | undefined): Reason['refs'] {
  if (lock?.held === undefined) return {};
  const { kind, id, owner, expiresAt } = lock.held;
  const end = { expiresAt: instant(expiresAt) };
  return kind === 'run' ? { runId: id, ...end } : { holder: owner, [`${kind}Incarnation`]: id, ...end };
}

function lockRemedy(lock: LockFacts | undefined): Reason['remedy'] {
  if (lock?.held === undefined)
    return { message: 'Look who holds it, and since when.', command: 'millrace locks' };
  const release = `millrace locks release ${shellWord(lock.name)}`;
  const { kind, id } = lock.held;
  return kind === 'run'
    ? {
        message: `Look why that run does not go on, or take the lock away from it: ${release}.`,
        command: `millrace why ${id}`,
      }
    : { message: 'Wait until its time is over, or take it away.', command: release };
}

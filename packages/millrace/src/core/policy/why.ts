import { instant } from '../reading/instant.ts';
import type { ReadableRun } from '../reading/readable-run.ts';
import { fold } from '../reading/fold.ts';
import { splitTime } from '../reading/time-split.ts';
import { blockReason } from './why/blocked.ts';
import { ownerReasons, queueReasons } from './why/queued.ts';
import type { Reason, WhyFacts, Why } from './why/reason.ts';
import type { PlacedEvent } from '../run/event.ts';
import { waitReasons } from './why/waiting.ts';

export { AHEAD_COUNTED } from './why/reason.ts';
export type { TaskFacts, WhyFacts, Why } from './why/reason.ts';

/**
 * Why a run does not make progress, from its row (with the `waits` stored in it) and facts around it. The
 * first reason is the one to act on.
 * @param history - whole and in order.
 */
export function why(run: ReadableRun, facts: WhyFacts, history: readonly PlacedEvent[]): Why {
  return {
    runId: run.runId,
    status: run.status,
    reasons: [...outageReasons(facts), ...statusReasons(run, facts, history)],
    time: splitTime(run, history, facts.now),
  };
}

function statusReasons(
  run: ReadableRun,
  facts: WhyFacts,
  history: readonly PlacedEvent[],
): readonly Reason[] {
  // Engines record nothing while a run only waits, so its last event is since when it does.
  const since = instant(history.at(-1)?.at ?? run.createdAt);
  switch (run.status) {
    case 'queued':
      return queueReasons(run, facts, instant(run.readyAt ?? run.createdAt));
    case 'waiting':
      return waitReasons({ run, facts, state: fold(history), since });
    case 'blocked':
      return [blockReason(run, since)];
    case 'paused':
      return [pauseReason(since)];
    case 'running':
      return ownerReasons(run, facts);
    case 'completed':
    case 'failed':
    case 'cancelled':
    case 'timed-out':
    case 'continued':
      return [];
  }
}

function outageReasons({ outage }: WhyFacts): readonly Reason[] {
  if (outage === undefined) return [];
  return [
    {
      code: 'STORE_UNREACHABLE',
      message: `calls to the store fail: ${outage.message}`,
      since: instant(outage.since),
      refs: {},
      remedy: {
        message: 'Bring the database back; engines go on by themselves as soon as it answers.',
        command: 'millrace doctor',
      },
    },
  ];
}

function pauseReason(since: string): Reason {
  return {
    code: 'PAUSED',
    message: 'somebody paused it',
    since,
    refs: {},
    remedy: {
      message: 'This version neither pauses nor resumes runs: resume it with the one that paused it.',
      command: null,
    },
  };
}

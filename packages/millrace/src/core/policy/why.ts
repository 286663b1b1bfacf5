import { instant } from '../reading/instant.ts';
import type { ReadableRun } from '../reading/readable-run.ts';
import { fold } from '../reading/fold.ts';
import { splitTime } from '../reading/time/time-split.ts';
import { blockReason, hiddenReason } from './why/blocked.ts';
import { executingReasons, openWaits } from './why/executing.ts';
import type { WhyFacts } from './why/facts.ts';
import { queueReasons } from './why/queued.ts';
import { pauseReason } from './why/paused.ts';
import type { Reason, Why } from './why/reason.ts';
import type { Wait } from '../run/command.ts';
import type { PlacedEvent } from '../run/event.ts';
import { readWaits } from '../reading/waits.ts';
import { waitReasons } from './why/waits/waiting.ts';

export type { WhyFacts } from './why/facts.ts';
export type { Cause, Reason, ReasonCode, Remedy, Why } from './why/reason.ts';

/**
 * What holds a run up, from its row (with the `waits` stored in it) and facts around it: the first link of the chain
 * (why/chain). The first reason is the one to act on. None: it has ended.
 * @param history - whole and in order.
 */
export function why(run: ReadableRun, facts: WhyFacts, history: readonly PlacedEvent[]): Why {
  const { now, nodes = [], tasks } = facts;
  const taken = tasks?.map(({ runId, startedAt }) => [runId, startedAt] as const);
  return {
    runId: run.runId,
    at: instant(now),
    status: run.status,
    reasons: [...outageReasons(facts), ...statusReasons(run, facts, history), ...nodes],
    complete: true,
    ...splitTime(run, history, now, new Map(taken)),
  };
}

/** What a run that waits or executes waits for, as far as it is recorded. */
export function waitsOf(run: ReadableRun, history: readonly PlacedEvent[], now: number): readonly Wait[] {
  return run.status === 'running' ? openWaits(fold(history), history, now) : readWaits(run);
}

function statusReasons(
  run: ReadableRun,
  facts: WhyFacts,
  history: readonly PlacedEvent[],
): readonly Reason[] {
  // Engines record nothing while a run only waits, so its last event is since when it does.
  const since = instant(recordedAt(run, history));
  const { hidden } = facts;
  switch (run.status) {
    case 'queued':
      return queueReasons(run, facts, instant(run.readyAt ?? run.createdAt));
    case 'waiting':
      if (hidden !== undefined) return [hiddenReason(hidden, since)];
      return waitReasons({ run, facts, state: fold(history), since });
    case 'blocked':
      return [blockReason(run, facts, since)];
    case 'paused':
      return [pauseReason(run, since)];
    case 'running':
      if (hidden !== undefined) return [hiddenReason(hidden, since)];
      return executingReasons({ run, facts, state: fold(history), since }, history);
    case 'completed':
    case 'failed':
    case 'cancelled':
    case 'timed-out':
    case 'continued':
      return [];
  }
}

/** When something of it was recorded last. The row knows better than whoever started it when that was. */
function recordedAt(run: ReadableRun, history: readonly PlacedEvent[]): number {
  const last = history.at(-1);
  return last === undefined || last.event.type === 'started' ? run.createdAt : last.at;
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

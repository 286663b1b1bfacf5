import { readWhy } from '../../../api/why/read-why.ts';
import type { Reason, Why } from '../../../core/policy/why.ts';
import { executorOf } from '../../../core/names.ts';
import { isClosed } from '../../../core/status.ts';
import type { Store } from '../../../store/port/store.ts';
import type { LimitCheck } from '../limits/grants.ts';
import type { Tally } from '../tally.ts';
import { violated } from '../violation.ts';
import type { Watched } from '../watcher.ts';
import { checkPending } from './pending.ts';
import { checkReason } from './truth.ts';

/**
 * Every run that has not ended is told what holds it up, and that is true. A sample of the open runs is asked about, in
 * turn: the answer is made of the true store, between two calls, and held against what the watcher knows.
 */
export interface WhyCheck {
  /** Call after a write. */
  look(): Promise<void>;
}

export interface WhyParts {
  readonly store: Store;
  readonly runs: ReadonlyMap<string, Watched>;
  readonly limits: LimitCheck;
  readonly retired: ReadonlySet<string>;
  readonly tally: Tally;
}

/** One write in so many is followed by a look, at so many runs. */
const EVERY = 20;
const RUNS = 2;

export function createWhyCheck(parts: WhyParts): WhyCheck {
  const { store, runs, tally } = parts;
  let writes = 0;
  let turn = 0;

  const ask = async (watched: Watched): Promise<void> => {
    const { row, history } = watched;
    const told = await readWhy({ store }, row);
    if (told === undefined) violated('why is silent', `run ${row.runId} is gone`);
    const { storeTime: now, engines } = await store.listEngines();
    const where = `run ${row.runId} (${row.status})`;
    if (told.reasons.length === 0) violated('why is silent', where);
    checkTime(told, watched, now);
    const scene = { ...parts, now, engines };
    for (const reason of told.reasons) {
      tally.add(`why ${reason.code}`);
      checkReason(scene, watched, reason);
      checkCauses(reason, runs, tally);
    }
    // A task is of another program.
    const isPlayed = executorOf(row.workflow) === undefined && history.events.length > 1;
    if (isPlayed && (row.status === 'waiting' || row.status === 'running'))
      await checkPending(watched, told.reasons, { now, tally });
  };

  return {
    async look() {
      if (++writes % EVERY > 0) return;
      const open = [...runs.values()].filter(({ row }) => !isClosed(row.status));
      for (let left = Math.min(RUNS, open.length); left > 0; left--) {
        // oxlint-disable-next-line no-await-in-loop -- one answer after the other
        await ask(open[turn++ % open.length] as Watched);
      }
    },
  };
}

/** The parts of the time add up to the age, and steps to no more than was spent on steps. */
function checkTime({ time, timeBySteps, runId }: Why, { row, history }: Watched, now: number): void {
  const { queuedMs, blockedMs, runningMs, backoffMs, waitingMs } = time;
  const sum = queuedMs + blockedMs + runningMs + backoffMs + waitingMs;
  const wasClosed = history.events.some(({ event }) => event.type === 'retried');
  const age = now - row.createdAt;
  if (wasClosed ? sum > age : sum !== age) violated('time is lost', `run ${runId}: ${sum} of ${age} ms`);
  const ofSteps = timeBySteps.reduce((all, step) => all + step.queuedMs + step.runningMs + step.backoffMs, 0);
  if (ofSteps > runningMs + backoffMs) violated('time is counted twice', `run ${runId}: steps ${ofSteps} ms`);
}

/** Each run that a reason leads to stands as it is said to. */
function checkCauses({ code, causes = [] }: Reason, runs: WhyParts['runs'], tally: Tally): void {
  for (const { runId, status, told, reasons } of causes) {
    tally.add('why leads to a run');
    const row = runs.get(runId)?.row;
    if (row?.status !== status)
      violated('why lies', `${code}: run ${runId} is ${row?.status}, not ${status}`);
    if (!told && !isClosed(status) && reasons.length === 0)
      violated('why is silent', `of ${runId}, by ${code}`);
    for (const reason of reasons) checkCauses(reason, runs, tally);
  }
}

/**
 * What of a run's time went to a step, in ms. Time that several steps shared is counted once, for the step whose outcome
 * ended it, so that the steps together are never longer than the run.
 */
export interface StepTime {
  readonly name: string;
  /** Its present attempt was given away, and no engine had taken it. Of attempts that have ended it is not recorded. */
  readonly queuedMs: number;
  readonly runningMs: number;
  /** Between two of its attempts. */
  readonly backoffMs: number;
  /** Recorded ones, those among them that a retry of the run took back. */
  readonly attempts: number;
}

export type StepPart = 'queued' | 'running' | 'backoff';

/** Collects the time of steps by their names. */
export interface StepTimes {
  add(name: string, part: StepPart, ms: number): void;
  countAttempt(name: string): void;
  /** The greatest first, and not more than are read. */
  greatest(): StepTime[];
}

/** More than a person reads. */
const STEPS_SHOWN = 20;

export function createStepTimes(): StepTimes {
  const byName = new Map<string, Record<StepPart, number> & { attempts: number }>();
  const of = (name: string) => {
    const known = byName.get(name) ?? { queued: 0, running: 0, backoff: 0, attempts: 0 };
    byName.set(name, known);
    return known;
  };
  return {
    add: (name, part, ms) => void (of(name)[part] += ms),
    countAttempt: (name) => void of(name).attempts++,
    greatest: () =>
      [...byName]
        .map(([name, { queued, running, backoff, attempts }]) => {
          return { name, queuedMs: queued, runningMs: running, backoffMs: backoff, attempts };
        })
        .toSorted((a, b) => totalOf(b) - totalOf(a))
        .slice(0, STEPS_SHOWN),
  };
}

function totalOf({ queuedMs, runningMs, backoffMs }: StepTime): number {
  return queuedMs + runningMs + backoffMs;
}

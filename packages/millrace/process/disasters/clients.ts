import { setTimeout as pause } from 'node:timers/promises';
import type { Cap } from '../judge/limits.ts';
import type { Client } from '../rig/rig.ts';
import type { HoldingInput } from '../worker/timed-workflows.ts';
import { calmItems, type Item } from '../worker/workload.ts';

/** Goes on until it is told to stop; what it was told must hold. */
interface Busy {
  end(): Promise<void>;
}

const QUEUE = { name: 'narrow', max: 4 };
const WORKFLOW = { name: 'limited', max: 6 };
const KEY = { key: 'ada', max: 1 };

/** The limits of runs of `limited`: a queue's and a key's, for those that have it, and one of all. */
export const CAPS: readonly Cap[] = [
  { name: `queue ${QUEUE.name}`, max: QUEUE.max, holds: ({ queue }) => queue === QUEUE.name },
  {
    name: `workflow ${WORKFLOW.name}`,
    max: WORKFLOW.max,
    holds: ({ workflow }) => workflow === WORKFLOW.name,
  },
  { name: `key ${KEY.key}`, max: KEY.max, holds: ({ tags }) => tags.includes(KEY.key) },
];

export async function setLimits({ millrace }: Client): Promise<void> {
  await millrace.setQueue(QUEUE.name, { maxConcurrent: QUEUE.max });
  await millrace.setLimit({ workflow: WORKFLOW.name }, { maxConcurrent: WORKFLOW.max });
}

/** Two steps, so that a run is also found between them. */
const STEPS = { steps: 2, stepMs: 100 };

/** More at a time than there is room for, so that somebody waits at each limit. */
const UNDER_LIMITS: readonly Item['terms'][] = [
  ...Array.from({ length: 12 }, () => ({ queue: QUEUE.name })),
  ...Array.from({ length: 4 }, () => ({ limits: [KEY], tags: [KEY.key] })),
  ...Array.from({ length: 4 }, () => undefined),
];

const LOCKS = ['north', 'east', 'south'];
/** Who wants each of them. */
const WANTING = 5;

/** Clients of which each starts a run, waits for its end and starts the next: they never pile up. */
export function keepHolding(client: Client): Busy {
  const limited = UNDER_LIMITS.map((terms, at) => (round: number) => ({
    ...itemOf('limited', `${at}-${round}`, STEPS),
    terms,
  }));
  const locked = LOCKS.flatMap((name) =>
    Array.from({ length: WANTING }, (_, at) => (round: number) => {
      // Half of them leave it to the end of the run.
      const lock = { name, release: round % 2 === 0 };
      return itemOf('locked', `${name}-${at}-${round}`, { ...STEPS, lock });
    }),
  );
  return keep(
    [...limited, ...locked].map((next) => async (round) => {
      const [run] = await client.perform([next(round)]);
      await run?.result();
    }),
  );
}

function itemOf(workflow: 'limited' | 'locked', key: string, input: HoldingInput): Item {
  return { workflow, key: `${workflow}-${key}`, input, signals: 0 };
}

/** Starts runs of all other kinds, some at a time. */
export function keepBusy(client: Client, roundMs: number): Busy {
  return keep([
    async (round) => {
      await client.perform(calmItems(`round-${round}`, 1));
      await pause(roundMs);
    },
  ]);
}

function keep(acts: readonly ((round: number) => Promise<void>)[]): Busy {
  const stop = new AbortController();
  const rounds = Promise.all(
    acts.map(async (act) => {
      // oxlint-disable-next-line no-await-in-loop -- round after round
      for (let round = 0; !stop.signal.aborted; round++) await act(round);
    }),
  );
  // Looked at in the end; a client that fails early must not end the test run.
  rounds.catch(() => undefined);
  return {
    end: async () => {
      stop.abort();
      await rounds;
    },
  };
}

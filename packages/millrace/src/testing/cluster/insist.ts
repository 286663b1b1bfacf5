import { isMillraceError } from '../../core/errors.ts';
import type { Millrace } from '../../millrace.ts';
import type { Tally } from '../check/tally.ts';
import { violated } from '../check/violation.ts';
import type { Scheduler } from '../virtual/scheduler.ts';
import type { Cluster } from './cluster.ts';

/**
 * Asks any process until somebody gives a definite answer, as a client does that may repeat itself.
 * @param tries - at most so many processes are asked.
 * @returns undefined: it is refused for good, or nobody answered.
 */
export type Insist = <T>(
  what: string,
  ask: (millrace: Millrace) => Promise<T>,
  tries?: number,
) => Promise<T | undefined>;

/** How long a client waits for one answer. */
export const PATIENCE_MS = 15_000;
const PAUSE_MS = 50;
/** These say that the request will never be possible: it counts as answered. */
const FINAL = ['RUN_CLOSED', 'RUN_NOT_CLOSED', 'UPDATE_REJECTED'] as const;
/** These must not happen, whatever goes wrong around them. */
const NEVER = ['KEY_IN_USE', 'INVALID_ARGUMENT', 'UNKNOWN_WORKFLOW', 'INVALID_TOKEN'] as const;

type Answer<T> = { value: T } | { error: unknown };

export function createInsist(parts: { scheduler: Scheduler; cluster: Cluster; tally: Tally }): Insist {
  const { scheduler, cluster, tally } = parts;
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      scheduler.after(ms, undefined, resolve);
    });

  const askOne = <T>(ask: (millrace: Millrace) => Promise<T>): Promise<Answer<T> | undefined> => {
    const machine = cluster.available();
    const millrace = machine?.millrace;
    if (machine === undefined || millrace === undefined) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const cancel = scheduler.after(PATIENCE_MS, undefined, () => {
        tally.add('client gave up waiting');
        resolve(undefined);
      });
      const settle = (answer: Answer<T>): void => {
        // What a process says in the moment of its death reaches nobody.
        if (machine.actor.state === 'down') return;
        cancel();
        resolve(answer);
      };
      ask(millrace).then(
        (value) => settle({ value }),
        (error: unknown) => settle({ error }),
      );
    });
  };

  return async (what, ask, tries = Number.POSITIVE_INFINITY) => {
    for (let left = tries; left > 0; left--) {
      // oxlint-disable-next-line no-await-in-loop -- one process after the other
      const answer = await askOne(ask);
      if (answer !== undefined && 'value' in answer) return answer.value;
      if (answer !== undefined && isFinal(what, answer.error, tally)) return undefined;
      // oxlint-disable-next-line no-await-in-loop -- one process after the other
      await sleep(PAUSE_MS);
    }
    return undefined;
  };
}

function isFinal(what: string, error: unknown, tally: Tally): boolean {
  const forbidden = NEVER.find((code) => isMillraceError(error, code));
  if (forbidden !== undefined) violated(`client told ${forbidden}`, `${what}: ${String(error)}`);
  const final = FINAL.find((code) => isMillraceError(error, code));
  tally.add(final === undefined ? 'client told of failure' : `client told ${final}`);
  return final !== undefined;
}

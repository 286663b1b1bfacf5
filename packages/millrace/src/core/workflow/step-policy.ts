import { demandsOf } from '../cluster/demands.ts';
import { durationMs, type Duration } from '../duration.ts';
import { checkOptions } from '../errors.ts';
import { checkName, checkQueue, resolvePriority } from '../names.ts';
import { resolveRetry } from '../policy/retry.ts';
import type { CallPlace, StepPolicy } from '../run/command.ts';
import type { CallOptions, StepOptions } from './context.ts';

const STEP_OPTIONS = ['retry', 'timeout', 'totalTimeout', 'heartbeatTimeout'];
export const CALL_OPTIONS: readonly string[] = [
  ...STEP_OPTIONS,
  ...['requires', 'region', 'affinity', 'queue', 'priority'],
];

/** A step's options after defaults and checks. @throws UNKNOWN_OPTION, INVALID_DURATION, INVALID_ARGUMENT. */
export function stepPolicy(
  name: string,
  options: StepOptions | CallOptions | undefined,
  defaults: StepPolicy,
  allowed: readonly string[] = STEP_OPTIONS,
): StepPolicy {
  if (options === undefined) return defaults;
  const where = `step "${name}"`;
  checkOptions(where, options, allowed);
  return {
    retry: options.retry === undefined ? defaults.retry : resolveRetry(options.retry, defaults.retry, where),
    timeoutMs: limit(options.timeout, `${where}, timeout`) ?? defaults.timeoutMs,
    totalTimeoutMs: limit(options.totalTimeout, `${where}, totalTimeout`) ?? defaults.totalTimeoutMs,
    heartbeatTimeoutMs:
      limit(options.heartbeatTimeout, `${where}, heartbeatTimeout`) ?? defaults.heartbeatTimeoutMs,
  };
}

/** Where a call may execute, after checks; `stepPolicy` knows which options there are. @throws INVALID_ARGUMENT. */
export function callPlace(executor: string, options: CallOptions | undefined): CallPlace {
  if (options === undefined) return ANYWHERE;
  const { queue, priority, affinity } = options;
  const where = `call "${executor}"`;
  if (queue !== undefined) checkQueue(queue);
  if (affinity !== undefined) checkName('affinity', affinity);
  const { labels: requires, region } = demandsOf(options, where);
  return {
    queue,
    priority: priority === undefined ? undefined : resolvePriority(priority, where),
    requires,
    region,
    affinity,
  };
}

const ANYWHERE: CallPlace = {
  queue: undefined,
  priority: undefined,
  requires: [],
  region: undefined,
  affinity: undefined,
};

function limit(duration: Duration | undefined, where: string): number | undefined {
  return duration === undefined ? undefined : durationMs(duration, where);
}

import { durationMs, type Duration } from '../duration.ts';
import { checkOptions } from '../errors.ts';
import { resolveRetry } from '../policy/retry.ts';
import type { StepPolicy } from '../run/command.ts';
import type { CallOptions, StepOptions } from './context.ts';

const STEP_OPTIONS = ['retry', 'timeout', 'totalTimeout', 'heartbeatTimeout'];
export const CALL_OPTIONS: readonly string[] = [
  ...STEP_OPTIONS,
  'requires',
  'region',
  'affinity',
  'queue',
  'priority',
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

function limit(duration: Duration | undefined, where: string): number | undefined {
  return duration === undefined ? undefined : durationMs(duration, where);
}

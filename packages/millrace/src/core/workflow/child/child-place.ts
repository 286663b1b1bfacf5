import { demandsOf, NOTHING } from '../../cluster/demands.ts';
import { durationMs } from '../../duration.ts';
import { MillraceError, checkOptions } from '../../errors.ts';
import { checkLimits } from '../../limits/check-limits.ts';
import { checkKey, checkName, checkQueue, checkTags, resolvePriority } from '../../names.ts';
import type { ChildStart } from '../../run/command.ts';
import type { ChildOptions } from '../context.ts';

/** How and when a child runs, as its options say. */
export type ChildPlace = Pick<ChildStart, 'key' | 'priority' | 'queue' | 'tags' | 'timeoutMs' | 'demands'> &
  Pick<ChildStart, 'limits'> & {
    parentClose: 'cancel' | 'abandon' | undefined;
  };

const OPTIONS = [
  ...['key', 'priority', 'queue', 'tags', 'limits', 'name', 'timeout', 'parentClose', 'requires', 'region'],
];
const PARENT_CLOSE: readonly unknown[] = ['cancel', 'abandon', undefined];

/**
 * A child's options after checks: all of them before its start is recorded, for replay starts nothing again.
 * @throws UNKNOWN_OPTION, INVALID_ARGUMENT, INVALID_DURATION.
 */
export function childPlace(workflow: string, options: ChildOptions | undefined): ChildPlace {
  if (options === undefined) return NOWHERE;
  const where = `child "${workflow}"`;
  checkOptions(where, options, OPTIONS);
  const { key, priority, queue, tags = NOWHERE.tags, timeout, parentClose, name } = options;
  if (name !== undefined) checkName('child', name);
  if (key !== undefined) checkKey(key);
  if (queue !== undefined) checkQueue(queue);
  checkTags(tags);
  if (!PARENT_CLOSE.includes(parentClose)) {
    throw new MillraceError('INVALID_ARGUMENT', `${where}: parentClose is ${String(parentClose)}`, {
      remedy: 'Use cancel or abandon.',
    });
  }
  return {
    key,
    priority: priority === undefined ? undefined : resolvePriority(priority, where),
    queue,
    tags,
    limits: checkLimits(where, options.limits),
    timeoutMs: timeout === undefined ? undefined : durationMs(timeout, `${where}, timeout`),
    parentClose,
    demands: demandsOf(options, where),
  };
}

const NOWHERE: ChildPlace = {
  ...{ key: undefined, priority: undefined, queue: undefined, tags: [], parentClose: undefined },
  ...{ limits: undefined, timeoutMs: undefined },
  demands: NOTHING,
};

import { demandsOf, NOTHING } from '../cluster/demands.ts';
import { durationMs } from '../duration.ts';
import { MillraceError, checkOptions } from '../errors.ts';
import { checkKey, checkQueue, checkTags, resolvePriority } from '../names.ts';
import type { ChildStart } from '../run/command.ts';
import type { ChildOptions } from './context.ts';
import type { AnyWorkflow } from './workflow.ts';

/** How and when a child runs, as its options say. */
type ChildPlace = Pick<ChildStart, 'key' | 'priority' | 'queue' | 'tags' | 'timeoutMs' | 'demands'> & {
  parentClose: 'cancel' | 'abandon' | undefined;
};

const OPTIONS = ['key', 'priority', 'queue', 'tags', 'timeout', 'parentClose', 'requires', 'region'];
const PARENT_CLOSE: readonly unknown[] = ['cancel', 'abandon', undefined];

/**
 * A child's options after checks: all of them before its start is recorded, for replay starts nothing again.
 * @throws UNKNOWN_OPTION, INVALID_ARGUMENT, INVALID_DURATION.
 */
export function childPlace(workflow: AnyWorkflow, options: ChildOptions | undefined): ChildPlace {
  if (typeof workflow?.name !== 'string' || typeof workflow.version !== 'string') {
    throw new MillraceError(
      'INVALID_ARGUMENT',
      `a child was to be started of ${typeof workflow}, not of a workflow`,
      { remedy: "Pass what workflow('name', …) returned." },
    );
  }
  const { timeoutMs } = workflow;
  if (options === undefined) return { ...NOWHERE, timeoutMs };
  const where = `child "${workflow.name}"`;
  checkOptions(where, options, OPTIONS);
  const { key, priority, queue, tags = NOWHERE.tags, timeout, parentClose } = options;
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
    timeoutMs: timeout === undefined ? timeoutMs : durationMs(timeout, `${where}, timeout`),
    parentClose,
    demands: demandsOf(options, where),
  };
}

const NOWHERE = {
  ...{ key: undefined, priority: undefined, queue: undefined, tags: [], parentClose: undefined },
  demands: NOTHING,
};

import { checkOptions, MillraceError, show } from '../../core/errors.ts';
import { checkCount, checkRate } from '../../core/limits/check-limits.ts';
import { describeLimit, type LimitDescription } from '../../core/limits/describe-queue.ts';
import type { LimitKind } from '../../core/limits/limit.ts';
import { checkKey, checkName, checkQueue } from '../../core/names.ts';
import type { Store } from '../../store/port/store.ts';
import { ask } from '../store-failure.ts';

/** What changes; `null` takes a limit away, what is left out stays. */
export interface QueueChange {
  /** Nothing begins while it is; what holds a grant goes on. */
  paused?: boolean | undefined;
  /** How many runs hold a grant at once: from the first turn of each to its end. */
  maxConcurrent?: number | null | undefined;
  /** How many may begin in a second; what gathers is at most what one second brings, at least one. */
  ratePerSecond?: number | null | undefined;
  /** Queues: how many queued runs there may be before starts from outside are refused. */
  maxDepth?: number | null | undefined;
}

/** What a limit is for. `'all'` is everything of the namespace. */
export type LimitTarget = 'all' | { queue: string } | { workflow: string } | { key: string };

interface Scope {
  kind: LimitKind;
  name: string;
}

const FIELDS = ['paused', 'maxConcurrent', 'ratePerSecond', 'maxDepth'];

/** @throws INVALID_ARGUMENT. */
export function scopeOf(target: LimitTarget): Scope {
  if (target === 'all') return { kind: 'global', name: '' };
  if ('queue' in target) return { kind: 'queue', name: target.queue };
  if ('workflow' in target) return { kind: 'workflow', name: target.workflow };
  return { kind: 'key', name: target.key };
}

/** The limit as it is then, or null where nothing is left of it. @throws INVALID_ARGUMENT, UNKNOWN_OPTION. */
export async function changeLimit(
  store: Store,
  { namespace, by, scope, change }: { namespace: string; by: string; scope: Scope; change: QueueChange },
): Promise<LimitDescription | null> {
  const where = scope.kind === 'global' ? 'limit of all' : `limit of ${scope.kind} ${show(scope.name)}`;
  checkScope(scope);
  checkChange(where, scope, change);
  const row = await ask(() => store.setLimit({ namespace, ...scope, ...change, by }));
  if (row === undefined) return null;
  const limits = await ask(() => store.readLimits(namespace));
  const limit = limits.find(({ kind, name }) => kind === scope.kind && name === scope.name);
  return limit === undefined ? null : describeLimit(limit);
}

function checkScope({ kind, name }: Scope): void {
  if (kind === 'queue') checkQueue(name);
  else if (kind === 'workflow') checkName('workflow', name);
  else if (kind === 'key') checkKey(name);
}

function checkChange(where: string, { kind }: Scope, change: QueueChange): void {
  checkOptions(where, change, FIELDS);
  const { paused, maxConcurrent, ratePerSecond, maxDepth } = change;
  if (paused !== undefined && typeof paused !== 'boolean') {
    const remedy = 'Pass true or false.';
    throw new MillraceError('INVALID_ARGUMENT', `${where}: paused is ${show(paused)}`, { remedy });
  }
  if (maxDepth !== undefined && kind !== 'queue') {
    const remedy = 'Give it to the queue of the runs.';
    throw new MillraceError('INVALID_ARGUMENT', `${where}: only queues have a maxDepth`, { remedy });
  }
  if (maxConcurrent !== undefined && maxConcurrent !== null)
    checkCount(`${where}: maxConcurrent`, maxConcurrent);
  if (maxDepth !== undefined && maxDepth !== null) checkCount(`${where}: maxDepth`, maxDepth);
  if (ratePerSecond !== undefined && ratePerSecond !== null)
    checkRate(`${where}: ratePerSecond`, ratePerSecond);
}

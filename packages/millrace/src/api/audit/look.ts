import { describeAct, type AuditDescription } from '../../core/audit/act.ts';
import { MillraceError, show } from '../../core/errors.ts';
import { isRunId } from '../../core/ids.ts';
import type { Store } from '../../store/port/store.ts';
import { ask } from '../store-failure.ts';
import { requireWhole } from '../run/whole.ts';

/** Which entries of the audit log, newest first. */
export interface AuditFilterOptions {
  actor?: string | undefined;
  action?: string | undefined;
  target?: string | undefined;
  /** Instants: from the first on, up to and without the second. */
  from?: Date | string | undefined;
  to?: Date | string | undefined;
  limit?: number | undefined;
  /** The `next` that the page before ended with. */
  before?: string | undefined;
}

export interface AuditPage {
  readonly entries: readonly AuditDescription[];
  readonly next: string | undefined;
}

const MOST = 1_000;

/** @throws INVALID_ARGUMENT. */
export async function readAudit(
  store: Store,
  namespace: string,
  { limit = 50, before, from, to, actor, action, target }: AuditFilterOptions,
): Promise<AuditPage> {
  requireWhole('audit: limit', limit, 1, MOST);
  if (before !== undefined && !isRunId(before)) {
    const remedy = 'Pass the `next` that the page before ended with.';
    throw new MillraceError('INVALID_ARGUMENT', `audit: before is ${show(before)}`, { remedy });
  }
  const times = { from: timeOf('from', from), to: timeOf('to', to) };
  const filter = { namespace, actor, action, target, before, ...times, limit: limit + 1 };
  const found = await ask(() => store.listAudit(filter));
  const entries = found.slice(0, limit).map(describeAct);
  return { entries, next: found.length > limit ? entries.at(-1)?.id : undefined };
}

function timeOf(field: string, given: Date | string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const time = new Date(given).getTime();
  if (Number.isFinite(time)) return time;
  const remedy = 'Pass a Date, or text such as 2026-01-31T12:00:00Z.';
  throw new MillraceError('INVALID_ARGUMENT', `audit: ${field} is ${show(given)}`, { remedy });
}

import { ACT_OUTCOMES } from '../../../core/audit/act.ts';
import type { AuditEntry, AuditFilter, AuditStore, StoredAuditEntry } from '../../port/access/audit.ts';
import { checkAudit, checkAuditFilter } from '../../port/text.ts';
import type { Connection, Statement, Value } from '../database/connection.ts';

/** The table `audit`. All functions run inside a transaction of the caller. */
export interface Audit {
  append(entries: readonly AuditEntry[]): void;
  list(filter: AuditFilter): StoredAuditEntry[];
  prune(auditMs: number, limit: number): number;
}

interface StoredEntry {
  id: string;
  namespace: string;
  at: number;
  actor: string;
  action: string;
  target: string | null;
  outcome: number;
  code: string | null;
  remote: string | null;
  reason: string | null;
  request_id: string | null;
  before: string | null;
  after: string | null;
}

export function prepareAudit(connection: Connection): Audit {
  const { now } = connection.timers;
  const insert = connection.prepare(`
    INSERT INTO audit (id, namespace, at, actor, action, target, outcome, code, remote, reason, request_id, before, after)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`);
  const drop = connection.prepare(`
    DELETE FROM audit WHERE at < ?1 AND id IN (SELECT id FROM audit ORDER BY id LIMIT ?2)`);
  const listings = new Map<string, Statement<StoredEntry>>();

  return {
    append: (entries) => {
      const at = now();
      for (const entry of entries) insert.run(...columnsOf(entry, at));
    },
    list: (filter) => {
      const { sql, values } = listingOf(filter);
      let statement = listings.get(sql);
      if (statement === undefined) listings.set(sql, (statement = connection.prepare<StoredEntry>(sql)));
      return statement.all(...values).map(entryOf);
    },
    prune: (auditMs, limit) => Number(drop.run(now() - auditMs, limit).changes),
  };
}

/** @param acts - prepared when a call needs them first. */
export function auditCalls(
  { read, write }: Pick<Connection, 'read' | 'write'>,
  acts: () => { audit: Audit },
): AuditStore {
  return {
    appendAudit: async (entries) => {
      checkAudit(entries);
      if (entries.length > 0) await write(() => acts().audit.append(entries));
    },
    listAudit: async (filter) => {
      checkAuditFilter(filter);
      return read(() => acts().audit.list(filter));
    },
    pruneAudit: ({ auditMs, limit }) => write(() => acts().audit.prune(auditMs, limit)),
  };
}

function columnsOf(entry: AuditEntry, at: number): Value[] {
  const { id, namespace, actor, action, target, outcome, code, remote, reason, requestId } = entry;
  const { before, after } = entry;
  const texts = [code, remote, reason, requestId, before, after].map((text) => text ?? null);
  return [id, namespace, at, actor, action, target ?? null, ACT_OUTCOMES.indexOf(outcome), ...texts];
}

function listingOf({ namespace, actor, action, target, from, to, before, limit }: AuditFilter) {
  const conditions = ['namespace = ?'];
  const values: Value[] = [namespace];
  function add(condition: string, value: Value | undefined): void {
    if (value === undefined) return;
    conditions.push(condition);
    values.push(value);
  }
  add('target = ?', target);
  add('actor = ?', actor);
  add('action = ?', action);
  add('at >= ?', from);
  add('at < ?', to);
  // Only of an entry that the namespace has.
  if (before !== undefined) values.push(namespace);
  add('(at, id) < (SELECT at, id FROM audit WHERE namespace = ? AND id = ?)', before);
  const sql = `SELECT * FROM audit WHERE ${conditions.join(' AND ')} ORDER BY at DESC, id DESC LIMIT ?`;
  return { sql, values: [...values, limit] };
}

function entryOf(row: StoredEntry): StoredAuditEntry {
  const { id, namespace, at, actor, action } = row;
  return {
    ...{ id, namespace, at, actor, action },
    target: row.target ?? undefined,
    // Written above, by its place.
    outcome: ACT_OUTCOMES[row.outcome] as StoredAuditEntry['outcome'],
    code: row.code ?? undefined,
    remote: row.remote ?? undefined,
    reason: row.reason ?? undefined,
    requestId: row.request_id ?? undefined,
    before: row.before ?? undefined,
    after: row.after ?? undefined,
  };
}

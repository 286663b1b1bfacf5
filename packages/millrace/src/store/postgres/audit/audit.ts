import { ACT_OUTCOMES } from '../../../core/audit/act.ts';
import type { AuditEntry, AuditFilter, AuditStore, StoredAuditEntry } from '../../port/access/audit.ts';
import { checkAudit, checkAuditFilter } from '../../port/text.ts';
import { int4Array, textArray, uuidArray } from '../database/binary-array.ts';
import type { Connections, Parameter, Statement } from '../database/connect.ts';
import { sparse } from '../runs/columns.ts';

const APPEND = `
INSERT INTO millrace.audit (id, at, outcome, namespace, actor, action, target, code, remote, reason, request_id, before,
  after)
SELECT u.id, (SELECT coalesce($1::bigint, millrace.clock_v1())), u.outcome, u.namespace, u.actor, u.action, u.target,
  u.code, u.remote, u.reason, u.request_id, u.before, u.after
FROM unnest($2::uuid[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
  $10::text[], $11::text[], $12::text[], $13::text[])
  AS u(id, outcome, namespace, actor, action, target, code, remote, reason, request_id, before, after)
ON CONFLICT (id) DO NOTHING`;

// From the oldest on: where the first are young enough, all are.
const PRUNE = `
WITH dropped AS (
  DELETE FROM millrace.audit a
  WHERE a.at < coalesce($1::bigint, millrace.clock_v1()) - $2::bigint
    AND a.id = ANY(ARRAY(SELECT o.id FROM millrace.audit o ORDER BY o.id LIMIT $3))
  RETURNING 1
)
SELECT count(*)::integer FROM dropped`;

type Row = [
  id: string,
  at: number,
  outcome: number,
  namespace: string,
  actor: string,
  action: string,
  target: string | null,
  code: string | null,
  remote: string | null,
  reason: string | null,
  requestId: string | null,
  before: string | null,
  after: string | null,
];

/** The table `audit`. `now`: undefined for the database's clock. */
export function auditCalls({ write, read }: Connections, now: () => number | undefined): AuditStore {
  return {
    appendAudit: async (entries) => {
      checkAudit(entries);
      if (entries.length > 0) await write({ text: APPEND, values: [now(), ...auditColumns(entries)] });
    },
    listAudit: async (filter) => {
      checkAuditFilter(filter);
      return (await read<Row>(listStatement(filter))).map(entryOf);
    },
    pruneAudit: async ({ auditMs, limit }) => {
      const [row] = await write<[number]>({ text: PRUNE, values: [now(), auditMs, limit] });
      return row?.[0] ?? 0;
    },
  };
}

/** How many parameters `auditColumns` gives. */
export const AUDIT_COLUMNS = 12;

export function auditColumns(entries: readonly AuditEntry[]): Parameter[] {
  const texts = (of: (entry: AuditEntry) => string | undefined): Buffer | null =>
    sparse(textArray, entries.map(of));
  return [
    uuidArray(entries.map(({ id }) => id)),
    int4Array(entries.map(({ outcome }) => ACT_OUTCOMES.indexOf(outcome))),
    texts(({ namespace }) => namespace),
    texts(({ actor }) => actor),
    texts(({ action }) => action),
    texts(({ target }) => target),
    texts(({ code }) => code),
    texts(({ remote }) => remote),
    texts(({ reason }) => reason),
    texts(({ requestId }) => requestId),
    texts(({ before }) => before),
    texts(({ after }) => after),
  ];
}

function listStatement({
  namespace,
  actor,
  action,
  target,
  from,
  to,
  before,
  limit,
}: AuditFilter): Statement {
  const values: Parameter[] = [namespace];
  const conditions = ['a.namespace = $1'];
  function add(condition: (place: string) => string, value: Parameter): void {
    if (value === undefined) return;
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  }
  add((place) => `a.target = ${place}`, target);
  add((place) => `a.actor = ${place}`, actor);
  add((place) => `a.action = ${place}`, action);
  add((place) => `a.at >= ${place}`, from);
  add((place) => `a.at < ${place}`, to);
  // Only of an entry that the namespace has.
  const edge = 'SELECT b.at, b.id FROM millrace.audit b WHERE b.namespace = $1 AND b.id =';
  add((place) => `(a.at, a.id) < (${edge} ${place}::uuid)`, before);
  values.push(limit);
  const text = `
SELECT a.id, a.at, a.outcome, a.namespace, a.actor, a.action, a.target, a.code, a.remote, a.reason, a.request_id,
  a.before, a.after
FROM millrace.audit a WHERE ${conditions.join(' AND ')} ORDER BY a.at DESC, a.id DESC LIMIT $${values.length}`;
  return { text, values };
}

function entryOf(row: Row): StoredAuditEntry {
  const [id, at, outcome, namespace, actor, action, target, code, remote, ...rest] = row;
  const [reason, requestId, before, after] = rest;
  return {
    ...{ id, at, namespace, actor, action },
    target: target ?? undefined,
    // Written above, by its place.
    outcome: ACT_OUTCOMES[outcome] as StoredAuditEntry['outcome'],
    code: code ?? undefined,
    remote: remote ?? undefined,
    reason: reason ?? undefined,
    requestId: requestId ?? undefined,
    before: before ?? undefined,
    after: after ?? undefined,
  };
}

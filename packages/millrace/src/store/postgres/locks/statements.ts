import type {
  AcquireResult,
  LockAct,
  LockFilter,
  LockGrant,
  LockHolder,
  LockList,
  LockName,
  LockRelease,
  LockRequest,
  LockRow,
  LockStore,
} from '../../port/locks.ts';
import { MAX_LISTED_WAITERS } from '../../port/locks.ts';
import type { Plan } from '../../port/store.ts';
import { checkLock } from '../../port/text.ts';
import { byteaArray, int4Array, int8Array, textArray, uuidArray } from '../database/binary-array.ts';
import type { Connections, Parameter, Statement } from '../database/connect.ts';
import { type Answer, deliveryOf } from '../runs/answer.ts';
import { functionCall } from '../runs/function-call.ts';

const GRANT = 7;
const TOLD = 8;
const SAID = 9;

const ACQUIRE = functionCall('acquire_lock_v1', 9);
const RELEASE = functionCall('release_lock_v1', 5);

const RENEW = `
UPDATE millrace.locks l SET expires_at = t.now + $6::bigint
FROM (SELECT coalesce($1::bigint, millrace.clock_v1()) AS now) t
WHERE l.namespace = $2::text AND l.name = $3::text AND l.holder = $4::uuid AND l.request = $5::text
  AND l.expires_at > t.now
RETURNING l.expires_at`;

// The first row always comes, so that an answer without locks still tells the time.
const LIST = `
SELECT t.now, l.namespace, l.name, l.token, l.holder_kind, l.holder, l.request, l.owner, l.since, l.expires_at,
  w.holder_kind, w.holder, w.request, w.owner, w.since
FROM (SELECT coalesce($1::bigint, millrace.clock_v1()) AS now) t
LEFT JOIN LATERAL (
  SELECT l.* FROM millrace.locks l
  WHERE l.namespace = $2::text AND ($3::text IS NULL OR l.name = $3::text) AND (l.waited OR l.holder IS NOT NULL)
  ORDER BY l.namespace, l.name LIMIT $4::integer) l ON true
LEFT JOIN LATERAL (
  SELECT w.* FROM millrace.lock_waiters w WHERE w.namespace = l.namespace AND w.name = l.name
  ORDER BY w.seq LIMIT ${MAX_LISTED_WAITERS}) w ON true
ORDER BY l.namespace, l.name, w.seq`;

const KINDS = ['run', 'engine', 'client'] as const;

function kindCode(kind: LockHolder['kind']): number {
  return KINDS.indexOf(kind) + 1;
}

function holderOf(code: number, id: string): LockHolder {
  return { kind: KINDS[code - 1] ?? 'client', id };
}

/** `now`: undefined for the database's clock. */
export function lockCalls({ read, write }: Connections, now: () => number | undefined): LockStore {
  const release = async (
    { namespace, name }: LockName,
    holder?: string,
    request?: string,
  ): Promise<LockRelease> => {
    const values = [now(), namespace, name, holder, request];
    const answers = await write<Answer>({ text: RELEASE, values });
    return { held: saidIn(answers)[2] === 1, grants: grantsOf(answers) };
  };
  return {
    acquireLock: async (request) => {
      checkLock(request);
      return acquired(await write<Answer>({ text: ACQUIRE, values: [now(), ...requestColumns(request)] }));
    },
    renewLock: async (claim, holdMs) => {
      checkLock(claim);
      const { namespace, name, holder, request } = claim;
      const values = [now(), namespace, name, holder.id, request, Math.ceil(holdMs)];
      const [row] = await write<[number]>({ text: RENEW, values });
      return row?.[0];
    },
    releaseLock: async (claim) => {
      checkLock(claim);
      return release(claim, claim.holder.id, claim.request);
    },
    forceLock: async (lock) => {
      checkLock(lock);
      return release(lock);
    },
    listLocks: async (filter) => {
      checkLock(filter);
      return listOf(await read<ListRow>({ text: LIST, values: listColumns(filter, now()) }));
    },
  };
}

function requestColumns(request: LockRequest): Parameter[] {
  const { namespace, name, holder, owner, holdMs, waitMs } = request;
  const times = [Math.ceil(holdMs), Math.ceil(waitMs)];
  return [namespace, name, kindCode(holder.kind), holder.id, request.request, owner, ...times];
}

function acquired(answers: readonly Answer[]): AcquireResult {
  const said = saidIn(answers);
  const grants = grantsOf(answers);
  const expiresAt = said[14] ?? 0;
  switch (said[2]) {
    case 0:
      return { outcome: 'granted', token: said[13], expiresAt, grants };
    case 1:
      return { outcome: 'waiting', ahead: said[1], expiresAt, grants };
    case 2:
      return { outcome: 'busy', expiresAt, grants };
    default:
      return { outcome: 'retired', grants };
  }
}

/** What a function says of the call itself. */
export function saidIn(answers: readonly Answer[]): Answer {
  const said = answers.find(([part]) => part === SAID);
  if (said === undefined) throw new Error('a function on locks answered without its last row');
  return said;
}

/** @param plan - only those of this plan, by its place from 1. */
export function grantsOf(answers: readonly Answer[], plan?: number): LockGrant[] {
  const grants: LockGrant[] = [];
  for (const [at, answer] of answers.entries()) {
    if (answer[0] !== GRANT || (plan !== undefined && answer[1] !== plan)) continue;
    const [, , code, , windowMs, , id] = answer;
    const next = answers[at + 1];
    const body = answer[23];
    const told =
      next?.[0] === TOLD && body !== null
        ? {
            message: { target: { runId: id }, dedup: answer[21] ?? '', body, windowMs },
            delivery: deliveryOf(next),
          }
        : undefined;
    const claim = {
      namespace: answer[17],
      name: answer[18],
      holder: holderOf(code, id),
      request: answer[19],
    };
    grants.push({ ...claim, token: answer[13], expiresAt: answer[14] ?? 0, told });
  }
  return grants;
}

/** Locks that a holder left, each after its namespace and a slash. */
export function namesIn(answers: readonly Answer[]): string[] {
  return answers.flatMap((answer) => (answer[0] === 10 ? [`${answer[17]}/${answer[18]}`] : []));
}

const ACT_KIND = { request: 0, release: 1, leave: 2 } as const;

/**
 * The same statement between the acts that it needs before and after it: see functions.ts. The first parameter of the
 * statement is the time.
 */
export function withLocks(statement: Statement, plans: readonly Plan[], engines: Parameter): Statement {
  const acts = plans.flatMap(({ runId, locks = [] }, at) =>
    locks.map((act) => ({ act, runId, plan: at + 1 })),
  );
  if (acts.length === 0) return statement;
  const values = [...(statement.values ?? [])];
  const place = (value: Parameter): string => `$${values.push(value)}`;
  const targets = plans.flatMap(({ runId, messages }) => [
    runId,
    ...messages.flatMap(({ target }) => ('runId' in target ? [target.runId] : [])),
  ]);
  const runs = place(uuidArray(acts.map(({ runId }) => runId)));
  const names = place(textArray(acts.map(({ act }) => ('name' in act ? act.name : undefined))));
  const before = ['$1', place(engines), place(uuidArray(targets)), runs, names];
  const after = [
    place(int4Array(acts.map(({ plan }) => plan))),
    runs,
    place(int4Array(acts.map(({ act }) => ACT_KIND[act.kind]))),
    names,
    place(textArray(acts.map(({ act }) => ('request' in act ? act.request : undefined)))),
    place(int8Array(acts.map(({ act }) => requestIn(act)?.holdMs))),
    place(textArray(acts.map(({ act }) => requestIn(act)?.message.dedup))),
    place(byteaArray(acts.map(({ act }) => requestIn(act)?.message.body))),
    place(int4Array(acts.map(({ act }) => Math.ceil(requestIn(act)?.message.windowMs ?? 0)))),
  ];
  const call = statement.text.replace('SELECT * FROM', '').replace('($1,', '(h.at,');
  const text = `
WITH h AS MATERIALIZED (SELECT millrace.hold_plan_locks_v1(${before.join(', ')}) AS at),
c AS MATERIALIZED (SELECT x.* FROM h, LATERAL ${call} x)
SELECT * FROM c
UNION ALL
SELECT l.* FROM h,
  LATERAL millrace.act_locks_v1(h.at, ARRAY(SELECT c.ord FROM c WHERE c.part = 0), ${after.join(', ')}) l`;
  return { text, values };
}

function requestIn(act: LockAct): Extract<LockAct, { kind: 'request' }> | undefined {
  return act.kind === 'request' ? act : undefined;
}

/** The same for a wake-up: $1 is the time, $2 the limit; locks whose holder's time is over are settled first. */
export function withExpiry({ text, values = [] }: Statement, engines: Parameter): Statement {
  const call = text.replace('SELECT * FROM', '').replace('($1,', '(h.deadline_at,');
  return {
    text: `
WITH e AS MATERIALIZED (SELECT * FROM millrace.expire_locks_v1($1, $${values.length + 1}, $2)),
h AS MATERIALIZED (SELECT e.deadline_at FROM e WHERE e.part = ${SAID})
SELECT * FROM e
UNION ALL
SELECT w.* FROM h, LATERAL ${call} w`,
    values: [...values, engines],
  };
}

/** The same for a retirement: $1 is the time, $2 the incarnation. */
export function withLeave({ text, values = [] }: Statement): Statement {
  const call = text.replace('SELECT * FROM', '').replace('($1,', '(h.at,');
  return {
    text: `
WITH h AS MATERIALIZED (SELECT millrace.hold_retired_v1($1, $2) AS at),
r AS MATERIALIZED (SELECT x.* FROM h, LATERAL ${call} x)
SELECT r.retired, r.requeued, r.quarantined, r.remaining, l.*
FROM r CROSS JOIN h LEFT JOIN LATERAL millrace.leave_retired_v1(h.at, $2, r.retired) l ON true`,
    values,
  };
}

type ListRow = [
  storeTime: number,
  namespace: string | null,
  name: string,
  token: number,
  kind: number | null,
  holder: string,
  request: string,
  owner: string,
  since: number,
  expiresAt: number,
  waiterKind: number | null,
  waiter: string,
  waiterRequest: string,
  waiterOwner: string,
  waitingSince: number,
];

function listColumns({ namespace, name, limit }: LockFilter, now: number | undefined): Parameter[] {
  return [now, namespace, name, limit];
}

function listOf(rows: readonly ListRow[]): LockList {
  const locks: LockRow[] = [];
  for (const row of rows) {
    const [, namespace, name, token, kind, id, request, owner, since, expiresAt, waiterKind, waiter] = row;
    if (namespace === null) continue;
    let lock = locks.at(-1);
    if (lock?.name !== name || lock.namespace !== namespace) {
      const held =
        kind === null ? undefined : { holder: holderOf(kind, id), request, owner, since, expiresAt };
      locks.push((lock = { namespace, name, token, held, waiters: [] }));
    }
    if (waiterKind === null) continue;
    const [asked, waiterOwner, waitingSince] = [row[12], row[13], row[14]];
    lock.waiters.push({
      ...{ holder: holderOf(waiterKind, waiter), request: asked, owner: waiterOwner, since: waitingSince },
    });
  }
  return { storeTime: rows[0]?.[0] ?? 0, locks };
}

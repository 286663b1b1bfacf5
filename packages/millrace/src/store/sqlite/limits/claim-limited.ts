import {
  admit,
  type Candidate,
  type Hindrance,
  hindrances,
  limitName,
  scopesFor,
} from '../../../core/limits/admission.ts';
import { LIMIT_CODE } from '../../../core/limits/limit.ts';
import { msToToken } from '../../../core/limits/rate.ts';
import { STATUS_CODE } from '../../../core/status.ts';
import { decodeLimits } from '../../port/limits.ts';
import type { ClaimRequest } from '../../port/store.ts';
import type { Connection } from '../database/connection.ts';
import type { Backlog, Group } from '../runs/backlog.ts';
import type { Scoped } from '../runs/claim.ts';
import type { Limit, Limits } from './limits.ts';

/** What a claim may take where the store has limits (L1, L3). Runs inside the claim's transaction. */
export interface LimitedClaims {
  /** Notes what the choice uses and parks what finds its key full: who chooses takes all of them. */
  choose(request: ClaimRequest, offers: (run: Scoped) => boolean): Choice;
}

export interface Choice {
  /** By rank; `counted`: it holds a grant from now on. */
  chosen: { runId: string; counted: boolean }[];
  askAgainMs: number | undefined;
}

interface Ready extends Scoped {
  run_id: string;
  rank: number;
  granted: number;
  limits: string | null;
  parked_on: string | null;
}

/** Looked at beyond what may be taken: runs whose keys are full may stand in front of others. */
const MORE = 100;
const MOST_STIRRED = 100;

export function prepareLimitedClaims(
  connection: Connection,
  backlog: Backlog,
  limits: Limits,
): LimitedClaims {
  const statements = prepareStatements(connection);
  const { now } = connection.timers;

  /** Of each group what may be granted, what is parked on stirred keys, and what is kept for the claimer. */
  function candidates(request: ClaimRequest, offers: (run: Scoped) => boolean, table: Table): Ready[] {
    const found = new Map<string, Ready>();
    const add = (runs: readonly Ready[]): void => runs.forEach((run) => void found.set(run.run_id, run));
    for (const group of backlog.groups(request.namespace).filter(offers)) {
      const most = group.granted === 1 ? request.limit : table.roomOf(group, request.limit);
      if (most <= 0) continue;
      const { namespace, queue, workflow, workflow_version: version, granted } = group;
      add(statements.selectHead.all(namespace, queue, workflow, version, granted, most + MORE));
    }
    for (const { namespace, name } of table.stirred)
      add(statements.selectParked.all(namespace, name).filter(offers).slice(0, request.limit));
    add(statements.selectAssigned.all(request.engineId, request.limit).filter(offers));
    return [...found.values()].toSorted(byRank);
  }

  return {
    choose: (request, offers) => {
      const at = now();
      const stirred = statements.selectStirred
        .all(at)
        .filter(({ namespace }) => request.namespace === undefined || request.namespace === namespace);
      const table = limitTable(limits, stirred);
      const chosen: Choice['chosen'] = [];
      let moved = 0;
      for (const run of candidates(request, offers, table)) {
        if (chosen.length >= request.limit) break;
        const { namespace, queue, workflow, run_id: runId, parked_on: parkedOn } = run;
        const keys = decodeLimits(run.limits).map(({ key }) => key);
        const held = table.admit(namespace, {
          queue,
          workflow,
          keys: keys.toSorted(byBytes),
          granted: run.granted === 1,
        });
        if (held === undefined) {
          const counted = run.granted === 0 && (keys.length > 0 || limits.applies(run));
          chosen.push({ runId, counted });
          if (counted) statements.grantKeys.run(runId);
          if (parkedOn !== null) statements.park.run(null, runId);
        } else if (held.limit.kind === 'key' && held.limit.name !== parkedOn) {
          statements.park.run(held.limit.name, runId);
          moved += 1;
        }
      }
      for (const { namespace, kind, name, tokens } of table.used())
        statements.setTokens.run(tokens ?? 0, at, namespace, LIMIT_CODE[kind], name);
      const turn = stirred.length >= MOST_STIRRED;
      for (const { namespace, name } of table.keys()) limits.stir(namespace, name, turn);
      const waits = [
        ...table.waits(),
        ...statements.selectNextStir.all(at).map(({ stir_at: next }) => next - at),
      ];
      const again = moved > 0 && chosen.length < request.limit;
      return { chosen, askAgainMs: again ? 0 : waits.toSorted((a, b) => a - b)[0] };
    },
  };
}

/** The limits that a claim meets, each read once, less what the claim has granted so far. */
interface Table {
  /** How many of a group may be granted, as far as its queue and workflow say. */
  roomOf(group: Group, most: number): number;
  admit(namespace: string, run: Candidate): Hindrance | undefined;
  readonly stirred: readonly Stirred[];
  /** Limits whose tokens were taken. */
  used(): Limit[];
  keys(): Limit[];
  /** After how many ms rates that held something back allow one more. */
  waits(): number[];
}

interface Stirred {
  namespace: string;
  name: string;
}

function limitTable(limits: Limits, stirred: readonly Stirred[]): Table {
  const namespaces = new Map<string, Map<string, Limit>>();
  const asked = new Set<string>();
  const slow: Limit[] = [];
  const begun = new Map<Limit['row'], number | undefined>();

  function load(namespace: string, run: Candidate): Map<string, Limit> {
    let table = namespaces.get(namespace);
    if (table === undefined) namespaces.set(namespace, (table = new Map()));
    for (const scope of scopesFor(run)) {
      const name = limitName(scope.kind, scope.name);
      if (asked.has(`${namespace}\0${name}`)) continue;
      asked.add(`${namespace}\0${name}`);
      const limit = limits.read({ namespace, ...scope });
      if (limit === undefined) continue;
      table.set(name, limit);
      begun.set(limit.row, limit.tokens);
    }
    return table;
  }
  const all = (): Limit[] => [...namespaces.values()].flatMap((table) => [...table.values()]);

  for (const { namespace, name } of stirred)
    load(namespace, { queue: '', workflow: '', keys: [name], granted: false });
  return {
    stirred,
    roomOf: ({ namespace, queue, workflow }, most) => {
      const run = { queue, workflow, keys: [], granted: false };
      const table = load(namespace, run);
      const [held] = hindrances(run, table);
      if (held?.obstacle === 'rate') slow.push(held.limit);
      if (held !== undefined) return 0;
      const rooms = scopesFor(run).flatMap(({ kind, name }) => {
        const { max = Infinity, inUse = 0, tokens = Infinity } = table.get(limitName(kind, name)) ?? {};
        return [max - inUse, Math.floor(tokens)];
      });
      return Math.min(most, ...rooms);
    },
    admit: (namespace, run) => {
      const table = load(namespace, run);
      const held = admit(run, table);
      if (held?.obstacle === 'rate' && held.limit.kind !== 'key') slow.push(held.limit);
      return held;
    },
    used: () => all().filter(({ row, tokens }) => tokens !== begun.get(row)),
    keys: () => all().filter(({ kind }) => kind === 'key'),
    waits: () =>
      slow.flatMap(({ row, tokens }) =>
        row.ratePerSecond === undefined || tokens === undefined ? [] : [msToToken(row.ratePerSecond, tokens)],
      ),
  };
}

function byRank(a: Ready, b: Ready): number {
  if (a.rank !== b.rank) return a.rank - b.rank;
  return a.run_id < b.run_id ? -1 : 1;
}

/** As both databases sort text. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function prepareStatements(connection: Connection) {
  const columns = 'run_id, rank, namespace, queue, workflow, workflow_version, granted, limits, parked_on';
  const order = 'ORDER BY rank, run_id';
  return {
    selectHead: connection.prepare<Ready>(`
      SELECT ${columns} FROM runs
      WHERE status = ${STATUS_CODE.queued} AND suspect_group IS NULL AND assigned_to IS NULL AND parked_on IS NULL
        AND namespace = ? AND queue = ? AND workflow = ? AND workflow_version = ? AND granted = ? ${order} LIMIT ?`),
    selectParked: connection.prepare<Ready>(`
      SELECT ${columns} FROM runs WHERE namespace = ? AND parked_on = ? AND parked_on IS NOT NULL ${order}`),
    selectAssigned: connection.prepare<Ready>(
      `SELECT ${columns} FROM runs WHERE assigned_to = ? ${order} LIMIT ?`,
    ),
    selectStirred: connection.prepare<Stirred>(
      `SELECT namespace, name FROM limits WHERE stir_at <= ? ORDER BY stir_at LIMIT ${MOST_STIRRED}`,
    ),
    selectNextStir: connection.prepare<{ stir_at: number }>(
      'SELECT stir_at FROM limits WHERE stir_at > ? ORDER BY stir_at LIMIT 1',
    ),
    park: connection.prepare(
      'UPDATE runs SET parked_on = ?, assigned_to = NULL, assigned_until = NULL WHERE run_id = ?',
    ),
    grantKeys: connection.prepare('UPDATE run_keys SET granted = 1 WHERE run_id = ?'),
    setTokens: connection.prepare(
      'UPDATE limits SET tokens = ?, refilled_at = ? WHERE namespace = ? AND kind = ? AND name = ?',
    ),
  };
}

import { carriesAll, splitVersion } from '../../../core/cluster/demands.ts';
import { STATUS_CODE } from '../../../core/status.ts';
import type { ClaimedRuns, ClaimRequest, Scope } from '../../port/store.ts';
import type { Connection } from '../database/connection.ts';
import type { Incarnations } from '../engines/incarnations.ts';
import { type Choice, prepareLimitedClaims } from '../limits/claim-limited.ts';
import type { Limits } from '../limits/limits.ts';
import type { Backlog } from './backlog.ts';
import { decodeOwned, type OpenRow } from './rows.ts';

/** Queued runs into ownership, by rank. Runs inside a transaction of the caller. */
export interface Claims {
  claim(request: ClaimRequest): ClaimedRuns;
}

interface Candidate {
  run_id: string;
  rank: number;
}
type ScopedCandidate = Candidate & Scoped;
interface SuspectCandidate extends ScopedCandidate {
  suspect_group: number;
}

/** How many windows that have passed one claim ends, if it does not claim more. */
const LAPSED = 100;

export function prepareClaims(
  connection: Connection,
  incarnations: Incarnations,
  backlog: Backlog,
  limits: Limits,
): Claims {
  const limited = prepareLimitedClaims(connection, backlog, limits);
  const selectHead = connection.prepare<Candidate>(`
    SELECT run_id, rank FROM runs
    WHERE status = ${STATUS_CODE.queued} AND suspect_group IS NULL AND assigned_to IS NULL
      AND parked_on IS NULL AND namespace = ? AND queue = ? AND workflow = ? AND workflow_version = ? AND granted = ?
    ORDER BY rank, run_id LIMIT ?`);
  const selectSuspects = connection.prepare<SuspectCandidate>(`
    SELECT run_id, rank, namespace, queue, workflow, workflow_version, suspect_group FROM runs
    WHERE status = ${STATUS_CODE.queued} AND suspect_group IS NOT NULL ORDER BY rank, run_id`);
  const selectOwnGroup = connection.prepare<{ suspect_group: number }>(
    'SELECT suspect_group FROM runs WHERE owner = ? AND suspect_group IS NOT NULL LIMIT 1',
  );
  const selectAssigned = connection.prepare<ScopedCandidate>(`
    SELECT run_id, rank, namespace, queue, workflow, workflow_version FROM runs
    WHERE assigned_to = ? ORDER BY rank, run_id LIMIT ?`);
  const endWindows = connection.prepare(`
    UPDATE runs SET assigned_to = NULL, assigned_until = NULL
    WHERE run_id IN (SELECT run_id FROM runs WHERE assigned_until <= ? ORDER BY assigned_until LIMIT ?)`);
  const take = connection.prepare<OpenRow>(`
    UPDATE runs SET status = ${STATUS_CODE.running}, owner = ?, epoch = epoch + 1,
      started_at = coalesce(started_at, ?), assigned_to = NULL, assigned_until = NULL, granted = max(granted, ?)
    WHERE run_id = ? RETURNING *`);
  const selectFirstChunk = connection.prepare<{ data: Uint8Array }>(
    'SELECT data FROM history WHERE run_id = ? AND seq = 0',
  );
  const { now } = connection.timers;

  /** Unassigned runs stand in groups, assigned ones apart: nobody reads over those of others (I10). */
  function findHealthy(request: ClaimRequest, offers: Offers): Candidate[] {
    const groups = backlog.groups(request.namespace).filter(offers);
    const found = groups.flatMap(({ namespace, queue, workflow, workflow_version: version, granted }) =>
      selectHead.all(namespace, queue, workflow, version, granted, request.limit),
    );
    // Whoever assigned them believed that the claimer can execute them; if not, others can when their windows pass.
    const own = selectAssigned.all(request.engineId, request.limit).filter(offers);
    return groups.length === 1 && own.length === 0 ? found : [...found, ...own].toSorted(byRank);
  }

  function findSuspects({ engineId, suspects }: ClaimRequest, offers: Offers): Candidate[] {
    const found = selectSuspects.all().filter(offers);
    const group = (suspects === 'more' ? selectOwnGroup.get(engineId) : found[0])?.suspect_group;
    return found.filter((run) => run.suspect_group === group);
  }

  function choose(request: ClaimRequest, offers: Offers): Choice {
    // Suspects were executing: they hold their grants.
    if (!request.suspects && limits.any()) return limited.choose(request, offers);
    const found = request.suspects ? findSuspects(request, offers) : findHealthy(request, offers);
    const chosen = found.slice(0, request.limit).map(({ run_id: runId }) => ({ runId, counted: false }));
    return { chosen, askAgainMs: undefined };
  }

  return {
    claim: (request) => {
      if (request.limit <= 0 || !incarnations.alive(request.engineId)) return [];
      const offers = inScope(request);
      const at = now();
      const claimed: ClaimedRuns = [];
      if (!request.suspects) endWindows.run(at, Math.max(request.limit, LAPSED));
      const { chosen, askAgainMs } = choose(request, offers);
      if (askAgainMs !== undefined) claimed.askAgainMs = askAgainMs;
      for (const { runId, counted } of chosen) {
        const row = take.get(request.engineId, at, counted ? 1 : 0, runId);
        if (row === undefined) continue;
        const history = row.version === 0 ? selectFirstChunk.get(runId)?.data : undefined;
        claimed.push({ ...decodeOwned(row), history });
      }
      return claimed;
    },
  };
}

type Offers = (run: Scoped) => boolean;

/** What decides who can execute a run. */
export interface Scoped {
  namespace: string;
  queue: string;
  workflow: string;
  workflow_version: string;
}

/** Whether a run is among those that the caller can execute. */
export function inScope({ namespace, queues, workflows, traits = [] }: Scope): (run: Scoped) => boolean {
  // No name contains a NUL (port/text.ts).
  const names = new Set(workflows.map(({ workflow, version }) => `${workflow}\0${version}`));
  const wanted = queues === undefined ? undefined : new Set(queues);
  const has = ({ workflow, workflow_version: stored }: Scoped): boolean => {
    if (names.has(`${workflow}\0${stored}`)) return true;
    const { version, demands } = splitVersion(stored);
    return demands.length > 0 && names.has(`${workflow}\0${version}`) && carriesAll(traits, demands);
  };
  return (run) =>
    has(run) &&
    (namespace === undefined || run.namespace === namespace) &&
    (wanted === undefined || wanted.has(run.queue));
}

function byRank(a: Candidate, b: Candidate): number {
  if (a.rank !== b.rank) return a.rank - b.rank;
  return a.run_id < b.run_id ? -1 : 1;
}

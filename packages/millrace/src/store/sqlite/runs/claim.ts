import { STATUS_CODE } from '../../../core/status.ts';
import type { ClaimedRun, ClaimRequest, WorkflowRef } from '../../port/store.ts';
import type { Connection } from '../database/connection.ts';
import type { Incarnations } from '../engines/incarnations.ts';
import type { Backlog } from './backlog.ts';
import { decodeOwned, type OpenRow } from './rows.ts';

/** Queued runs into ownership, by rank. Runs inside a transaction of the caller. */
export interface Claims {
  claim(request: ClaimRequest): ClaimedRun[];
}

interface Candidate {
  run_id: string;
  rank: number;
}
interface SuspectCandidate extends Candidate {
  namespace: string;
  queue: string;
  workflow: string;
  workflow_version: string;
  suspect_group: number;
}

export function prepareClaims(connection: Connection, incarnations: Incarnations, backlog: Backlog): Claims {
  const selectHead = connection.prepare<Candidate>(`
    SELECT run_id, rank FROM runs
    WHERE status = ${STATUS_CODE.queued} AND suspect_group IS NULL
      AND namespace = ? AND queue = ? AND workflow = ? AND workflow_version = ?
    ORDER BY rank, run_id LIMIT ?`);
  const selectSuspects = connection.prepare<SuspectCandidate>(`
    SELECT run_id, rank, namespace, queue, workflow, workflow_version, suspect_group FROM runs
    WHERE status = ${STATUS_CODE.queued} AND suspect_group IS NOT NULL ORDER BY rank, run_id`);
  const take = connection.prepare<OpenRow>(`
    UPDATE runs SET status = ${STATUS_CODE.running}, owner = ?, epoch = epoch + 1,
      started_at = coalesce(started_at, ?)
    WHERE run_id = ? RETURNING *`);
  const selectFirstChunk = connection.prepare<{ data: Uint8Array }>(
    'SELECT data FROM history WHERE run_id = ? AND seq = 0',
  );
  const { now } = connection.timers;

  function findHealthy(request: ClaimRequest, offers: Offers): Candidate[] {
    const groups = backlog.groups(request.namespace).filter((group) => offers(group));
    const found = groups.flatMap(({ namespace, queue, workflow, workflow_version: version }) =>
      selectHead.all(namespace, queue, workflow, version, request.limit),
    );
    return groups.length === 1 ? found : found.toSorted(byRank);
  }

  function findSuspects(request: ClaimRequest, offers: Offers): Candidate[] {
    const found = selectSuspects
      .all()
      .filter(
        (run) => (request.namespace === undefined || run.namespace === request.namespace) && offers(run),
      );
    return found.filter((run) => run.suspect_group === found[0]?.suspect_group);
  }

  return {
    claim: (request) => {
      if (request.limit <= 0 || !incarnations.alive(request.engineId)) return [];
      const offers = offersOf(request);
      const found = request.suspects ? findSuspects(request, offers) : findHealthy(request, offers);
      const at = now();
      const claimed: ClaimedRun[] = [];
      for (const { run_id: runId } of found.slice(0, request.limit)) {
        const row = take.get(request.engineId, at, runId);
        if (row === undefined) continue;
        const history = row.version === 0 ? selectFirstChunk.get(runId)?.data : undefined;
        claimed.push({ ...decodeOwned(row), history });
      }
      return claimed;
    },
  };
}

type Offers = (run: { queue: string; workflow: string; workflow_version: string }) => boolean;

/** Whether the request asks for runs like this one. */
function offersOf({ workflows, queues }: ClaimRequest): Offers {
  const has = workflowsOf(workflows);
  const wanted = queues === undefined ? undefined : new Set(queues);
  return (run) => has(run) && (wanted === undefined || wanted.has(run.queue));
}

/** Whether a run's workflow and version are among these. */
export function workflowsOf(
  workflows: readonly WorkflowRef[],
): (run: { workflow: string; workflow_version: string }) => boolean {
  // No name contains a NUL (port/text.ts).
  const names = new Set(workflows.map(({ workflow, version }) => `${workflow}\0${version}`));
  return (run) => names.has(`${run.workflow}\0${run.workflow_version}`);
}

function byRank(a: Candidate, b: Candidate): number {
  if (a.rank !== b.rank) return a.rank - b.rank;
  return a.run_id < b.run_id ? -1 : 1;
}

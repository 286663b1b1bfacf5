import type { LimitKind } from '../../../limits/limit.ts';
import { isClosed } from '../../../status.ts';
import { raise } from '../limited.ts';
import { shellWord, type Reason } from '../reason.ts';
import { leadsOf, type Link } from './leads.ts';

type Links = ReadonlyMap<string, Link>;

/** Runs that cannot move before another one of them does, each with its reasons. */
type Stuck = ReadonlyMap<string, readonly Reason[]>;

/** That a run waits for another one, and by what. */
interface Edge {
  readonly from: string;
  readonly reason: Reason;
  readonly to: string;
}

/**
 * Runs that wait for each other in a circle, so that none of them moves until somebody or some deadline ends it. By run: the
 * reason that says so, for the first run of each circle.
 *
 * A run with several reasons goes on when one of them is gone, and a limit has room when any of its holders ends: only runs
 * of which every way out leads to others that cannot move are in a deadlock. What nodes of a graph wait for is no way out:
 * other nodes, whose waits stand beside it.
 */
export function deadlocksIn(links: Links): ReadonlyMap<string, Reason> {
  const stuck = stuckIn(links);
  const found = new Map<string, Reason>();
  const named = new Set<string>();
  for (const [runId, reasons] of stuck) {
    const circle = named.has(runId) ? undefined : circleFrom(runId, reasons, stuck);
    if (circle === undefined) continue;
    for (const { from } of circle) named.add(from);
    found.set(runId, reasonOf(circle));
  }
  return found;
}

function stuckIn(links: Links): Stuck {
  const stuck = new Map<string, readonly Reason[]>();
  for (const { runId, status, reasons } of links.values()) {
    const ways = reasons.filter(({ code }) => code !== 'WAITING_NODE');
    if (!isClosed(status) && ways.length > 0 && ways.every(waitsForRuns)) stuck.set(runId, ways);
  }
  for (let before = -1; before !== stuck.size;) {
    before = stuck.size;
    for (const [runId, ways] of stuck) {
      if (ways.some((way) => leadsOf(way).some((lead) => !stuck.has(lead)))) stuck.delete(runId);
    }
  }
  return stuck;
}

/** Whether nothing but runs that it names can take this reason away. */
function waitsForRuns(reason: Reason): boolean {
  const leads = leadsOf(reason).length;
  return leads > 0 && Number(reason.refs['inUse'] ?? leads) === leads;
}

/** The shortest way from a run back to itself. */
function circleFrom(start: string, reasons: readonly Reason[], stuck: Stuck): readonly Edge[] | undefined {
  const ways: (readonly Edge[])[] = edgesOf(start, reasons).map((edge) => [edge]);
  const reached = new Set<string>();
  // The list grows while it is walked.
  for (const way of ways) {
    const { to } = way.at(-1) as Edge; // no way is empty
    if (to === start) return way;
    // Whoever is stuck waits only for those that are.
    const further = stuck.get(to) as readonly Reason[];
    if (!reached.has(to)) ways.push(...edgesOf(to, further).map((edge) => [...way, edge]));
    reached.add(to);
  }
  return undefined;
}

function edgesOf(from: string, reasons: readonly Reason[]): Edge[] {
  return reasons.flatMap((reason) => leadsOf(reason).map((to) => ({ from, reason, to })));
}

function reasonOf(circle: readonly Edge[]): Reason {
  const waits = circle.map(({ from, reason, to }) => `${from} for ${objectOf(reason)} of ${to}`);
  const ends = circle.flatMap(({ reason: { refs } }) =>
    [refs['until'] ?? [], refs['expiresAt'] ?? []].flat(),
  );
  // Instants of one form are ordered as texts are.
  const [end] = ends.map(String).toSorted();
  const since = circle.map(({ reason }) => reason.since).toSorted();
  return {
    code: 'DEADLOCK',
    message: `runs wait for each other: ${waits.join(', ')}${end === undefined ? '' : `; this ends by itself at ${end}`}`,
    since: String(since.at(-1)),
    refs: { runIds: circle.map(({ from }) => from).join(' '), ...(end === undefined ? {} : { until: end }) },
    remedy: remedyOf(circle),
  };
}

function objectOf({ refs: { lock, child, step, limit, ...refs } }: Reason): string {
  if (lock !== undefined) return `lock "${lock}"`;
  if (child !== undefined) return `child "${child}"`;
  if (step !== undefined) return `step "${step}"`;
  const kind = String(limit);
  return `a grant of ${kind === 'global' ? 'the namespace' : `${kind} "${refs[kind]}"`}`;
}

function remedyOf(circle: readonly Edge[]): Reason['remedy'] {
  const refs = circle.map(({ reason }) => reason.refs);
  const lock = refs.find((of) => of['lock'] !== undefined)?.['lock'];
  if (lock !== undefined) {
    return {
      message: 'Take a lock away from its holder, or cancel one of the runs.',
      command: `millrace locks release ${shellWord(String(lock))}`,
    };
  }
  const limit = refs.find((of) => of['limit'] !== undefined);
  if (limit !== undefined) {
    // The reason of a limit that is full has these.
    const kind = limit['limit'] as LimitKind;
    const name = kind === 'global' ? '' : String(limit[kind]);
    return {
      message: 'Raise the limit, or cancel one of the runs.',
      command: raise({ kind, name }, Number(limit['max']) + 1),
    };
  }
  const last = circle.at(-1) as Edge; // no circle is empty
  return { message: 'Cancel one of the runs.', command: `millrace cancel ${last.from}` };
}

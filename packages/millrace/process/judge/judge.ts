import type { RunRow } from '../../src/store/port/store.ts';
import { isClosed } from '../../src/core/status.ts';
import type { Rig } from '../rig/rig.ts';
import { readEvidence, type Evidence } from './evidence.ts';
import { judgeFences } from './fences.ts';
import { judgeNotes, judgeOutcomes } from './outcomes.ts';
import { judgeSignals } from './signals.ts';

export interface Verdict {
  /** What contradicts a promise; empty when all is well. */
  violations: string[];
  figures: Figures;
}

/** What a test can show, and must be more than nothing. */
export interface Figures {
  runs: number;
  started: number;
  unanswered: number;
  outcomes: number;
  attempts: number;
  /** Attempts of the step that had most of them. */
  mostAttempts: number;
  /** Plans that the store kept out. */
  refused: number;
  takeovers: number;
  quarantined: number;
}

export interface JudgeOptions {
  /** Keys of runs that may be blocked in the end. */
  poisoned?: readonly string[];
  /** A process stood still or was cut off: attempts of two owners overlap in time. */
  overlapping?: boolean;
}

/** Compares what processes wrote down for themselves with what the store says in the end. */
export async function judge(rig: Rig, options?: JudgeOptions): Promise<Verdict> {
  return judgeEvidence(await readEvidence(rig), options);
}

export function judgeEvidence(
  evidence: Evidence,
  { poisoned = [], overlapping = false }: JudgeOptions = {},
): Verdict {
  const violations = [
    ...judgeStarts(evidence),
    ...judgeEnds(evidence, new Set(poisoned)),
    ...judgeOutcomes(evidence),
    ...judgeNotes(evidence),
    ...judgeSignals(evidence),
    ...judgeFences(evidence, overlapping),
  ];
  return { violations, figures: figuresOf(evidence) };
}

/** What was acknowledged is there, once; what was asked for is there at most once. */
function judgeStarts({ entries, rows }: Evidence): string[] {
  const wrong: string[] = [];
  const acked = new Map<string, string>();
  for (const entry of entries) {
    if (entry.kind !== 'started') continue;
    const before = acked.get(entry.key);
    if (before !== undefined && before !== entry.runId) wrong.push(`key ${entry.key} was given two runs`);
    acked.set(entry.key, entry.runId);
    if (!rows.has(entry.runId))
      wrong.push(`run ${entry.runId} of key ${entry.key} was acknowledged and is lost`);
  }
  const asked = new Set(entries.flatMap((entry) => (entry.kind === 'starting' ? [entry.key] : [])));
  for (const [key, roots] of rootsByKey(rows.values())) {
    if (roots.length > 1) wrong.push(`key ${key} has ${roots.length} runs`);
    if (!asked.has(key)) wrong.push(`nobody asked for the run of key ${key}`);
  }
  return wrong;
}

/** Runs that a client started: no child, no successor. */
function rootsByKey(rows: Iterable<RunRow>): Map<string, RunRow[]> {
  const all = [...rows];
  const successors = new Set(all.map(({ successor }) => successor));
  const roots = all.filter(
    ({ runId, parentRunId, key }) => key !== undefined && parentRunId === undefined && !successors.has(runId),
  );
  return Map.groupBy(roots, ({ key }) => key ?? '');
}

function judgeEnds({ rows, inboxes }: Evidence, poisoned: ReadonlySet<string>): string[] {
  const wrong: string[] = [];
  for (const row of rows.values()) {
    const name = `${row.workflow} ${row.runId}`;
    if (row.key !== undefined && poisoned.has(row.key)) continue;
    if (!isClosed(row.status)) wrong.push(`${name} is ${row.status} ${row.blockCode ?? ''}`);
    else if (row.status !== 'continued' && row.status !== (row.workflow === 'saga' ? 'failed' : 'completed'))
      wrong.push(`${name} is ${row.status}`);
    const left = inboxes.get(row.runId)?.length ?? 0;
    if (isClosed(row.status) && left > 0) wrong.push(`${name} is closed with ${left} messages in its inbox`);
    if (row.successor !== undefined && !rows.has(row.successor)) wrong.push(`${name} has lost its successor`);
    if (row.parentRunId !== undefined && !rows.has(row.parentRunId))
      wrong.push(`${name} has lost its parent`);
  }
  return wrong;
}

function figuresOf({ entries, rows, outcomes }: Evidence): Figures {
  const begins = entries.filter((entry) => entry.kind === 'begin');
  const perStep = Map.groupBy(begins, ({ key }) => key);
  const logs = entries.filter((entry) => entry.kind === 'log');
  const startedKeys = new Set(entries.flatMap((entry) => (entry.kind === 'started' ? [entry.key] : [])));
  const asked = entries.filter((entry) => entry.kind === 'starting').length;
  const answered = entries.filter((entry) => entry.kind === 'started').length;
  return {
    runs: rows.size,
    started: startedKeys.size,
    unanswered: asked - answered,
    outcomes: outcomes.length,
    attempts: begins.length,
    mostAttempts: Math.max(0, ...[...perStep.values()].map(({ length }) => length)),
    refused: logs.filter(({ fields }) => fields?.['refused'] !== undefined).length,
    takeovers: logs.filter(({ message }) => message.includes(' is gone: ')).length,
    quarantined: [...rows.values()].filter(({ blockCode }) => blockCode === 'QUARANTINED').length,
  };
}

import { expect } from 'vitest';
import type {
  ClaimedRun,
  ClaimedRuns,
  ClaimRequest,
  HistoryChunk,
  Message,
  NextState,
  Plan,
  PlanResult,
  RunRow,
  StartRequest,
  StartResult,
  Store,
  WorkflowRef,
} from '../port/store.ts';

/** A run as its owner knows it. */
export interface Owned {
  runId: string;
  engineId: string;
  epoch: number;
  version: number;
  events: number;
  inboxSeq: number;
}

export const ORDER: WorkflowRef = { workflow: 'order', version: '1' };
export const CONTINUE: NextState = { kind: 'continue' };

let made = 0;

/** Ids that sort in the order in which they were made. */
export function newId(): string {
  made += 1;
  return `01900000-0000-7000-8000-${made.toString(16).padStart(12, '0')}`;
}

export function newCommitId(): number {
  made += 1;
  return made;
}

export function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

export function text(data: Uint8Array | undefined): string | undefined {
  return data && new TextDecoder().decode(data);
}

export function texts(chunks: readonly HistoryChunk[]): (string | undefined)[] {
  return chunks.map((chunk) => text(chunk.data));
}

/** Registers a new incarnation. */
export async function boot(store: Store, name = 'alpha'): Promise<string> {
  const engineId = newId();
  await store.register({ engineId, name, host: 'host', bootId: 'boot', pid: 7, profile: bytes('profile') });
  return engineId;
}

export function startOf(more: Partial<StartRequest> = {}): StartRequest {
  return {
    runId: newId(),
    namespace: 'default',
    workflow: 'order',
    workflowVersion: '1',
    queue: 'default',
    priority: 'normal',
    tags: [],
    reuse: 'return',
    dedupMs: 60_000,
    history: bytes('started'),
    commitId: newCommitId(),
    ...more,
  };
}

export async function startOne(store: Store, more: Partial<StartRequest> = {}): Promise<StartResult> {
  const [result] = await store.startRuns([startOf(more)]);
  if (result === undefined) throw new Error('a start without a result');
  return result;
}

/** Starts a run that nobody owns and returns its id. */
export async function startQueued(store: Store, more: Partial<StartRequest> = {}): Promise<string> {
  const result = await startOne(store, more);
  expect(result).toMatchObject({ outcome: 'started', owned: false });
  return result.runId;
}

/** Starts a run that the engine owns at once. */
export async function startOwned(
  store: Store,
  engineId: string,
  more: Partial<StartRequest> = {},
): Promise<Owned> {
  const result = await startOne(store, { owner: engineId, ...more });
  if (result.outcome !== 'started' || !result.owned) throw new Error(`not owned: ${JSON.stringify(result)}`);
  const { runId, epoch, version, inboxSeq } = result;
  return { runId, engineId, epoch, version, inboxSeq, events: 1 };
}

export function planOf(run: Owned, next: NextState, more: Partial<Plan> = {}): Plan {
  return {
    runId: run.runId,
    engineId: run.engineId,
    epoch: run.epoch,
    version: run.version,
    commitId: newCommitId(),
    seq: run.events,
    count: 1,
    history: bytes('event'),
    next,
    consumed: [],
    starts: [],
    messages: [],
    ...more,
  };
}

/** What makes a plan append nothing. */
export const SILENT = { count: 0, history: undefined } as const;

export function suspension(run: Owned, wakeAt?: number): NextState {
  return { kind: 'suspend', inboxSeq: run.inboxSeq, wakeAt, waits: bytes('waits') };
}

export function closing(
  run: Owned,
  status: 'completed' | 'failed' | 'cancelled' | 'timed-out' | 'continued' = 'completed',
  successor?: string,
): NextState {
  return { kind: 'close', status, inboxSeq: run.inboxSeq, successor };
}

export function blocking(code: string): NextState {
  return { kind: 'block', code, waits: bytes('why') };
}

export async function commitOne(store: Store, plan: Plan): Promise<PlanResult> {
  const [result] = await store.commit([plan]);
  if (result === undefined) throw new Error('a plan without a result');
  return result;
}

/** Commits a plan that must succeed; returns the run as its owner knows it afterwards. */
export async function advance(
  store: Store,
  run: Owned,
  next: NextState = CONTINUE,
  more: Partial<Plan> = {},
): Promise<Owned> {
  const plan = planOf(run, next, more);
  expect(await commitOne(store, plan)).toMatchObject({ outcome: 'ok' });
  return { ...run, version: run.version + 1, events: run.events + plan.count };
}

export async function claim(
  store: Store,
  engineId: string,
  more: Partial<ClaimRequest> = {},
): Promise<ClaimedRuns> {
  return store.claimRuns({ engineId, workflows: [ORDER], limit: 100, suspects: false, ...more });
}

export async function claimedIds(
  store: Store,
  engineId: string,
  more: Partial<ClaimRequest> = {},
): Promise<string[]> {
  return (await claim(store, engineId, more)).map((run) => run.runId);
}

/** Claims exactly one run. */
export async function claimOne(
  store: Store,
  engineId: string,
  more: Partial<ClaimRequest> = {},
): Promise<ClaimedRun & Owned> {
  const [run, ...others] = await claim(store, engineId, more);
  if (run === undefined || others.length > 0)
    throw new Error('exactly one run should have been there to claim');
  return { ...run, engineId };
}

export async function rowOf(store: Store, runId: string): Promise<RunRow> {
  const [row] = await store.readRuns([{ runId }]);
  if (row === undefined) throw new Error(`no run ${runId}`);
  return row;
}

export async function statusesOf(store: Store, runIds: readonly string[]): Promise<(string | undefined)[]> {
  const rows = await store.readRuns(runIds.map((runId) => ({ runId })));
  return rows.map((row) => row?.status);
}

export function messageTo(runId: string, dedup = 'm1', body = 'hello'): Message {
  return { target: { runId }, dedup, body: bytes(body) };
}

/** A closed run with this key. */
export async function closedRun(
  store: Store,
  more: Partial<StartRequest> = {},
  status: 'completed' | 'failed' | 'cancelled' | 'timed-out' = 'completed',
): Promise<Owned> {
  const engineId = await boot(store);
  const run = await startOwned(store, engineId, more);
  return advance(store, run, closing(run, status));
}

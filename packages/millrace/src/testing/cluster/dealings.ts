import type { Run } from '../../api/handle.ts';
import { isMillraceError } from '../../core/errors.ts';
import { workflow } from '../../core/workflow/workflow.ts';
import type { Millrace } from '../../millrace.ts';
import { violated } from '../check/violation.ts';
import { ownOps } from '../program/expect.ts';
import type { ProgramInput } from '../program/program.ts';
import type { Story } from '../scenario/scenario.ts';
import { PATIENCE_MS, type Insist } from './insist.ts';

/** What the clients of a story were told, to be held against the store at the end. */
export interface Acknowledged {
  readonly story: Story;
  /** Set when a start was acknowledged. */
  readonly runIds: Set<string>;
  /** In the order in which they were sent, each after the one before was acknowledged. */
  readonly signals: { id: string; name: string }[];
  /** Those that were acknowledged only when sent once more after a retry: they may have come in long before. */
  readonly signalsAgain: { id: string; name: string }[];
  cancels: number;
  readonly updates: string[];
  /** Completion tokens that the run has given away, by the id of what they complete. */
  readonly tokens: Map<string, string>;
  /** How `result()` ended, where somebody waited for it. */
  result: { tokens: string[] } | { code: string } | undefined;
}

/** What clients have at hand. */
export interface Desk {
  readonly insist: Insist;
  sleepUntil(atMs: number): Promise<void>;
  sleep(ms: number): Promise<void>;
  /** Resolves when everything is healed. */
  healed(): Promise<void>;
  /** Does something beside everything else. */
  task(name: string, work: () => Promise<void>): void;
  /** The runs that the store has for a story, roots only. */
  rootsOf(story: number): string[];
}

/** A stand-in for the workflow by name and version: clients need no code. */
const NAMED = workflow<ProgramInput, string[]>('simulated', () => Promise.reject(new Error('never called')));

export function emptyAcknowledged(story: Story): Acknowledged {
  return {
    story,
    runIds: new Set(),
    signals: [],
    signalsAgain: [],
    cancels: 0,
    updates: [],
    tokens: new Map(),
    result: undefined,
  };
}

/** Begins everything that the clients of a story do. */
export function beginDealings(desk: Desk, entry: Acknowledged): void {
  const { story } = entry;
  const task = (what: string, work: () => Promise<void>): void =>
    desk.task(`story ${story.id}: ${what}`, work);
  for (let copy = 1; copy < story.starters; copy++) task(`start ${copy}`, () => start(desk, entry));
  task('start', async () => {
    const runId = await runIdOf(desk, entry);
    if (runId === undefined) return;
    task('signals', () => sendSignals(desk, entry, runId, entry.signals));
    if (story.cancelAtMs !== undefined) task('cancel', () => cancel(desk, entry, runId));
    if (story.pauses.length > 0) task('pauses', () => pause(desk, entry, runId));
    if (story.retryAtMs !== undefined) task('retry', () => retry(desk, entry, runId));
    for (const atMs of story.queries) task(`query at ${atMs}`, () => query(desk, runId, atMs));
    for (const at of story.updates.keys()) task(`update ${at}`, () => update(desk, entry, runId, at));
    if (story.awaited) task('result', () => awaitResult(desk, entry, runId));
  });
}

/** Somebody outside got a token, and completes what it stands for. */
export async function completeExternal(
  desk: Desk,
  { story, tokens }: Acknowledged,
  id: string,
): Promise<void> {
  const token = tokens.get(id);
  const op = [...ownOps(story.program)].find(
    (candidate) => candidate.op === 'external' && candidate.id === id,
  );
  if (op?.op !== 'external' || token === undefined) return;
  await desk.insist('external', (millrace) =>
    op.ok ? millrace.complete(token, id) : millrace.fail(token, new Error('refused')),
  );
}

async function start({ insist, sleepUntil }: Desk, { story, runIds }: Acknowledged): Promise<void> {
  await sleepUntil(story.startAtMs);
  const input = { story: story.id, body: story.program, updates: story.updates.length > 0, carried: [] };
  const options = {
    key: story.keyed ? `story-${story.id}` : undefined,
    delay: story.delayMs > 0 ? story.delayMs : undefined,
    timeout: story.timeoutMs,
    limits: story.limits,
  };
  const [first] = story.bySignal ? signalsOf(story) : [];
  const ask = (millrace: Millrace): Promise<Run<string[]>> => {
    const { key } = options;
    if (first === undefined || key === undefined) return millrace.start(NAMED, input, options);
    const { id, name, count } = first;
    return millrace.signalWithStart(NAMED, input, {
      ...options,
      key,
      reuse: 'return',
      signal: name,
      payload: count,
      id,
    });
  };
  // Without a key a second start would be a second run.
  const run = await insist('start', ask, story.keyed ? undefined : 1);
  if (run !== undefined) runIds.add(run.runId);
}

/** The run of a story, by what the client was told or, for a lost answer, by what is there. */
async function runIdOf(desk: Desk, entry: Acknowledged): Promise<string | undefined> {
  await start(desk, entry);
  const [runId] = entry.runIds;
  if (runId !== undefined) return runId;
  await desk.healed();
  await desk.sleep(PATIENCE_MS * 2);
  return desk.rootsOf(entry.story.id)[0];
}

async function sendSignals(
  { insist, sleep }: Desk,
  { story }: Acknowledged,
  runId: string,
  signals: Acknowledged['signals'],
): Promise<void> {
  for (const { id, name, count } of signalsOf(story)) {
    // oxlint-disable-next-line no-await-in-loop -- each is sent when the one before is acknowledged
    await sleep(story.signalPauseMs);
    const send = (): Promise<true | undefined> =>
      insist('signal', (millrace) =>
        millrace
          .run(runId)
          .signal(name, count, { id })
          .then(() => true as const),
      );
    // oxlint-disable-next-line no-await-in-loop -- each is sent when the one before is acknowledged
    const sent = await Promise.all(Array.from({ length: story.signalRepeats }, send));
    if (sent.includes(true) && !signals.some((signal) => signal.id === id)) signals.push({ id, name });
  }
}

/** The signals of a story in the order of its program; those of one name carry 1, 2, 3, … */
export function signalsOf(story: Story): { id: string; name: string; count: number }[] {
  const counts = new Map<string, number>();
  return [...ownOps(story.program)].flatMap((op) => {
    if (op.op !== 'signal') return [];
    const count = (counts.get(op.name) ?? 0) + 1;
    counts.set(op.name, count);
    return [{ id: `${story.id}-${op.name}-${count}`, name: op.name, count }];
  });
}

async function cancel({ insist, sleepUntil }: Desk, entry: Acknowledged, runId: string): Promise<void> {
  await sleepUntil(entry.story.cancelAtMs ?? 0);
  const sent = await insist('cancel', (millrace) =>
    millrace
      .run(runId)
      .cancel('enough')
      .then(() => true),
  );
  if (sent) entry.cancels++;
}

/** Pauses and resumes it; a pause whose answer was lost may be applied late, and nobody else would end it. */
async function pause(desk: Desk, { story }: Acknowledged, runId: string): Promise<void> {
  const { insist, sleepUntil, sleep, healed } = desk;
  const resume = () => insist('resume', (millrace) => millrace.run(runId).resume());
  const one = async ({ atMs, forMs }: Story['pauses'][number]): Promise<void> => {
    await sleepUntil(atMs);
    await insist('pause', (millrace) => millrace.run(runId).pause({ reason: 'a look' }));
    await sleep(forMs);
    await resume();
  };
  await Promise.all(story.pauses.map(one));
  await healed();
  await sleep(PATIENCE_MS * 2);
  await resume();
}

async function retry(desk: Desk, entry: Acknowledged, runId: string): Promise<void> {
  await desk.sleepUntil(entry.story.retryAtMs ?? 0);
  let left = entry.story.retries;
  for (let looks = 0; looks < MOST_LOOKS && left > 0; looks++) {
    // oxlint-disable-next-line no-await-in-loop -- one look after the other
    const found = await desk.insist('retry', (millrace) => retryIfClosed(millrace.run(runId)), 1);
    if (found === 'ended well') break;
    if (found === 'retried') left--;
    // oxlint-disable-next-line no-await-in-loop
    await desk.sleep(LOOK_MS);
  }
  // What was refused while it was closed is wanted again; the retry itself may yet be on its way.
  await desk.healed();
  await desk.sleep(PATIENCE_MS);
  await Promise.all([...entry.tokens.keys()].map((id) => completeExternal(desk, entry, id)));
  await sendSignals(desk, entry, runId, entry.signalsAgain);
}

/** A run must have ended before it is retried: somebody looks now and then. */
const MOST_LOOKS = 40;
const LOOK_MS = 400;

async function retryIfClosed(run: Run): Promise<'retried' | 'open' | 'ended well'> {
  try {
    await run.retry();
    return 'retried';
  } catch (error) {
    if (isMillraceError(error, 'RUN_NOT_CLOSED')) return 'open';
    if (isMillraceError(error, 'RUN_CLOSED')) return 'ended well';
    throw error;
  }
}

async function query({ insist, sleepUntil }: Desk, runId: string, atMs: number): Promise<void> {
  await sleepUntil(atMs);
  await insist('describe', (millrace) => millrace.run(runId).describe(), 3);
  await insist('published', (millrace) => millrace.run(runId).published('progress'), 3);
  await insist('why', (millrace) => millrace.run(runId).why(), 3);
}

async function update(
  desk: Desk,
  { story, updates }: Acknowledged,
  runId: string,
  at: number,
): Promise<void> {
  await desk.sleepUntil(story.updates[at] ?? 0);
  const id = `${story.id}-update-${at}`;
  const reply = await desk.insist('update', (millrace) =>
    millrace.run(runId).update<number>('increment', at, { id, timeout: '10s' }),
  );
  if (reply === undefined) return;
  if (reply !== at + 1) violated('update answer', `${id} got ${String(reply)}`);
  updates.push(id);
}

const ENDS = ['RUN_FAILED', 'CANCELLED', 'RUN_TIMED_OUT'];

async function awaitResult({ insist }: Desk, entry: Acknowledged, runId: string): Promise<void> {
  entry.result = await insist('result', async (millrace) => {
    try {
      return { tokens: await millrace.run<string[]>(runId).result({ timeout: '10s' }) };
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== undefined && ENDS.includes(code)) return { code };
      throw error;
    }
  });
}

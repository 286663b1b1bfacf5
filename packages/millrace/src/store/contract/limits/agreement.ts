import { expect } from 'vitest';
import { admit, type Candidate, hindrances, limitsByName } from '../../../core/limits/admission.ts';
import type { LimitState } from '../../../core/limits/limit.ts';
import { rank } from '../../../core/status.ts';
import type { LimitChange } from '../../port/limits.ts';

import { advance, boot, claim, messageTo, type Owned, startOf, suspension } from '../samples.ts';
import type { Promises, Subject } from '../subject.ts';
import { close } from './limit.ts';

/** How many states one test goes through. */
const STATES = 500;
/** After so many it begins anew in another namespace: limits that pile up let nothing through any more. */
const STATES_OF_A_WORLD = 20;
const SEED = 20_261_121;
const QUEUES = ['a', 'b', 'c'];
const WORKFLOWS = ['order', 'mail'];
const KEYS = ['k1', 'k2', 'k3'];
const REFS = WORKFLOWS.map((workflow) => ({ workflow, version: '1' }));

/** A run as the test knows it. */
interface Known extends Candidate {
  runId: string;
  rank: number;
}

/** What the test drives and keeps the books of. */
interface World {
  namespace: string;
  subject: Subject;
  engineId: string;
  random: () => number;
  queued: Map<string, Known>;
  owned: Map<string, { run: Owned; known: Known }>;
  waiting: Map<string, { run: Owned; known: Known }>;
}

export const agreementPromises: Promises = {
  'a claim takes exactly what the rule says may be taken, and the rule says why of the rest': async (
    subject,
  ) => {
    const random = mulberry(SEED);
    const engineId = await boot(subject.store);
    let world = newWorld({ subject, engineId, random }, 0);
    let taken = 0;
    let held = 0;
    for (let state = 0; state < STATES; state += 1) {
      if (state % STATES_OF_A_WORLD === 0) world = newWorld(world, state);
      // oxlint-disable no-await-in-loop -- each state follows from the one before
      for (let change = 1 + below(random, 3); change > 0; change -= 1) await happen(world);
      const ready = [...world.queued.values()].toSorted(byRank);
      const limits = limitsByName(await limitsNow(world, ready));
      const expected = ready.filter((run) => admit(run, limits) === undefined).map(({ runId }) => runId);
      const claimed = await takeAll(world);
      expect(claimed.toSorted(), `state ${state}`).toEqual(expected.toSorted());
      taken += claimed.length;
      held += world.queued.size;
      if (state % 20 === 0) await explain(world);
      // oxlint-enable no-await-in-loop
    }
    // A test in which nothing was granted, or nothing held back, would prove nothing.
    expect(Math.min(taken, held)).toBeGreaterThan(STATES / 2);
  },
};

function newWorld(of: Pick<World, 'subject' | 'engineId' | 'random'>, state: number): World {
  const { subject, engineId, random } = of;
  const runs = { queued: new Map(), owned: new Map(), waiting: new Map() };
  return { namespace: `world-${state}`, subject, engineId, random, ...runs };
}

/** Each run that is still queued is held back by something that its own explanation names. */
async function explain({ subject: { store }, queued }: World): Promise<void> {
  for (const { runId, queue, workflow } of queued.values()) {
    // oxlint-disable-next-line no-await-in-loop -- reads of one store, in order
    const found = await store.limitsOf(runId);
    const { keys = [], granted = false, limits = [], parkedOn } = found ?? {};
    const reasons = hindrances({ queue, workflow, keys, granted }, limitsByName(limits));
    expect(reasons, `run ${runId}, parked on ${parkedOn}`).not.toEqual([]);
  }
}

async function happen(world: World): Promise<void> {
  const { namespace, subject, random, owned, waiting } = world;
  const { store, clock } = subject;
  const choice = below(random, 10);
  if (choice < 3) await startRuns(world);
  else if (choice < 5) await store.setLimit({ namespace, ...randomChange(random) });
  else if (choice < 6) clock.advance(below(random, 2_000));
  else if (choice < 8) {
    const run = pick(random, [...owned.values()]);
    if (run === undefined) return;
    owned.delete(run.run.runId);
    await close(store, run.run);
  } else if (choice < 9) {
    const run = pick(random, [...owned.values()]);
    if (run === undefined) return;
    owned.delete(run.run.runId);
    const suspended = await advance(store, run.run, suspension(run.run));
    waiting.set(suspended.runId, { ...run, run: suspended });
  } else {
    const run = pick(random, [...waiting.values()]);
    if (run === undefined) return;
    const { runId } = run.run;
    waiting.delete(runId);
    await store.deliver([messageTo(runId, `m${run.run.inboxSeq}`)]);
    const position = rank('normal', clock.now());
    // Whether it holds a grant depends on the limits that it has met.
    const { granted = false } = (await store.limitsOf(runId)) ?? {};
    world.queued.set(runId, { ...run.known, granted, rank: position });
  }
}

async function startRuns({ namespace, subject: { store, clock }, random, queued }: World): Promise<void> {
  const requests = Array.from({ length: 1 + below(random, 5) }, () => {
    const keys = KEYS.filter(() => random() < 0.2);
    return startOf({
      namespace,
      queue: pick(random, QUEUES) ?? 'a',
      workflow: pick(random, WORKFLOWS) ?? 'order',
      priority: 'normal',
      limits: keys.map((key) => ({ key, max: 1 + KEYS.indexOf(key) })),
    });
  });
  await store.startRuns(requests);
  for (const { runId, queue, workflow, limits = [] } of requests) {
    const keys = limits.map(({ key }) => key);
    queued.set(runId, { runId, queue, workflow, keys, granted: false, rank: rank('normal', clock.now()) });
  }
}

function randomChange(random: () => number): Omit<LimitChange, 'namespace'> {
  const scopes = [
    { kind: 'global', name: '' },
    ...QUEUES.map((name) => ({ kind: 'queue' as const, name })),
    ...WORKFLOWS.map((name) => ({ kind: 'workflow' as const, name })),
    ...KEYS.map((name) => ({ kind: 'key' as const, name })),
  ] as const;
  const scope = pick(random, scopes) ?? scopes[0];
  const count = (most: number): number | null => (random() < 0.3 ? null : 1 + below(random, most));
  const part = below(random, 4);
  if (part === 0) return { ...scope, paused: random() < 0.3 };
  if (part === 1) return { ...scope, ratePerSecond: count(5) };
  return { ...scope, maxConcurrent: count(scope.kind === 'global' ? 12 : 5) };
}

/** The limits as the store reports them; of keys that only runs brought along, through one of their runs. */
async function limitsNow(
  { namespace, subject: { store } }: World,
  ready: readonly Known[],
): Promise<LimitState[]> {
  const all = new Map<string, LimitState>();
  const add = (limit: LimitState): void => void all.set(`${limit.kind} ${limit.name}`, limit);
  (await store.readLimits(namespace)).forEach(add);
  for (const key of KEYS) {
    const run = ready.find(({ keys }) => keys.includes(key));
    if (run === undefined) continue;
    // oxlint-disable-next-line no-await-in-loop -- reads of one store, in order
    (await store.limitsOf(run.runId))?.limits.forEach(add);
  }
  return [...all.values()];
}

async function takeAll({ namespace, subject: { store }, engineId, queued, owned }: World): Promise<string[]> {
  const claimed: string[] = [];
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- each claim sees what the one before has left
    const runs = await claim(store, engineId, { namespace, workflows: REFS, limit: 7 });
    for (const run of runs) {
      const known = queued.get(run.runId);
      if (known === undefined) throw new Error(`run ${run.runId} was claimed and not queued`);
      queued.delete(run.runId);
      owned.set(run.runId, { run: { ...run, engineId }, known });
      claimed.push(run.runId);
    }
    if (runs.askAgainMs !== 0 && runs.length < 7) return claimed;
  }
}

function byRank(a: Known, b: Known): number {
  if (a.rank !== b.rank) return a.rank - b.rank;
  return a.runId < b.runId ? -1 : 1;
}

function below(random: () => number, end: number): number {
  return Math.floor(random() * end);
}

function pick<T>(random: () => number, from: readonly T[]): T | undefined {
  return from[below(random, from.length)];
}

/** @source mulberry32, public domain. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

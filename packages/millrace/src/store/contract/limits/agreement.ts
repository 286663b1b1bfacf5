import { expect } from 'vitest';
import { admit, type Candidate, hindrances, limitsByName } from '../../../core/limits/admission.ts';
import type { LimitState } from '../../../core/limits/limit.ts';
import { rank } from '../../../core/status.ts';
import type { LimitChange } from '../../port/limits.ts';
import type { Message, Plan, StartRequest, Store } from '../../port/store.ts';
import { boot, claim, closing, messageTo, type Owned, planOf, startOf, suspension } from '../samples.ts';
import type { Promises, Subject } from '../subject.ts';

/** How many states one test goes through: so many rounds of worlds that live beside each other. */
const WORLDS = 20;
const ROUNDS = 105;
const STATES = WORLDS * ROUNDS;
/** After so many rounds its worlds begin anew: limits that pile up let nothing through any more. */
const ROUNDS_OF_A_WORLD = 15;
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

interface Held {
  run: Owned;
  known: Known;
}

/** A namespace, and the books that the test keeps of it. Nothing in one world concerns another. */
interface World {
  namespace: string;
  queued: Map<string, Known>;
  owned: Map<string, Held>;
  waiting: Map<string, Held>;
}

/** What happens in all worlds before the next look at them, gathered so that the store is asked once for each kind. */
interface Happenings {
  starts: StartRequest[];
  changes: LimitChange[];
  plans: Plan[];
  messages: Message[];
  /** What the books say of runs that woke up, when all that has been done. */
  wakes: (() => Promise<void>)[];
}

interface Play {
  subject: Subject;
  engineId: string;
  random: () => number;
}

export const agreementPromises: Promises = {
  'a claim takes exactly what the rule says may be taken, and the rule says why of the rest': async (
    subject,
  ) => {
    const play: Play = { subject, engineId: await boot(subject.store), random: mulberry(SEED) };
    let worlds: World[] = [];
    let taken = 0;
    let held = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      if (round % ROUNDS_OF_A_WORLD === 0)
        worlds = Array.from({ length: WORLDS }, (_, at) => newWorld(`world-${round}-${at}`));
      // oxlint-disable no-await-in-loop -- each state follows from the one before
      await happen(play, worlds);
      const outcomes = await Promise.all(worlds.map((world) => claimAsTheRuleSays(play, world)));
      // oxlint-enable no-await-in-loop
      for (const { namespace, claimed, expected, unexplained } of outcomes) {
        expect(claimed.toSorted(), `round ${round}, ${namespace}`).toEqual(expected.toSorted());
        expect(unexplained, `round ${round}, ${namespace}`).toEqual([]);
        taken += claimed.length;
      }
      for (const { queued } of worlds) held += queued.size;
    }
    // A test in which nothing was granted, or nothing held back, would prove nothing.
    expect(Math.min(taken, held)).toBeGreaterThan(STATES / 2);
  },
};

function newWorld(namespace: string): World {
  return { namespace, queued: new Map(), owned: new Map(), waiting: new Map() };
}

/** One state: what the rule lets through of what is ready, what the store gives, and what nobody can explain. */
async function claimAsTheRuleSays(play: Play, world: World) {
  const { namespace, queued } = world;
  const ready = [...queued.values()].toSorted(byRank);
  const limits = limitsByName(await limitsNow(play.subject.store, world));
  const expected = ready.filter((run) => admit(run, limits) === undefined).map(({ runId }) => runId);
  const claimed = await takeAll(play, world);
  return { namespace, claimed, expected, unexplained: await unexplainedIn(play, world) };
}

/** The first or the last of the runs that are still queued, if its own explanation names nothing that holds it back. */
async function unexplainedIn({ subject: { store }, random }: Play, { queued }: World): Promise<string[]> {
  const run = [...queued.values()].toSorted(byRank).at(random() < 0.5 ? 0 : -1);
  if (run === undefined) return [];
  const { runId, queue, workflow } = run;
  const { keys = [], granted = false, limits = [], parkedOn } = (await store.limitsOf(runId)) ?? {};
  const reasons = hindrances({ queue, workflow, keys, granted }, limitsByName(limits));
  return reasons.length > 0 ? [] : [`run ${runId}, parked on ${parkedOn}`];
}

async function happen(play: Play, worlds: readonly World[]): Promise<void> {
  const { subject, random } = play;
  const { store, clock } = subject;
  const all: Happenings = { starts: [], changes: [], plans: [], messages: [], wakes: [] };
  if (random() < 0.3) clock.advance(below(random, 2_000));
  for (const world of worlds)
    for (let count = 1 + below(random, 3); count > 0; count -= 1) decide(play, world, all);
  await store.startRuns(all.starts);
  // Two changes of one limit must not meet.
  await Promise.all(
    worlds.map(async ({ namespace }) => {
      const own = all.changes.filter((change) => change.namespace === namespace);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      for (const change of own) await store.setLimit(change);
    }),
  );
  const results = await store.commit(all.plans);
  expect(results.every(({ outcome }) => outcome === 'ok')).toBe(true);
  await store.deliver(all.messages);
  await Promise.all(all.wakes.map((wake) => wake()));
}

/** One thing that happens in a world. */
function decide({ subject, random }: Play, world: World, all: Happenings): void {
  const { namespace, owned, waiting, queued } = world;
  const { store, clock } = subject;
  const choice = below(random, 9);
  if (choice < 3) {
    const starts = someStarts(random, namespace);
    all.starts.push(...starts);
    for (const start of starts) queued.set(start.runId, knownOf(start, rank('normal', clock.now())));
  } else if (choice < 5) {
    all.changes.push({ namespace, ...randomChange(random) });
  } else if (choice < 8) {
    const held = pick(random, [...owned.values()]);
    if (held === undefined) return;
    const { run, known } = held;
    owned.delete(run.runId);
    const next = choice < 7 ? closing(run) : suspension(run);
    const plan = planOf(run, next);
    all.plans.push(plan);
    if (next.kind !== 'suspend') return;
    const suspended = { ...run, version: run.version + 1, events: run.events + plan.count };
    waiting.set(run.runId, { run: suspended, known });
  } else {
    const held = pick(random, [...waiting.values()]);
    if (held === undefined) return;
    const { runId, inboxSeq } = held.run;
    waiting.delete(runId);
    all.messages.push(messageTo(runId, `m${inboxSeq}`));
    const known = { ...held.known, rank: rank('normal', clock.now()) };
    // Whether it holds a grant depends on the limits that it has met.
    all.wakes.push(async () => {
      const { granted = false } = (await store.limitsOf(runId)) ?? {};
      queued.set(runId, { ...known, granted });
    });
  }
}

function someStarts(random: () => number, namespace: string): StartRequest[] {
  return Array.from({ length: 1 + below(random, 5) }, () => {
    const keys = KEYS.filter(() => random() < 0.2);
    return startOf({
      namespace,
      queue: pick(random, QUEUES) ?? 'a',
      workflow: pick(random, WORKFLOWS) ?? 'order',
      priority: 'normal',
      limits: keys.map((key) => ({ key, max: mostOf(key) })),
    });
  });
}

function knownOf({ runId, queue, workflow, limits = [] }: StartRequest, position: number): Known {
  return { runId, queue, workflow, keys: limits.map(({ key }) => key), granted: false, rank: position };
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

/** The limits as the store reports them; keys that only runs brought along, which it leaves out, by the books. */
async function limitsNow(store: Store, { namespace, queued, owned, waiting }: World): Promise<LimitState[]> {
  const begun = [...owned.values(), ...waiting.values()].map(({ known }) => known);
  const open = [...begun, ...[...queued.values()].filter(({ granted }) => granted)];
  const brought = KEYS.map((name): LimitState => {
    const inUse = open.filter(({ keys }) => keys.includes(name)).length;
    return { kind: 'key', name, max: mostOf(name), inUse, tokens: undefined, paused: false };
  });
  const reported = await store.readLimits(namespace);
  const isReported = ({ name }: LimitState): boolean =>
    reported.some((limit) => limit.kind === 'key' && limit.name === name);
  return [...reported, ...brought.filter((limit) => !isReported(limit))];
}

/** What every start says of a key. */
function mostOf(key: string): number {
  return 1 + KEYS.indexOf(key);
}

async function takeAll({ subject: { store }, engineId }: Play, world: World): Promise<string[]> {
  const { namespace, queued, owned } = world;
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

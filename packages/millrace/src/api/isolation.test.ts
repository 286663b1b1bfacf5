import { describe, expect, it, vi } from 'vitest';
import { open, refusal, sharedStore, until } from '../../testbed/engines/engines.ts';
import { isMillraceError, workflow, type Millrace, type Run } from '../index.ts';

// Reading definitions takes libraries, which are loaded when they are first needed.
vi.setConfig({ testTimeout: 30_000 });

/*
 * One store, two namespaces: whatever names something takes the name of ours from theirs, and is answered as if it did
 * not exist. The tables have every public member, or the types of this file are wrong: a new one says how it is bounded.
 */

const order = workflow('order', async (ctx, _: null) => {
  ctx.publish('state', 'open');
  ctx.onUpdate('ask', () => 'told');
  const { token, result } = ctx.external<string>('scale');
  ctx.publish('token', token);
  return result;
});
const ill = workflow('ill', () => {
  throw new Error('ill');
});
const lockName = 'crane';
const NOBODY = '0199b0a0-0000-7000-8000-000000000001';
const shop = { workflow: 'shop', version: 1, nodes: { one: { value: 1 } } };

interface World {
  ours: Millrace;
  theirs: Millrace;
  /** Ours, open, and what was stored for it. */
  run: Run;
  failed: Run;
}

async function twoNamespaces(): Promise<World> {
  const store = sharedStore();
  const both = { store, workflows: [order, ill] };
  const ours = await open({ ...both, namespace: 'ours', name: 'engine-ours' });
  const theirs = await open({ ...both, namespace: 'theirs', name: 'engine-theirs' });
  const run = await ours.start(order, null, { key: 'k' });
  await until(run, 'waiting');
  const failed = await ours.start(ill, null);
  await until(failed, 'failed');
  return { ours, theirs, run, failed };
}

const RUN_ACTS: Readonly<Record<Exclude<keyof Run, 'runId'>, (run: Run) => Promise<unknown>>> = {
  result: (run) => run.result({ timeout: 5_000 }),
  signal: (run) => run.signal('go'),
  cancel: (run) => run.cancel('not ours'),
  update: (run) => run.update('ask', null, { timeout: 1_000 }),
  published: (run) => run.published('state'),
  describe: (run) => run.describe({ nodes: true }),
  detail: (run) => run.detail(),
  history: (run) => run.history(),
  historyPage: (run) => run.historyPage(),
  logPage: (run) => run.logPage(),
  logs: (run) => run.logs()[Symbol.asyncIterator]().next(),
  outcome: (run) => run.outcome({ wait: 50 }),
  graph: (run) => run.graph(),
  why: (run) => run.why(),
  pause: (run) => run.pause(),
  resume: (run) => run.resume(),
  retry: (run) => run.retry(),
};

describe.each(Object.entries(RUN_ACTS))('%s of a run of another namespace', (_, act) => {
  it('is answered as for one that does not exist, by id and by key, open and closed', async () => {
    const { theirs, run, failed } = await twoNamespaces();
    const before = [await run.describe(), await failed.describe()];
    const nobody = await answerOf(act(theirs.run(NOBODY)));
    expect(nobody).toMatchObject({ code: 'RUN_NOT_FOUND' });
    for (const { runId } of [run, failed])
      expect(await answerOf(act(theirs.run(runId)))).toEqual(renamed(nobody, NOBODY, runId));
    const unnamed = await answerOf(act(theirs.run({ key: 'x' })));
    expect(await answerOf(act(theirs.run({ key: 'k' })))).toEqual(renamed(unnamed, '"x"', '"k"'));
    expect([await run.describe(), await failed.describe()], 'nothing has happened to it').toEqual(before);
  });
});

it('reads as often for a run of another namespace as for one that does not exist', async () => {
  const { theirs, run } = await twoNamespaces();
  const reads: string[] = [];
  for (const name of ['readRuns', 'readHistory', 'deliver', 'reopen'] as const) {
    const call = theirs.store[name] as (...args: unknown[]) => unknown;
    Object.assign(theirs.store, {
      [name]: (...args: unknown[]) => {
        reads.push(name);
        return call.apply(theirs.store, args);
      },
    });
  }
  for (const [name, act] of Object.entries(RUN_ACTS)) {
    // oxlint-disable no-await-in-loop -- what one act reads must not be taken for another's
    await answerOf(act(theirs.run(NOBODY)));
    const ofNobody = reads.splice(0);
    await answerOf(act(theirs.run(run.runId)));
    // oxlint-enable no-await-in-loop
    expect([name, ...reads.splice(0)]).toEqual([name, ...ofNobody]);
    expect(ofNobody, name).toHaveLength(1);
  }
});

it('asks nobody whose a run is that it has started itself', async () => {
  const { ours } = await twoNamespaces();
  const run = await ours.start(order, null);
  await until(run, 'waiting');
  const { readRuns } = ours.store;
  let reads = 0;
  Object.assign(ours.store, {
    readRuns: (...args: Parameters<typeof readRuns>) => (reads++, readRuns(...args)),
  });
  const started = await ours.start(order, null);
  await started.signal('go');
  await started.history();
  await started.cancel();
  expect(reads).toBe(0);
});

/** What a member does with the names of ours; a text: why there is nothing to find by name. */
type Bound = string | ((world: World) => Promise<void>);

const MEMBERS: Readonly<Record<keyof Millrace, Bound>> = {
  store: 'the durable seam itself; no caller from outside has it',
  engine: 'of this process',
  departed: 'of this process',
  pool: 'of this process',
  meters: 'of this process',
  close: 'of this process',
  cluster: 'of the whole cluster: what is told to whom is for the server to say',
  failovers: 'of the whole cluster: what is told to whom is for the server to say',
  strategy: 'of the whole cluster',
  setStrategy: 'of the whole cluster',
  run: 'its members are in the other table',
  async start({ theirs, run }) {
    const started = await theirs.start(order, null, { key: 'k' });
    expect(started.runId).not.toBe(run.runId);
  },
  async startMany({ theirs, run }) {
    const [started] = await theirs.startMany([{ workflow: order, input: null, key: 'k' }]);
    expect(started?.runId).not.toBe(run.runId);
  },
  async startEach({ theirs, run }) {
    const [started] = await theirs.startEach([{ workflow: order, input: null, key: 'k' }]);
    expect(JSON.stringify(started)).not.toContain(run.runId);
  },
  async signalWithStart({ theirs, run }) {
    const options = { key: 'k', signal: 'go', payload: 1 };
    const started = await theirs.signalWithStart(order, null, options);
    expect(started.runId).not.toBe(run.runId);
    expect((await run.history()).map(({ type }) => type)).not.toContain('signal-received');
  },
  async runs({ ours, theirs, run }) {
    const child = { parentRunId: run.runId };
    for (const filter of [{}, { key: 'k' }, child, { workflow: 'order' }, { queue: 'default' }])
      expect(await theirs.runs(filter)).toEqual({ runs: [], next: undefined });
    expect((await ours.runs({ key: 'k' })).runs).toHaveLength(1);
  },
  async complete({ ours, theirs, run }) {
    const token = await tokenOf(run);
    await sameAsNobody(run, (runId) => theirs.complete(token.replace(run.runId, runId), 'mine'));
    await ours.complete(token, 'done');
    expect(await run.result()).toBe('done');
  },
  async fail({ theirs, run }) {
    const token = await tokenOf(run);
    await sameAsNobody(run, (runId) => theirs.fail(token.replace(run.runId, runId), new Error('mine')));
    await until(run, 'waiting');
  },
  async lock({ ours, theirs }) {
    await using held = await ours.lock(lockName);
    await using other = await theirs.lock(lockName, { waitFor: 1_000 });
    expect([held.token > 0, other.token > 0]).toEqual([true, true]);
  },
  async locks({ ours, theirs }) {
    await using _ = await ours.lock(lockName);
    expect([(await ours.locks()).length, await theirs.locks()]).toEqual([1, []]);
  },
  async releaseLock({ ours, theirs }) {
    await using held = await ours.lock(lockName);
    await expect(theirs.releaseLock(lockName)).rejects.toEqual(refusal('LOCK_NOT_HELD'));
    expect(held.signal.aborted).toBe(false);
  },
  async selectInstance({ theirs }) {
    const chosen = await theirs.selectInstance({ workflow: order });
    expect(JSON.stringify(chosen)).not.toContain('engine-ours');
  },
  drain: ({ ours, theirs }) => engineUnknown(ours, (engine) => theirs.drain(engine)),
  failover: ({ ours, theirs }) => engineUnknown(ours, (engine) => theirs.failover(engine)),
  record: 'writes into its own namespace; what is in there, the next one reads',
  async audit({ ours, theirs }) {
    await ours.record({ actor: 'local', action: 'cancelRun', outcome: 'done' });
    const { entries } = await ours.audit();
    expect(entries).toHaveLength(1);
    for (const filter of [{}, { actor: 'local' }, { before: entries[0]?.id }])
      expect(await theirs.audit(filter)).toEqual({ entries: [], next: undefined });
  },
  async countOpen({ ours, theirs }) {
    expect([await ours.countOpen(9), await theirs.countOpen(9)]).toEqual([1, 0]);
  },
  async keys({ ours, theirs }) {
    const { keyId: id } = await ours.keys.create({ role: 'viewer' });
    expect((await theirs.keys.list()).keys).toEqual([]);
    const unknown = await answerOf(theirs.keys.revoke('nobody'));
    expect(await answerOf(theirs.keys.revoke(id))).toEqual(renamed(unknown, 'nobody', id));
    expect((await ours.keys.list()).keys).toMatchObject([{ keyId: id, status: 'active' }]);
  },
  validate: 'of the text alone',
  async autoscaling({ theirs }) {
    expect(await theirs.autoscaling('default')).toMatchObject({ depth: 0, desired: 0 });
  },
  observatory: 'the seam of the two that follow',
  async watch({ ours, theirs }) {
    const changes = theirs.watch()[Symbol.asyncIterator]();
    const first = changes.next();
    const foreign = await ours.start(ill, null);
    const own = await theirs.start(ill, null);
    const heard: string[] = [JSON.stringify(await first)];
    // oxlint-disable-next-line no-await-in-loop -- one change after the other
    while (!heard.join().includes(own.runId)) heard.push(JSON.stringify(await changes.next()));
    await changes.return?.();
    expect(heard.join()).not.toContain(foreign.runId);
  },
  async watchRun({ theirs, run }) {
    const first = (runId: string) => answerOf(theirs.watchRun(runId)[Symbol.asyncIterator]().next());
    const nobody = await first(NOBODY);
    expect(nobody).toMatchObject({ code: 'RUN_NOT_FOUND' });
    expect(await first(run.runId)).toEqual(renamed(nobody, NOBODY, run.runId));
  },
  async queues({ ours, theirs }) {
    expect([(await ours.queues()).length, await theirs.queues()]).toEqual([1, []]);
  },
  async setQueue({ ours, theirs }) {
    await theirs.setQueue('default', { paused: true });
    expect((await ours.queues())[0]).toMatchObject({ queue: 'default', paused: false });
  },
  async setLimit({ ours, theirs }) {
    await theirs.setLimit('all', { paused: true });
    expect(await ours.limits()).toEqual([]);
  },
  async limits({ ours, theirs }) {
    await ours.setLimit({ key: 'k' }, { maxConcurrent: 7 });
    expect([(await ours.limits()).length, await theirs.limits()]).toEqual([1, []]);
  },
  async deadLetters({ ours, theirs }) {
    expect((await theirs.deadLetters('default')).runs).toEqual([]);
    expect((await ours.deadLetters('default')).runs).toHaveLength(1);
  },
  async redrive({ theirs, failed }) {
    expect(await theirs.redrive('default')).toEqual({ done: 0, failed: [] });
    expect((await failed.describe()).status).toBe('failed');
  },
  async deploy({ ours, theirs }) {
    await ours.deploy(shop);
    const other = { ...shop, nodes: { two: { value: 2 } } };
    await expect(theirs.deploy(other), 'no difference is told').resolves.toBeDefined();
  },
  async definitions({ ours, theirs }) {
    await ours.deploy(shop);
    expect(JSON.stringify(await theirs.definitions())).not.toContain('shop');
  },
  definition: ({ ours, theirs }) => shopUnknown(ours, () => theirs.definition('shop')),
  definitionVersion: ({ ours, theirs }) => shopUnknown(ours, () => theirs.definitionVersion('shop', 1)),
  activate: ({ ours, theirs }) => shopUnknown(ours, () => theirs.activate('shop', 1)),
  rollout: ({ ours, theirs }) => shopUnknown(ours, () => theirs.rollout('shop', { 1: 10 })),
  rollback: ({ ours, theirs }) => shopUnknown(ours, () => theirs.rollback('shop')),
};

const BOUNDED = Object.entries(MEMBERS).flatMap(([name, bound]) =>
  typeof bound === 'function' ? [[name, bound] as const] : [],
);

describe('a Millrace of another namespace', () => {
  // oxlint-disable-next-line vitest/expect-expect -- each has its own
  it.each(BOUNDED)('finds nothing of ours, and changes nothing: %s', async (_, bound) => {
    await bound(await twoNamespaces());
  });

  it('is told nothing of our engines by why', async () => {
    const { ours, theirs, run } = await twoNamespaces();
    const { engineId } = await ours.failover('engine-ours').catch(() => ({ engineId: 'engine-ours' }));
    const stuck = await theirs.start(order, null);
    await until(stuck, 'waiting');
    const told = JSON.stringify(await stuck.why());
    for (const secret of [engineId, run.runId]) expect(told).not.toContain(secret);
  });
});

async function tokenOf(run: Run): Promise<string> {
  return (await run.published<string>('token')) ?? '';
}

async function sameAsNobody(run: Run, act: (runId: string) => Promise<unknown>): Promise<void> {
  const nobody = await answerOf(act(NOBODY));
  expect(nobody).toMatchObject({ code: 'RUN_NOT_FOUND' });
  expect(await answerOf(act(run.runId))).toEqual(renamed(nobody, NOBODY, run.runId));
}

async function engineUnknown(ours: Millrace, act: (engine: string) => Promise<unknown>): Promise<void> {
  const id = ours.engine?.engineId ?? '';
  for (const engine of ['engine-ours', id, id.slice(0, 8)]) {
    const nobody = await answerOf(act('nobody'));
    expect(nobody).toMatchObject({ code: 'ENGINE_NOT_FOUND' });
    expect(await answerOf(act(engine))).toEqual(renamed(nobody, 'nobody', engine));
  }
  const { engines } = await ours.cluster();
  expect(engines.find(({ engineId }) => engineId === 'engine-ours')?.status).toBe('alive');
}

async function shopUnknown(ours: Millrace, act: () => Promise<unknown>): Promise<void> {
  const nobody = await answerOf(act());
  expect(nobody).toMatchObject({ code: 'UNKNOWN_WORKFLOW' });
  await ours.deploy(shop);
  expect(await answerOf(act())).toEqual(nobody);
}

/** What a caller sees: the refusal word by word, or that there was none. */
async function answerOf(call: Promise<unknown>): Promise<unknown> {
  try {
    return { value: await call };
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    const { code, message, remedy, details } = error;
    return { code, message, remedy, details };
  }
}

function renamed(answer: unknown, from: string, to: string): unknown {
  const quoted = [from, to].map((text) => JSON.stringify(text).slice(1, -1));
  const [old, now] = quoted as [string, string];
  return JSON.parse(JSON.stringify(answer).replaceAll(old, now).replaceAll(from, to)) as unknown;
}

import { describe, expect, it } from 'vitest';
import { open, refusal, sharedStore, until } from '../../testbed/engines/engines.ts';
import { openStore, workflow } from '../index.ts';
import type { ClusterDescription, EngineLog, Millrace, MillraceOptions, Run } from '../index.ts';
import { nodePorts } from '../ports/node-ports.ts';
import type { Work } from '../core/policy/eligibility.ts';
import { WINDOW_MS } from '../engine/placing.ts';
import type { Store } from '../store/port/store.ts';

/** Not faster: on a busy machine engines would seem to be silent. */
const FAST = { beat: 100, lease: 4_000 } as const;
const IDLE = { cpuUsage: 10, memoryUsage: 10, loopLagMs: 1 };
const eventually = { interval: 10, timeout: 8_000 } as const;
const LONG_MS = 10_000;

const hold = workflow('hold', (ctx, _: null) => ctx.step('for ever', () => new Promise<never>(() => {})));

interface Stand extends MillraceOptions {
  /** What it measures of its process: the same for all, so that a slow test machine plays no part. */
  load?: typeof IDLE;
  /** For how long a run is kept for the engine that it was placed at: longer than any commit takes. */
  windowMs?: number;
}

/** An engine whose runs tell where they were executed. */
async function stand(
  store: string | Store,
  name: string,
  { load = IDLE, windowMs = LONG_MS, ...more }: Stand = {},
): Promise<Millrace> {
  const ports = { ...nodePorts(more.log ?? (() => {})), load: () => load };
  const where = workflow('where', (_ctx, _input: unknown) => name);
  const family = workflow('family', async (ctx, members: number) => {
    const children = Array.from({ length: members }, (_, at) => ctx.child(where, at));
    return Promise.all(children);
  });
  const chain = workflow('chain', (ctx, visited: readonly string[]) =>
    visited.length < 6 ? ctx.continueAsNew([...visited, name]) : visited,
  );
  const workflows = [where, family, chain, hold];
  const millrace = await open({
    ...{ ...FAST, ports, store, name, workflows, strategy: 'load-balanced' as const },
    ...more,
  });
  const { placing } = millrace.engine ?? {};
  const place = placing?.place;
  Object.assign(placing ?? {}, { place: (work: Work) => lasting(place?.(work), windowMs) });
  return millrace;
}

function lasting<P>(place: P, windowMs: number): P {
  return typeof place === 'object' && place !== null ? { ...place, windowMs } : place;
}

/** As `stand`, for what a client places. */
function lastingStarts(store: Store): Store {
  return {
    ...store,
    startRuns: (requests, transaction) =>
      store.startRuns(
        requests.map((request) => ({ ...request, assignTo: lasting(request.assignTo, LONG_MS) })),
        transaction,
      ),
  };
}

/** Three engines that know each other, and by now the strategy that is set for all. */
async function three(
  strategy?: Parameters<Millrace['setStrategy']>,
): Promise<[Millrace, Millrace, Millrace]> {
  const store = sharedStore();
  const engines: [Millrace, Millrace, Millrace] = [
    await stand(store, 'one'),
    await stand(store, 'two'),
    await stand(store, 'three'),
  ];
  // A setting that is followed came with a beat that told of all three.
  if (strategy !== undefined) await engines[0].setStrategy(...strategy);
  await met(engines);
  return engines;
}

/** Every engine has heard from all of them since now. */
async function met(engines: readonly Millrace[]): Promise<void> {
  await engines[0]?.store.putSetting('met', new Uint8Array([1]));
  await followed(engines);
}

async function followed(engines: readonly Millrace[]): Promise<void> {
  const { revision } = await (engines[0] as Millrace).store.readSettings();
  await expect
    .poll(() => engines.map(({ engine }) => engine?.settings.revision()), eventually)
    .toEqual(engines.map(() => revision));
}

const WHERE = { name: 'where', version: '1' };

/** Starts runs one after the other; how many each engine executed. */
async function deal(from: Millrace, count: number, queue = 'default'): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let at = 0; at < count; at++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const name = (await (await from.start(WHERE, at, { queue })).result()) as string;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

function runsOf({ engines }: ClusterDescription, name: string): number | undefined {
  return engines.find(({ engineId }) => engineId === name)?.load.activeWorkflows;
}

async function assigneeOf({ store }: Millrace, runId: string): Promise<string | undefined> {
  return (await store.readRuns([{ runId }]))[0]?.assignedTo;
}

describe('runs that begin', () => {
  it('stay where they were started while all engines are alike', async () => {
    const [one, two] = await three();
    expect(await deal(one, 3)).toEqual({ one: 3 });
    expect(await deal(two, 3)).toEqual({ two: 3 });
  });

  it('go round under round-robin, one more or less', async () => {
    const [one] = await three(['round-robin']);
    const counts = await deal(one, 31);
    expect(Object.keys(counts).toSorted()).toEqual(['one', 'three', 'two']);
    expect(Math.max(...Object.values(counts)) - Math.min(...Object.values(counts))).toBeLessThanOrEqual(1);
  });

  it('avoid a busy engine under least-load', async () => {
    const store = sharedStore();
    const [small, large] = [
      { concurrency: 10, queues: ['default', 'own'] },
      { concurrency: 10, queues: ['default'] },
    ];
    const busy = await stand(store, 'busy', small);
    const idle = await stand(store, 'idle', large);
    await busy.setStrategy('least-load');
    await followed([busy, idle]);
    for (let at = 0; at < 6; at++) await until(await busy.start(hold, null, { queue: 'own' }), 'running');
    await expect.poll(async () => runsOf(await idle.cluster(), 'busy'), eventually).toBe(6);
    await met([busy, idle]);
    expect(await deal(busy, 4)).toEqual({ idle: 4 });
    expect(await deal(idle, 4)).toEqual({ idle: 4 });
  });

  it('belong together by key under affinity, whoever starts them', async () => {
    const engines = await three(['affinity']);
    const places = new Set<string>();
    for (const key of ['ada', 'bob', 'eve', 'joe', 'sue', 'tim']) {
      const names: unknown[] = [];
      for (const engine of engines) {
        const run = await engine.start(WHERE, names.length, { key, reuse: 'allow' });
        names.push(await run.result());
      }
      expect(new Set(names).size, `${key}: ${names.join(', ')}`).toBe(1);
      places.add(names[0] as string);
    }
    expect(places.size, 'not all at one engine').toBeGreaterThan(1);
  });

  it('go by the strategy of their queue, if it has one', async () => {
    const [one] = await three(['round-robin', { queues: { still: 'locality' } }]);
    expect(await deal(one, 6, 'still')).toEqual({ one: 6 });
    expect(await deal(one, 6)).toEqual({ one: 2, two: 2, three: 2 });
  });

  it('are placed when they are children or successors, too', async () => {
    const [one] = await three(['round-robin']);
    const family = await one.start({ name: 'family', version: '1' }, 6);
    const names = (await family.result()) as string[];
    expect(new Set(names).size, names.join(', ')).toBe(3);
    const chain = await one.start({ name: 'chain', version: '1' }, []);
    const visited = (await chain.result()) as string[];
    expect(new Set(visited).size, visited.join(', ')).toBeGreaterThan(1);
  });

  it('are placed when a client starts them, too', async () => {
    const [one] = await three(['round-robin', { queues: { keyed: 'affinity' } }]);
    const client = await open({ store: lastingStarts(one.store), work: false });
    expect(await deal(client, 6)).toEqual({ one: 2, two: 2, three: 2 });
    const keyed = { key: 'ada', queue: 'keyed', reuse: 'allow' } as const;
    const names: unknown[] = [];
    for (const from of [client, one]) {
      const run = await from.start(WHERE, names.length, keyed);
      names.push(await run.result());
    }
    expect(names[0], 'engines and clients agree').toBe(names[1]);
  });

  it('go where their start says, under geographic', async () => {
    const store = sharedStore();
    const [eu, us] = [
      await stand(store, 'eu', { region: 'eu-west-1' }),
      await stand(store, 'us', { region: 'us-east-1' }),
    ];
    await eu.setStrategy('geographic');
    await met([eu, us]);
    const client = await open({ store: lastingStarts(eu.store), work: false, region: 'eu-west-2' });
    const place = async (from: Millrace, near?: string): Promise<unknown> =>
      (await from.start(WHERE, null, { near })).result();
    expect(await place(eu)).toBe('eu');
    expect(await place(eu, 'us-east-1')).toBe('us');
    expect(await place(client)).toBe('eu');
    expect(await place(client, 'us-east-2')).toBe('us');
    await expect(place(client, '')).rejects.toEqual(refusal('INVALID_ARGUMENT', /region/));
  });

  it('take no turn when they are delayed, and are for whoever wakes them', async () => {
    const [one] = await three(['round-robin']);
    const turn = async () => (await one.start(WHERE, null)).result();
    const turns = [await turn(), await turn(), await turn()];
    const { runId } = await one.start(WHERE, null, { delay: '1 hour' });
    expect(await assigneeOf(one, runId)).toBeUndefined();
    expect([await turn(), await turn(), await turn()]).toEqual(turns);
  });

  it('are for all where no engine can take them', async () => {
    const [one] = await three(['round-robin']);
    const { runId } = await one.start({ name: 'later', version: '1' }, null);
    expect(await assigneeOf(one, runId)).toBeUndefined();
  });
});

describe('a strategy', () => {
  it('that is set is followed by all engines, and one that is taken back too', async () => {
    const logs: EngineLog[] = [];
    const store = sharedStore();
    const engines = [
      await stand(store, 'one', { strategy: 'round-robin' }),
      await stand(store, 'two', { strategy: 'round-robin' }),
      await stand(store, 'three', { strategy: 'round-robin', log: (entry) => logs.push(entry) }),
    ];
    const client = await open({ store, work: false });
    expect(await client.setStrategy('locality')).toMatchObject({
      ...{ strategy: 'locality', source: 'cluster', shadow: null, queues: {}, adaptive: null },
      since: expect.any(String) as string,
    });
    await followed(engines);
    for (const engine of engines)
      expect(await deal(engine, 3)).toEqual({ [engine.engine?.options.name ?? '']: 3 });
    expect(await client.cluster()).toMatchObject({ strategy: 'locality', shadow: null });
    await client.setStrategy('locality', { shadow: 'affinity', queues: { own: 'least-load' } });
    await followed(engines);

    expect(await engines[0]?.setStrategy(null)).toMatchObject({
      strategy: 'round-robin',
      source: 'engine',
      since: null,
    });
    await followed(engines);
    for (const engine of engines) expect(await deal(engine, 3)).toEqual({ one: 1, two: 1, three: 1 });
    expect(logs.map(({ message }) => message).filter((line) => line.includes('placed by'))).toEqual([
      'runs that begin here are placed by locality',
      'runs that begin here are placed by locality, those of queue own by least-load, with affinity in the shadow',
      'runs that begin here are placed by round-robin',
    ]);
  });

  it('is followed with the beat after it, by all: two beats of a second are two seconds', async () => {
    const store = sharedStore();
    const real = await openStore(store);
    const beats = new Map<string, number>();
    const counted = {
      ...real,
      beat: async (...args: Parameters<Store['beat']>) => {
        const beat = await real.beat(...args);
        beats.set(args[0], (beats.get(args[0]) ?? 0) + 1);
        return beat;
      },
    };
    const engines = [await stand(counted, 'one'), await stand(counted, 'two'), await stand(counted, 'three')];
    await met(engines);
    const heardAt = new Map<string, number>();
    for (const { engine } of engines) {
      const { placing, engineId = '' } = engine ?? {};
      const see = placing?.see;
      const listen: typeof see = (...args) => {
        see?.(...args);
        if (engine?.settings.value('strategy') !== undefined && !heardAt.has(engineId)) {
          heardAt.set(engineId, beats.get(engineId) ?? 0);
        }
      };
      Object.assign(placing ?? {}, { see: listen });
    }
    await engines[0]?.setStrategy('round-robin');
    const before = new Map(beats);
    await expect.poll(() => heardAt.size, eventually).toBe(3);
    const late = [...heardAt].map(([engineId, at]) => at - (before.get(engineId) ?? 0));
    expect(Math.max(...late)).toBeLessThanOrEqual(2);
    await Promise.all(engines.map((engine) => engine.close()));
    await real.close();
  });

  it('must be one that is known', async () => {
    const client = await open({ work: false });
    const wrong = client.setStrategy('round-robbin' as 'round-robin');
    await expect(wrong).rejects.toEqual(refusal('INVALID_ARGUMENT', /Did you mean "round-robin"/));
    await expect(open({ strategy: 'best' as 'locality' })).rejects.toEqual(
      refusal('INVALID_ARGUMENT', /strategy/),
    );
    await expect(open({ loadWeights: { cpu: -1 } })).rejects.toEqual(
      refusal('INVALID_ARGUMENT', /loadWeights.cpu/),
    );
    expect((await client.strategy()).source).toBe('engine');
  });

  it('that adapts follows what the engine that leads has seen', async () => {
    const store = sharedStore();
    const load = { ...IDLE, cpuUsage: 95 };
    const one = await stand(store, 'one', { load });
    await stand(store, 'two', { load });
    await one.setStrategy('adaptive');
    await expect
      .poll(async () => (await one.strategy()).adaptive, eventually)
      .toEqual({ strategy: 'load-balanced', reason: 'mean CPU usage 95 %' });
  });

  it('in the shadow is compared with the one that places', async () => {
    const [one, two] = await three(['round-robin', { shadow: 'locality' }]);
    expect((await two.strategy()).comparison).toEqual({
      ...{ placed: 0, agreement: null, waitMs: null, shadowWaitMs: null },
    });
    await deal(one, 9);
    await deal(two, 3);
    await expect.poll(async () => (await two.strategy()).comparison?.placed, eventually).toBe(12);
    const { comparison, shadow } = await two.strategy();
    expect(shadow).toBe('locality');
    expect(comparison?.agreement, 'the shadow leaves them where they are').toBeCloseTo(1 / 3);
    expect(comparison?.waitMs).toBeGreaterThanOrEqual(comparison?.shadowWaitMs ?? Infinity);
    await one.setStrategy('round-robin');
    expect((await one.strategy()).comparison).toBeNull();
  });
});

describe('an engine that a run was placed at', () => {
  it('and that does not come for it loses it when the window is over', async () => {
    const store = sharedStore();
    const real = await openStore(store);
    const deaf = await stand({ ...real, claimRuns: () => Promise.resolve([]) }, 'deaf');
    const one = await stand(store, 'one', { windowMs: WINDOW_MS });
    await one.setStrategy('round-robin');
    await followed([one, deaf]);
    const assignees: unknown[] = [];
    const runs = [await one.start(WHERE, 1), await one.start(WHERE, 2), await one.start(WHERE, 3)];
    for (const { runId } of runs) assignees.push(await assigneeOf(one, runId));
    expect(assignees).toContain(deaf.engine?.engineId);
    for (const run of runs) expect(await run.result()).toBe('one');
    await deaf.close();
    await real.close();
  });

  it('and the strategy that did it are named by `why` while the run is kept for it', async () => {
    const store = sharedStore();
    const real = await openStore(store);
    const deaf = await stand({ ...real, claimRuns: () => Promise.resolve([]) }, 'deaf');
    const one = await stand(store, 'one');
    const assignTo = { engineId: deaf.engine?.engineId ?? '', windowMs: 60_000 };
    Object.assign(one.engine?.placing ?? {}, { isAlone: () => false, place: () => assignTo });
    const reasonOf = async (run: Run) => (await run.why()).reasons[0];
    const placed = await one.start(WHERE, 1);
    expect(await reasonOf(placed)).toMatchObject({
      ...{ code: 'ASSIGNED_WINDOW', refs: { engineId: 'deaf', until: expect.any(String) as string } },
      message: expect.stringMatching(/it was placed there$/) as string,
    });
    await one.setStrategy('geographic', { queues: { fast: 'affinity' } });
    expect((await reasonOf(placed))?.message).toMatch(/strategy geographic placed it there$/);
    expect((await reasonOf(await one.start(WHERE, 2, { queue: 'fast' })))?.refs).toMatchObject({
      strategy: 'affinity',
    });
    await deaf.close();
    await real.close();
  });

  it('is none that is unhealthy, and says so', async () => {
    const store = sharedStore();
    const logs: EngineLog[] = [];
    const [one, two] = [await stand(store, 'one'), await stand(store, 'two')];
    const late = { ...IDLE, loopLagMs: 900 };
    const sick = await stand(store, 'sick', { load: late, log: (entry) => logs.push(entry) });
    await one.setStrategy('round-robin');
    await followed([one, two, sick]);
    expect(await deal(one, 6)).toEqual({ one: 3, two: 3 });
    expect(logs.map(({ message }) => message)).toContain(
      'this engine is passed over while others can take runs: its event loop lags 900 ms, more than 500',
    );
    const { engines } = await one.cluster();
    expect(engines.find(({ engineId }) => engineId === 'sick')?.unhealthy).toMatch(/lags 900 ms/);
    expect((await one.selectInstance({ workflow: WHERE })).refusals).toMatchObject([
      { engineId: 'sick', kind: 'unhealthy', message: expect.stringMatching(/lags 900 ms/) as string },
    ]);
  });
});

describe('selectInstance', () => {
  it('chooses by ability, region and labels, and says why', async () => {
    const store = sharedStore();
    const executors = { mail: () => null };
    const eu = await stand(store, 'eu', { region: 'eu-west-1', labels: ['gpu'] });
    const us = await stand(store, 'us', { region: 'us-east-1', executors });
    const client = await open({ store, work: false, strategy: 'load-balanced' });
    expect(
      await client.selectInstance({ executor: 'mail', strategy: 'geographic', near: 'eu-west-1' }),
    ).toMatchObject({
      ...{ engineId: 'us', incarnation: us.engine?.engineId, strategy: 'geographic' },
      refusals: [
        {
          engineId: 'eu',
          kind: 'executor',
          message: expect.stringMatching(/^has executors noop, /) as unknown,
        },
      ],
    });
    expect(await client.selectInstance({ workflow: WHERE, requires: ['gpu'] })).toMatchObject({
      ...{ engineId: 'eu', incarnation: eu.engine?.engineId, strategy: 'load-balanced' },
      refusals: [{ engineId: 'us', kind: 'label', message: 'lacks label gpu' }],
    });
    const near = await client.selectInstance({
      workflow: WHERE,
      strategy: 'geographic',
      near: 'us-east-2',
    });
    expect(near).toMatchObject({
      engineId: 'us',
      reason: expect.stringMatching(/nearest to us-east-2/) as string,
    });
    expect(near.scores.map(({ engineId }) => engineId).toSorted()).toEqual(['eu', 'us']);
    await client.setStrategy('geographic', { queues: { fast: 'round-robin' } });
    const own = await us.selectInstance({ workflow: WHERE });
    expect(own, 'by its own region').toMatchObject({ engineId: 'us', strategy: 'geographic' });
    const turns = [1, 2].map(() => us.selectInstance({ workflow: WHERE, queue: 'fast' }));
    expect((await Promise.all(turns)).map(({ strategy }) => strategy)).toEqual([
      'round-robin',
      'round-robin',
    ]);
    expect(await client.selectInstance({ executor: 'print' })).toMatchObject({
      ...{ engineId: null, incarnation: null, reason: expect.stringMatching(/no engine of queue/) as string },
    });
  });

  it('needs to know what for', async () => {
    const client = await open({ work: false });
    await expect(client.selectInstance({})).rejects.toEqual(refusal('INVALID_ARGUMENT', /neither/));
    const both = client.selectInstance({ workflow: WHERE, executor: 'mail' });
    await expect(both).rejects.toEqual(refusal('INVALID_ARGUMENT', /both/));
    const odd = client.selectInstance({ executor: 'mail', strategy: 'best' as 'locality' });
    await expect(odd).rejects.toEqual(refusal('INVALID_ARGUMENT', /unknown strategy "best"/));
  });
});

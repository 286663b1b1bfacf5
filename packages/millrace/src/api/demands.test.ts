import { describe, expect, it } from 'vitest';
import { open, refusal, sharedStore, typesOf, until } from '../../testbed/engines/engines.ts';
import { signal, workflow, type Millrace, type MillraceOptions, type Run } from '../index.ts';

const go = signal<null>('go');
const GPU = { requires: ['gpu'] } as const;
const WHERE = { name: 'where', version: '2' };

/** An engine whose runs tell where they were executed. */
async function stand(store: string, name: string, more: MillraceOptions = {}): Promise<Millrace> {
  const where = workflow('where', { version: 2 }, (_ctx, _: unknown) => name);
  const workflows = [
    where,
    workflow('parent', (ctx, _: null) => ctx.child(where, null, { ...GPU, region: 'eu' })),
    workflow('detaching', (ctx, _: null) => ctx.detach(where, null, GPU)),
    workflow('chain', async (ctx, visited: readonly string[]) =>
      visited.length < 3 ? ctx.continueAsNew([...visited, name]) : visited,
    ),
    workflow('patient', async (ctx, _: null) => {
      await ctx.waitForSignal(go);
      return `${name}, version ${ctx.version}`;
    }),
    workflow('failing', async (ctx, _: null) => {
      await ctx.waitForSignal(go);
      throw new Error(name);
    }),
  ];
  return open({ store, name, workflows, ...more });
}

async function whyOf(run: Run): Promise<unknown> {
  return (await run.why()).reasons.map(({ code, message, refs }) => ({ code, message, refs }));
}

describe('a run that demands something of its engine', () => {
  it('waits for an engine with the labels and the region, and why names what is missing', async () => {
    const store = sharedStore();
    const plain = await stand(store, 'plain', { labels: ['gpu'], region: 'us' });
    const run = await plain.start(WHERE, null, { requires: ['ssd', 'gpu'], region: 'eu' });
    expect(await whyOf(run)).toEqual([
      {
        code: 'NO_ENGINE_WITH_LABEL',
        message: expect.stringMatching(
          /version 2 of workflow "where" carries labels gpu, region=eu, ssd: plain lacks labels region=eu, ssd; no engine/,
        ) as string,
        refs: expect.objectContaining({ requires: 'gpu, region=eu, ssd', version: '2' }) as object,
      },
    ]);
    await stand(store, 'other', { labels: ['ssd', 'gpu'], region: 'us' });
    // Whoever could take it by mistake has looked by then: a later run without demands went through its hands.
    expect(await (await plain.start(WHERE, null)).result()).toMatch(/plain|other/);
    expect(await run.describe()).toMatchObject({ status: 'queued' });
    await stand(store, 'able', { labels: ['ssd', 'gpu', 'arm'], region: 'eu' });
    expect(await run.result()).toBe('able');
  });

  it('is taken at once where it is started, if that engine is able', async () => {
    const millrace = await stand(sharedStore(), 'able', GPU_HERE);
    const run = await millrace.start({ name: 'patient', version: '1' }, null, GPU);
    const [row] = await millrace.store.readRuns([run]);
    expect(row).toMatchObject({ status: expect.stringMatching(/running|waiting/) as string, epoch: 1 });
  });

  it('is shown with the version of its workflow, and its demands beside it', async () => {
    const millrace = await stand(sharedStore(), 'able', { ...GPU_HERE, region: 'eu' });
    const run = await millrace.start(WHERE, null, { requires: ['gpu', 'gpu'], region: 'eu' });
    await run.result();
    const shown = { version: '2', requires: ['gpu', 'region=eu'] };
    expect(await run.describe()).toMatchObject(shown);
    expect((await millrace.runs({ workflow: 'where' })).runs).toMatchObject([shown]);
    expect(await run.history()).toMatchObject([{ data: { version: '2' } }, {}]);
    const patient = await millrace.start({ name: 'patient', version: '1' }, null, GPU);
    await patient.signal(go, null);
    expect(await patient.result()).toBe('able, version 1');
  });

  it('is placed only among the engines that are able', async () => {
    const store = sharedStore();
    const quick = { beat: 100, lease: 4_000, strategy: 'round-robin' } as const;
    const one = await stand(store, 'one', quick);
    const able = [
      await stand(store, 'two', { ...quick, ...GPU_HERE }),
      await stand(store, 'three', { ...quick, ...GPU_HERE }),
    ];
    const client = await open({ ...quick, store, work: false });
    await one.setStrategy('round-robin');
    const { revision } = await one.store.readSettings();
    await expect.poll(() => one.engine?.settings.revision(), { timeout: 8_000 }).toBe(revision);
    const run = { workflow: 'where', workflowVersion: '2+gpu', namespace: 'default', queue: 'default' };
    // What is placed at an engine that is not able goes elsewhere, too, but only when its window is over.
    const places = [1, 2, 3, 4].map(() => one.engine?.place(run));
    expect(new Set(places.map((place) => typeof place === 'object' && place.engineId))).toEqual(
      new Set(able.map(({ engine }) => engine?.engineId)),
    );
    const names = new Set<unknown>();
    for (const from of [one, client, one, client, one, client]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      names.add(await (await from.start(WHERE, null, GPU)).result());
    }
    expect(names).toEqual(new Set(['two', 'three']));
  });

  it('may be a child, which waits while its parent goes on elsewhere', async () => {
    const store = sharedStore();
    const plain = await stand(store, 'plain', { region: 'eu' });
    const parent = await plain.start({ name: 'parent', version: '1' }, null);
    await until(parent, 'waiting');
    const [child] = (await plain.runs({ workflow: 'where' })).runs;
    expect(child).toMatchObject({ status: 'queued', version: '2', requires: ['gpu', 'region=eu'] });
    expect(await whyOf(plain.run(String(child?.runId)))).toMatchObject([{ code: 'NO_ENGINE_WITH_LABEL' }]);
    const detaching = await plain.start({ name: 'detaching', version: '1' }, null);
    const detached = plain.run(String(await detaching.result()));
    expect(await detached.describe()).toMatchObject({ status: 'queued', requires: ['gpu'] });
    await stand(store, 'able', { ...GPU_HERE, region: 'eu' });
    expect([await parent.result(), await detached.result()]).toEqual(['able', 'able']);
  });

  it('keeps its demands when it continues as another run', async () => {
    const store = sharedStore();
    const plain = await stand(store, 'plain', { beat: 100, lease: 4_000, strategy: 'round-robin' });
    await stand(store, 'able', { ...GPU_HERE, beat: 100, lease: 4_000, strategy: 'round-robin' });
    const run = await plain.start({ name: 'chain', version: '1' }, [], GPU);
    expect(await run.result()).toEqual(['able', 'able', 'able']);
    const { runs } = await plain.runs({ workflow: 'chain' });
    expect(runs.map(({ requires }) => requires)).toEqual(runs.map(() => ['gpu']));
    expect(runs).toHaveLength(4);
  });

  it('keeps them when it wakes up, and when it is retried, though its engine has left', async () => {
    const store = sharedStore();
    const first = await stand(store, 'first', GPU_HERE);
    const plain = await stand(store, 'plain');
    const run = await plain.start({ name: 'failing', version: '1' }, null, GPU);
    await until(run, 'waiting');
    await first.close();
    await run.signal(go, null);
    const missing = [{ code: 'NO_ENGINE_WITH_LABEL', refs: { requires: 'gpu' } }];
    expect(await whyOf(run)).toMatchObject(missing);
    const second = await stand(store, 'second', GPU_HERE);
    await expect(run.result()).rejects.toMatchObject({ cause: { message: 'second' } });
    await second.close();
    await run.retry();
    expect(await whyOf(run)).toMatchObject(missing);
    await stand(store, 'third', GPU_HERE);
    await expect(run.result()).rejects.toMatchObject({ cause: { message: 'third' } });
    expect(await typesOf(run)).toContain('retried');
  });

  it.each([
    [{ requires: 'gpu' }, /start of workflow "where": requires is "gpu", not a list/],
    [{ requires: [''] }, /label name is empty/],
    [{ requires: ['c++'] }, /label "c\+\+" contains "\+"/],
    [{ requires: ['a\0b'] }, /NUL/],
    [{ requires: [17] }, /label name must be text/],
    [{ requires: Array.from({ length: 17 }, (_, at) => `l${at}`) }, /requires 17 labels/],
    [{ requires: ['a', 'b', 'c'].map((letter) => letter.repeat(200)) }, /602 characters together/],
    [{ region: '' }, /region name is empty/],
    [{ region: 'eu+us' }, /region "eu\+us" contains/],
    [{ near: '' }, /region name is empty/],
  ])('is not stored when its demands make no sense: %o', async (options, message) => {
    const millrace = await stand(sharedStore(), 'plain');
    const started = millrace.start(WHERE, null, options as object);
    await expect(started).rejects.toEqual(refusal('INVALID_ARGUMENT', message));
    expect((await millrace.runs()).runs).toEqual([]);
  });

  it('cannot say so in the version of its workflow', async () => {
    const millrace = await stand(sharedStore(), 'plain');
    const odd = millrace.start({ name: 'where', version: '2+gpu' }, null);
    await expect(odd).rejects.toEqual(refusal('INVALID_ARGUMENT', /version "2\+gpu" is not allowed/));
  });
});

const GPU_HERE = { labels: ['gpu'] } as const;

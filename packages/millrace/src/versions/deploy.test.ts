import { describe, expect, it } from 'vitest';
import { gate, open, refusal, sharedStore, until } from '../../testbed/engines/engines.ts';
import { workflow, type MillraceOptions } from '../index.ts';

/** Beats are fast, so that what is heard with them is heard soon. */
const QUICK = { beat: 100, lease: 5_000 } as const satisfies MillraceOptions;

/** A definition whose output names its version. */
function definition(version: number | string, more: object = {}): string {
  const nodes = { reply: { value: `\${ 'v${version} ' + string(input.n) }` } };
  return JSON.stringify({
    ...{ workflow: 'order', version, input: { type: 'object', required: ['n'] }, nodes },
    output: '${ nodes.reply.output }',
    ...more,
  });
}
const one = { n: 1 };

describe('a definition that is deployed', () => {
  it('runs on the engine that it was deployed at', async () => {
    const millrace = await open();
    const deployed = await millrace.deploy(definition(1), { by: 'anna' });
    expect(deployed).toMatchObject({ name: 'order', version: '1', outcome: 'stored', active: true });
    expect(deployed.hash).toMatch(/^[\da-f]{64}$/);
    expect(await (await millrace.start('order', one)).result()).toBe('v1 1');
  });

  it('runs on another engine, which learns of it while it runs', async () => {
    const store = sharedStore();
    const client = await open({ store, work: false });
    const engine = await open({ ...QUICK, store, name: 'far' });
    await client.deploy(definition(1));
    const run = await client.start('order', one);
    expect(await run.result()).toBe('v1 1');
    expect((await engine.definition('order')).versions[0]?.engines).toEqual(['far']);
    const { engines } = await client.cluster();
    expect(engines[0]?.versions).toEqual([{ workflow: 'order', version: '1' }]);
  });

  it('is waited for by a run that was started before any engine was there', async () => {
    const store = sharedStore();
    const client = await open({ store, work: false });
    await client.deploy(definition(1));
    const run = await client.start('order', one);
    expect((await client.definition('order')).versions[0]).toMatchObject({
      open: 1,
      stranded: 1,
      engines: [],
    });
    await open({ ...QUICK, store });
    expect(await run.result()).toBe('v1 1');
  });

  it('may be YAML', async () => {
    const millrace = await open();
    await millrace.deploy(
      'workflow: greet\nversion: 1\nnodes:\n  hello: { value: "${ \'hi \' + input }" }\n',
    );
    expect(await (await millrace.start('greet', 'you')).result()).toEqual({ hello: 'hi you' });
  });

  it('is there once, however often it is deployed', async () => {
    const millrace = await open();
    const first = await millrace.deploy(definition(1));
    const again = await millrace.deploy(JSON.parse(definition('1')), { by: 'ben' });
    expect(again).toEqual({ ...first, outcome: 'same' });
    expect((await millrace.definitions())[0]?.versions).toHaveLength(1);
  });

  it('never changes: the difference is told', async () => {
    const millrace = await open();
    await millrace.deploy(definition(1));
    await expect(millrace.deploy(definition(1, { queue: 'slow' }))).rejects.toEqual(
      refusal('VERSION_EXISTS', /version 1 of definition "order" exists.*\n {2}queue: nothing, now "slow"/),
    );
    expect(await (await millrace.start('order', one)).result()).toBe('v1 1');
  });

  it('is refused with all its problems, and nothing is stored', async () => {
    const millrace = await open();
    const nodes = { a: { value: 1, needs: ['b'] }, c: { value: 1, signal: 'x' } };
    const refused = millrace.deploy(JSON.stringify({ workflow: 'order', version: 1, nodes }), {
      file: 'o.json',
    });
    await expect(refused).rejects.toEqual(refusal('INVALID_DEFINITION', /o\.json/));
    expect(await millrace.definitions()).toEqual([]);
  });

  it('cannot have the name and version of code, nor code those of a definition', async () => {
    const code = workflow('order', () => 'code');
    const store = sharedStore();
    const millrace = await open({ store, workflows: [code] });
    const duplicate = refusal('DUPLICATE_REGISTRATION', /version \d of workflow "order"/);
    await expect(millrace.deploy(definition(1))).rejects.toEqual(duplicate);
    await millrace.deploy(definition(2));
    const later = workflow('order', { version: 2 }, () => 'code');
    await expect(open({ store, workflows: [later] })).rejects.toEqual(duplicate);
  });
});

describe('a start by name', () => {
  it('has the schema and the terms of the definition', async () => {
    const millrace = await open();
    const terms = { queue: 'slow', priority: 'low', limits: [{ key: "${ 'n' + string(input.n) }", max: 1 }] };
    await millrace.deploy(definition(1, terms));
    await expect(millrace.start('order', {})).rejects.toEqual(refusal('INVALID_INPUT', /n/));
    const run = await millrace.start({ name: 'order', version: '1' }, one);
    expect(await run.result()).toBe('v1 1');
    expect(await run.describe()).toMatchObject({ queue: 'slow', priority: 'low', version: '1' });
    const fast = await millrace.start('order', one, { queue: 'fast' });
    expect(await fast.describe()).toMatchObject({ queue: 'fast' });
    expect((await millrace.runs()).runs).toHaveLength(2);
  });

  it('gets code, too: the highest version that this process or an engine has', async () => {
    const versions = [9, 10].map((version) => workflow('order', { version }, () => version));
    const store = sharedStore();
    const engine = await open({ store, workflows: versions });
    expect(await (await engine.start('order', null)).result()).toBe(10);
    const client = await open({ store, work: false });
    expect(await (await client.start('order', null)).result()).toBe(10);
    expect(await (await client.start('order@9', null)).result()).toBe(9);
  });

  it('that nobody has is refused with the likely name, or with the versions that there are', async () => {
    const millrace = await open();
    await millrace.deploy(definition(1));
    await expect(millrace.start('ordr', one)).rejects.toEqual(refusal('UNKNOWN_WORKFLOW', /mean "order"/));
    await expect(millrace.start('nothing', one)).rejects.toEqual(refusal('UNKNOWN_WORKFLOW', /"nothing"/));
    await expect(millrace.start('order@7', one)).rejects.toEqual(
      refusal('UNKNOWN_VERSION', /no version 7; there are 1/),
    );
    await expect(millrace.start('order@7@8', one)).rejects.toEqual(refusal('INVALID_ARGUMENT'));
    expect((await millrace.runs()).runs).toEqual([]);
  });
});

describe('a draft', () => {
  const waiting = (text: string): string =>
    JSON.stringify({
      workflow: 'draft',
      version: 1,
      nodes: { go: { signal: 'go' }, a: { needs: ['go'], value: text } },
    });
  const asDraft = { draft: true } as const;
  const named = { name: 'draft', version: '1' };

  it('may be replaced while no run is on it, and no start by name gets it', async () => {
    const millrace = await open();
    for (const text of ['first', 'second']) {
      await millrace.deploy(waiting(text), asDraft);
      const run = await millrace.start(named, null);
      await run.signal('go');
      expect(await run.result()).toEqual({ a: text });
    }
    await expect(millrace.start('draft', null)).rejects.toEqual(refusal('UNKNOWN_WORKFLOW'));
    expect((await millrace.definition('draft')).versions[0]).toMatchObject({ draft: true, percent: 0 });
  });

  it('is refused with other content while a run is on it, which goes on unharmed', async () => {
    const millrace = await open();
    await millrace.deploy(waiting('first'), asDraft);
    const run = await millrace.start(named, null);
    await expect(millrace.deploy(waiting('second'), asDraft)).rejects.toEqual(
      refusal('VERSION_EXISTS', /open runs[^]*nodes\.a\.value[^]*Let its runs end/),
    );
    await run.signal('go');
    expect(await run.result()).toEqual({ a: 'first' });
  });

  it('becomes a version that starts by name get when it is deployed', async () => {
    const millrace = await open();
    await millrace.deploy(waiting('first'), asDraft);
    expect(await millrace.deploy(waiting('first'))).toMatchObject({ outcome: 'stored', active: true });
    const run = await millrace.start('draft', null);
    await run.signal('go');
    expect(await run.result()).toEqual({ a: 'first' });
  });
});

describe('children by name', () => {
  const parent = (version: number, child: string): string =>
    JSON.stringify({
      ...{ workflow: 'parent', version },
      nodes: { sub: { workflow: child, with: '${ input }' } },
    });

  it('stay on the version of their family where it is their workflow, else the route says it', async () => {
    const millrace = await open({ retry: false });
    const leaf = (version: number): string =>
      JSON.stringify({
        ...{ workflow: 'parent', version },
        nodes: {
          deep: { when: '${ input > 0 }', workflow: 'parent', with: '${ input - 1 }' },
          own: { needs: ['deep'], join: 'settled', value: version },
        },
        output: '${ [nodes.own.output, nodes.deep.output] }',
      });
    await millrace.deploy(leaf(1));
    await millrace.deploy(leaf(2));
    await millrace.activate('parent', 2);
    const run = await millrace.start('parent@1', 2);
    expect(await run.result()).toEqual([1, [1, [1, null]]]);
    const other = JSON.stringify({
      workflow: 'other',
      version: 1,
      nodes: { sub: { workflow: 'parent', with: 0 } },
    });
    await millrace.deploy(other);
    expect(await (await millrace.start('other', null)).result()).toEqual({ sub: [2, null] });
  });

  it('have the schema of their definition, also where it was never loaded before', async () => {
    const store = sharedStore();
    const client = await open({ store, work: false });
    await client.deploy(definition(1));
    await client.deploy(parent(1, 'order'));
    const run = await client.start('parent', {});
    await open({ store });
    await expect(run.result()).rejects.toEqual(refusal('RUN_FAILED', /INVALID_INPUT/));
  });
});

describe('many versions', () => {
  it('cost an engine nothing but a list', async () => {
    const store = sharedStore();
    const client = await open({ store, work: false });
    for (let version = 1; version <= 300; version++) await client.deploy(definition(version));
    const millrace = await open({ store, ...QUICK });
    expect(await (await millrace.start('order@123', one)).result()).toBe('v123 1');
    expect(await (await client.start('order@299', one)).result()).toBe('v299 1');
  });

  it('are kept by runs that wait, over a restart of their engine', async () => {
    const store = sharedStore();
    const { passed, open: pass } = gate();
    const executors = { hold: () => passed };
    const text = JSON.stringify({ workflow: 'held', version: 1, nodes: { a: { signal: 'go' } } });
    const first = await open({ store, executors });
    await first.deploy(text);
    const run = await first.start('held', null);
    await until(run, 'waiting');
    await first.close({ grace: 0 });
    pass();
    const second = await open({ store, executors });
    const same = second.run(run.runId);
    await same.signal('go');
    expect(await same.result()).toEqual({ a: null });
  });
});

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { millrace } from '../../../testbed/cli/fake-terminal.ts';
import { serve, type Served } from '../../../testbed/cli/served.ts';
import { workplace, type Workplace } from '../../../testbed/cli/workplace.ts';
import { workflow } from '../../core/workflow/workflow.ts';

/* A command says the same whether it asks a server or opens the store itself. */

const order = workflow('order', async (ctx, input: { id: number }) => {
  ctx.log.warn('taken', { id: input.id });
  const paid = await ctx.step('pay', (step) => {
    step.log.info('paying');
    return input.id * 2;
  });
  return { paid, by: await ctx.waitForSignal<string>('approved') };
});
const broken = workflow('broken', (ctx) => {
  const pay = () => {
    throw new Error('no money');
  };
  return ctx.step('pay', pay, { retry: { maxAttempts: 1 } });
});

/** What changes from one look to the next. */
const VOLATILE = new Set(['at', 'lastBeatAt', 'load', 'oldestAgeSeconds', 'time', 'timeBySteps', 'pool']);

let place: Workplace;
let served: Served;

beforeAll(async () => {
  place = workplace();
  served = await serve(place.store, [order, broken]);
  await served.millrace.start(order, { id: 1 }, { key: 'open', tags: ['red'] });
  const done = await served.millrace.start(order, { id: 2 }, { key: 'done' });
  await done.signal('approved', 'Ada');
  await done.result();
  await vi.waitFor(async () => expect((await done.logPage()).items).toHaveLength(2));
  const failed = await served.millrace.start(broken, undefined, { key: 'failed', queue: 'slow' });
  await failed.result().catch(() => {});
  await vi.waitFor(async () => {
    const { status } = await served.millrace.run({ key: 'open' }).describe();
    if (status !== 'waiting') throw new Error(`it is ${status}`);
  });
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  place[Symbol.dispose]();
});

const still = (out: string): unknown =>
  JSON.parse(out, (key, value: unknown) => (VOLATILE.has(key) ? null : value)) as unknown;

async function bothWays(args: readonly string[]) {
  const [store, server] = await Promise.all([
    millrace([...args, '--json', '--store', place.store]),
    millrace([...args, '--json', '--server', served.url]),
  ]);
  return { store, server };
}

describe('a command', () => {
  it.each([
    { args: ['runs'] },
    { args: ['runs', '--status', 'failed,completed', '--limit', '1'] },
    { args: ['runs', '--tag', 'red', '--workflow', 'order'] },
    { args: ['show', 'key:open'] },
    { args: ['show', 'key:failed'] },
    { args: ['history', 'key:done'] },
    { args: ['logs', 'key:done'] },
    { args: ['logs', 'key:done', '--level', 'warn', '--tail', '2'] },
    { args: ['logs', 'key:done', '--step', 'pay'] },
    { args: ['logs', 'key:failed'] },
    { args: ['why', 'key:open'] },
    { args: ['definitions'] },
    { args: ['definitions', 'order'] },
    { args: ['cluster'] },
    { args: ['pool'] },
    { args: ['failovers'] },
    { args: ['strategy'] },
    { args: ['locks'] },
    { args: ['queues'] },
    { args: ['queues', 'dead', 'slow'] },
    { args: ['queues', 'limit', 'slow', '--max', '3'] },
    { args: ['queues', 'limit', '--workflow', 'order', '--max', '3'] },
  ])('$args says the same both ways', async ({ args }) => {
    const { store, server } = await bothWays(args);
    expect([server.status, server.err]).toEqual([store.status, store.err]);
    expect(still(server.out)).toEqual(still(store.out));
    expect(server.status).toBe(0);
  });

  it.each([
    [['show', 'key:nobody'], 3],
    [['show', '0192f0a0-0000-7000-8000-000000000000'], 3],
    [['show', 'nonsense'], 2],
    [['cancel', 'key:done'], 1],
    [['drain', 'nobody'], 3],
    [['definitions', 'nonsense'], 3],
    [['locks', 'release', 'nothing'], 3],
    [['start', 'nonsense'], 3],
  ] satisfies [string[], number][])('%j is refused alike', async (args, status) => {
    const { store, server } = await bothWays(args);
    expect([server.status, server.err]).toEqual([store.status, store.err]);
    expect(server.status).toBe(status);
  });
});

describe('a server', () => {
  const ask = (...args: string[]) => millrace([...args, '--server', served.url]);

  it('starts runs, and tells how they end', async () => {
    const started = await ask('start', 'order', '--input', '{"id":3}', '--key', 'new', '--json');
    expect(JSON.parse(started.out)).toMatchObject({ workflow: 'order', version: '1' });
    const waiting = ask('start', 'order', '--input', '{"id":3}', '--key', 'new', '--wait', '--json');
    await ask('signal', 'key:new', 'approved', '"Bob"');
    const { status, out, err } = await waiting;
    expect([status, JSON.parse(out)]).toMatchObject([0, { output: { paid: 6, by: 'Bob' } }]);
    expect(err).toContain('completed');
  });

  it('ends a start that waits with the status of a run that failed', async () => {
    expect(await ask('start', 'broken', '--wait')).toMatchObject({ status: 4 });
  });

  it('does the same to many runs after a preview', async () => {
    const where = ['--where', 'workflow=order&tag=bulk&q=ORD'];
    for (const id of [1, 2, 3]) await served.millrace.start(order, { id }, { tags: ['bulk'] });
    const refused = await ask('signal', ...where, 'approved', '"all"');
    expect([refused.status, refused.err]).toEqual([2, expect.stringContaining('signal approved: 3 runs')]);
    const { status, out } = await ask('signal', ...where, 'approved', '"all"', '--yes', '--json');
    expect([status, JSON.parse(out)]).toEqual([0, { matched: 3, done: 3, failed: [] }]);
  });
});

describe('both houses', () => {
  it.each(['store', 'server'] as const)('pause and resume runs: the %s', async (which) => {
    const house = which === 'store' ? ['--store', place.store] : ['--server', served.url];
    const run = await served.millrace.start(order, { id: 5 });
    const paused = await millrace(['pause', run.runId, '--reason', 'audit', ...house, '--json']);
    expect([paused.status, JSON.parse(paused.out)]).toMatchObject([0, { status: 'paused' }]);
    expect((await run.describe()).status).toBe('paused');
    expect(await millrace(['resume', run.runId, ...house])).toMatchObject({ status: 0 });
    expect((await run.describe()).status).not.toBe('paused');
  });

  it.each(['store', 'server'] as const)('make, list and revoke keys: the %s', async (which) => {
    const house = which === 'store' ? ['--store', place.store] : ['--server', served.url];
    const create = ['keys', 'create', '--role', 'worker', '--name', which, '--expires', '1d'];
    const made = await millrace([...create, ...house, '--json']);
    const { keyId, key } = JSON.parse(made.out) as { keyId: string; key: string };
    expect([made.status, key]).toEqual([0, expect.stringContaining(keyId)]);
    const list = await millrace(['keys', 'list', ...house, '--json']);
    const { items } = JSON.parse(list.out) as { items: readonly object[] };
    expect(items[0]).toMatchObject({ keyId, name: which, status: 'active' });
    expect(list.out).not.toContain(key);
    expect(await millrace(['keys', 'revoke', keyId, ...house])).toMatchObject({
      status: 0,
      out: `key ${keyId} is revoked`,
    });
  });
});

describe('the house of a command', () => {
  it('is the first that is named', async () => {
    const dead = 'http://127.0.0.1:47811';
    const named = await millrace(['cluster', '--server', dead], { env: { DATABASE_URL: place.store } });
    expect([named.status, named.err]).toEqual([5, expect.stringContaining('ECONNREFUSED')]);
    expect(named.err).toContain('Start it with `millrace serve`');
    const env = { MILLRACE_SERVER: dead, DATABASE_URL: place.store };
    expect(await millrace(['cluster', '--store', place.store], { env })).toMatchObject({ status: 0 });
    expect(await millrace(['cluster'], { env })).toMatchObject({ status: 5 });
  });

  it('is a server that answers where nothing is named, and must be one of ours', async () => {
    const nowhere = await millrace(['cluster'], { defaultServer: 'http://127.0.0.1:47811' });
    expect(nowhere.status).toBe(5);
    expect(nowhere.err).toContain('no server answers at http://127.0.0.1:47811');
    expect(await millrace(['cluster'], { defaultServer: served.url })).toMatchObject({ status: 0 });
  });

  it('is refused where it is no address', async () => {
    expect(await millrace(['cluster', '--server', 'localhost:7400'])).toMatchObject({
      status: 2,
      err: expect.stringContaining('Write it like http://127.0.0.1:7400.'),
    });
  });

  it('says what to do where the key is wrong', async () => {
    await using door = await serve('sqlite::memory:', [], { identify: () => Promise.resolve(undefined) });
    const refused = await millrace(['show', '0192f0a0-0000-7000-8000-000000000000', '--server', door.url]);
    expect([refused.status, refused.err]).toEqual([1, expect.stringContaining('Set MILLRACE_API_KEY')]);
  });
});

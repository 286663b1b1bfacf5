import { describe, expect, it } from 'vitest';
import { millrace } from '../../../../testbed/cli/fake-terminal.ts';
import { workplace } from '../../../../testbed/cli/workplace.ts';
import type { ClusterDescription } from '../../../core/cluster/describe-cluster.ts';
import { Millrace } from '../../../millrace.ts';

describe('cluster', () => {
  it('shows the engines, who leads and who is missing', async () => {
    using place = workplace();
    const engine = await Millrace.open({ store: place.store, name: 'one', region: 'eu', labels: ['gpu'] });
    const env = { CLUSTER_SEEDS: 'one,two' };
    await expect
      .poll(async () => (await millrace(['cluster', '--store', place.store], { env })).out, {
        timeout: 5_000,
      })
      .toContain('one leads, in term 1');
    const text = await millrace(['cluster', '--store', place.store], { env });
    expect(text.status).toBe(0);
    expect(text.out).toContain('missing: two');
    expect(text.out).toMatch(/^one +alive +eu +gpu /m);
    const json = await millrace(['cluster', '--store', place.store, '--json']);
    expect(JSON.parse(json.out) as ClusterDescription).toMatchObject({
      ...{ leader: 'one', leaderIncarnation: engine.engine?.engineId, term: 1, missing: [] },
      engines: [{ engineId: 'one', incarnation: engine.engine?.engineId, status: 'alive' }],
    });
    await engine.close();
    const after = await millrace(['cluster', '--store', place.store]);
    expect(after.out).toContain('nobody leads');
    expect(after.out).toMatch(/^one +dead/m);
  });

  it('says so when nobody was ever there', async () => {
    using place = workplace();
    await millrace(['migrate', '--store', place.store]);
    expect(await millrace(['cluster', '--store', place.store])).toMatchObject({
      ...{ status: 0, out: 'nobody leads\nruns are placed by load-balanced', err: 'no engines' },
    });
  });
});

describe('drain', () => {
  it('lets an engine leave', async () => {
    using place = workplace();
    const engine = await Millrace.open({ store: place.store, name: 'one', beat: 50 });
    const told = await millrace(['drain', 'one', '--store', place.store, '--json']);
    expect(JSON.parse(told.out)).toEqual({
      ...{ engineId: 'one', incarnation: engine.engine?.engineId, draining: true },
    });
    await engine.departed;
    const again = await millrace(['drain', 'one', '--store', place.store]);
    expect(again.status).toBe(3);
    expect(again.err).toContain('no engine "one" is there');
    await engine.close();
  });
});

describe('strategy', () => {
  it('shows what is in force, sets it for all, and takes it back', async () => {
    using place = workplace();
    const store = ['--store', place.store];
    const env = { ASSIGNMENT_STRATEGY: 'locality' };
    await millrace(['migrate', ...store]);
    expect(await millrace(['strategy', ...store], { env })).toMatchObject({
      ...{ status: 0, out: 'locality, as each engine is configured' },
    });
    const args = ['least-load', '--shadow', 'round-robin', '--queue', 'mail=affinity'];
    const set = await millrace(['strategy', ...args, ...store, '--json']);
    expect(JSON.parse(set.out)).toMatchObject({
      ...{ strategy: 'least-load', source: 'cluster', shadow: 'round-robin', queues: { mail: 'affinity' } },
      comparison: { placed: 0, agreement: null, waitMs: null, shadowWaitMs: null },
    });
    const text = await millrace(['strategy', ...store], { env });
    expect(text.out).toMatch(/^least-load, set for all engines at /);
    expect(text.out).toContain('queue mail: affinity');
    expect(text.out).toContain('shadow: round-robin, nothing compared yet');
    const reset = await millrace(['strategy', '--reset', ...store, '--json'], { env });
    expect(JSON.parse(reset.out)).toMatchObject({ strategy: 'locality', source: 'engine', shadow: null });
  });

  it('refuses what it does not know, and what says two things', async () => {
    using place = workplace();
    const store = ['--store', place.store];
    await millrace(['migrate', ...store]);
    const wrong = [
      ['round-robbin'],
      ['least-load', '--reset'],
      ['--shadow', 'locality'],
      ['locality', '--queue', 'x'],
    ];
    for (const args of wrong)
      expect(await millrace(['strategy', ...args, ...store]), args.join(' ')).toMatchObject({
        status: 2,
        out: '',
      });
    expect((await millrace(['strategy', 'round-robbin', ...store])).err).toContain(
      'Did you mean "round-robin"?',
    );
  });
});

describe('failover', () => {
  it('declares an engine dead, and failovers lists it', async () => {
    using place = workplace();
    const store = ['--store', place.store];
    const engine = await Millrace.open({ store: place.store, name: 'one' });
    const incarnation = engine.engine?.engineId;
    expect(await millrace(['failovers', ...store])).toMatchObject({
      status: 0,
      out: '',
      err: 'no failovers',
    });
    const done = await millrace(['failover', 'one', ...store]);
    expect(done).toMatchObject({ status: 0, out: 'engine one is declared dead; 0 runs are queued again' });
    const list = await millrace(['failovers', ...store, '--json']);
    expect(JSON.parse(list.out)).toMatchObject({
      items: [
        { kind: 'declared', failedEngine: 'one', failedIncarnation: incarnation, takeoverEngine: null },
      ],
      nextCursor: null,
    });
    const text = await millrace(['failovers', ...store]);
    expect(text.out).toMatch(/ one +declared /);
    const next = await millrace(['failovers', ...store, '--cursor', incarnation ?? '', '--json']);
    expect(JSON.parse(next.out)).toEqual({ items: [], nextCursor: null });
    for (const wrong of [
      ['--cursor', 'x'],
      ['--limit', '0'],
    ])
      expect((await millrace(['failovers', ...store, ...wrong])).status).toBe(2);
    await engine.close();
  });
});

describe('locks', () => {
  it('shows who holds what and who waits, and takes a lock from its holder', async () => {
    using place = workplace();
    const store = ['--store', place.store];
    const engine = await Millrace.open({ store: place.store, name: 'one' });
    expect(await millrace(['locks', ...store])).toMatchObject({ status: 0, out: '', err: 'no locks' });
    const lock = await engine.lock('door', { timeout: 600 });
    const next = engine.lock('door');
    await expect.poll(async () => (await engine.locks())[0]?.waiters.length).toBe(1);
    const { out } = await millrace(['locks', ...store]);
    expect(out).toMatch(/^door +1 +engine one .* 1 +engine one$/m);
    const json = JSON.parse((await millrace(['locks', ...store, '--json'])).out) as object;
    const holder = { kind: 'engine', id: engine.engine?.engineId, owner: 'one' };
    expect(json).toMatchObject({
      items: [{ name: 'door', token: 1, holder, expired: false, waiters: [holder] }],
    });
    const done = await millrace(['locks', 'release', 'door', ...store]);
    expect(done).toMatchObject({ status: 0, out: 'lock door is released' });
    const held = await next;
    expect(held.token).toBe(2);
    await expect.poll(() => lock.signal.aborted, { timeout: 5_000 }).toBe(true);
    await held.release();
    const again = await millrace(['locks', 'release', 'door', ...store]);
    expect(again.status).toBe(3);
    expect(again.err).toContain('nobody holds lock "door"');
    await engine.close();
  });
});

describe('serve', () => {
  it('does not listen beyond this machine while nothing says who may call', async () => {
    using place = workplace();
    const { status, err } = await millrace(['serve', '--store', place.store], { env: { HOST: '0.0.0.0' } });
    expect(status).toBe(2);
    expect(err).toMatch(/0\.0\.0\.0 without authentication.*API_KEYS/);
  });

  it('works until it is told to leave, as the environment says, and ends with 0', async () => {
    using place = workplace();
    const module = place.write(
      'shop.ts',
      `import { workflow } from 'millrace';
       export const greet = workflow('greet', (_ctx, name: string) => 'hello ' + name);
       export const executors = { pay: () => null, mail: () => null };`,
    );
    const env = {
      ...{ NODE_ID: 'one', MILLRACE_MODULE: module, REGION: 'eu', ENGINE_LABELS: 'gpu', ENGINE_WEIGHT: '2' },
      ...{ SUPPORTED_EXECUTORS: 'pay', CLUSTER_SEEDS: 'one,two', QUEUES: 'slow', HEARTBEAT_INTERVAL: '100' },
    };
    const begun = Promise.withResolvers<void>();
    const hear = (line: string): void => void (line.includes('works') && begun.resolve());
    const args = ['serve', '--no-http', '--queues', 'fast', '--store', place.store, '--json'];
    const served = millrace(args, { env, hear });
    await begun.promise;
    const client = await Millrace.open({ store: place.store, work: false });
    const run = await client.start({ name: 'greet', version: '1' }, 'ada', { queue: 'fast' });
    expect(await run.result()).toBe('hello ada');
    const { engines, missing } = await client.cluster();
    expect(engines).toMatchObject([
      { engineId: 'one', region: 'eu', labels: ['gpu'], weight: 2, executors: ['pay'], queues: ['fast'] },
    ]);
    expect(missing).toEqual(['two']);
    await client.drain('one');
    const { status, out, err } = await served;
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ engineId: 'one', workflows: ['greet@1'] });
    expect(err).toContain('told to leave, and has left');
    await client.close();
  });

  it('refuses executors that its module does not have', async () => {
    using place = workplace();
    const env = {
      MILLRACE_MODULE: place.write('empty.ts', 'export const executors = { y: () => null };'),
      SUPPORTED_EXECUTORS: 'x',
    };
    const { status, err } = await millrace(['serve', '--no-http', '--store', place.store], { env });
    expect(status).toBe(2);
    expect(err).toContain('no executor of this name is registered');
  });
});

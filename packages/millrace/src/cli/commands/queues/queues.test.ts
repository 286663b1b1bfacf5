import { describe, expect, it } from 'vitest';
import { millrace } from '../../../../testbed/cli/fake-terminal.ts';
import { workplace } from '../../../../testbed/cli/workplace.ts';
import { Millrace, workflow } from '../../../index.ts';

const echo = workflow('echo', (_ctx, input: unknown) => input);
const fails = workflow('fails', () => {
  throw new Error('broken');
});

describe('queues', () => {
  it('shows depth, age and limits, and pauses and resumes', async () => {
    using place = workplace();
    const store = ['--store', place.store];
    const client = await Millrace.open({ store: place.store, work: false, name: 'client' });
    await client.start(echo, 1, { queue: 'mail' });
    await client.start(echo, 2, { queue: 'mail' });
    expect((await millrace(['queues', ...store])).out).toMatch(/^mail +2 +\d+/m);
    const paused = await millrace(['queues', 'pause', 'mail', ...store, '--json']);
    expect(JSON.parse(paused.out)).toMatchObject({
      ...{ queue: 'mail', depth: 2, running: 0, paused: true, pausedBy: 'millrace-cli' },
      limits: { maxConcurrent: null, ratePerSecond: null, maxDepth: null, inUse: 0 },
    });
    const resumed = await millrace(['queues', 'resume', 'mail', ...store, '--json']);
    expect(JSON.parse(resumed.out)).toMatchObject({ paused: false, limits: { inUse: null } });
    const { entries } = await client.audit({ target: 'queues/mail' });
    expect(
      entries.map(({ actor, after }) => [actor, after]),
      'who did it is written down',
    ).toEqual([
      [expect.stringMatching(/^cli:.+@.+/), { paused: false }],
      [expect.stringMatching(/^cli:.+@.+/), { paused: true }],
    ]);
    await client.close();
  });

  it('limits queues, workflows, keys and everything', async () => {
    using place = workplace();
    const store = ['--store', place.store];
    await millrace(['migrate', ...store]);
    const set = async (...args: string[]) => millrace(['queues', 'limit', ...args, ...store]);
    expect((await set('mail', '--max', '3', '--rate', '0.5', '--depth', '9')).out).toMatch(
      /^mail +0 +9 .*0 of 3 +0\.5\/s/m,
    );
    await set('echo', '--workflow', '--max', '2');
    await set('tenant:7', '--key', '--max', '1');
    await set('--all', '--max', '50');
    const all = JSON.parse((await millrace(['queues', ...store, '--json'])).out) as object;
    expect(all).toMatchObject({
      items: [{ queue: 'mail', limits: { maxConcurrent: 3, ratePerSecond: 0.5, maxDepth: 9, inUse: 0 } }],
      limits: [
        { kind: 'global', maxConcurrent: 50 },
        { kind: 'queue', name: 'mail' },
        { kind: 'workflow', name: 'echo', maxConcurrent: 2 },
        { kind: 'key', name: 'tenant:7', maxConcurrent: 1 },
      ],
    });
    const text = await millrace(['queues', ...store]);
    expect(text.out).toMatch(/^workflow echo +0 of 2/m);
    expect((await set('--all', '--max', 'none')).out).toBe('nothing is limited there any more');
  });

  it.each([
    [['limit', 'mail'], 'nothing is to be changed'],
    [['limit', 'mail', '--max', 'many'], '--max is "many"'],
    [['limit', 'mail', '--max', '0'], 'maxConcurrent is 0'],
    [['limit', 'mail', '--all', '--max', '1'], 'not clear what is meant'],
    [['pause'], 'not clear what is meant'],
    [['limit', 'x', '--workflow', '--depth', '1'], 'only queues have a maxDepth'],
    [['dead', 'mail', '--limit', '0'], '--limit is "0"'],
    [['dead', 'mail', '--redrive'], 'needs to be confirmed'],
  ])('refuses %j', async (args, message) => {
    using place = workplace();
    await millrace(['migrate', '--store', place.store]);
    const { status, err } = await millrace(['queues', ...args, '--store', place.store]);
    expect(err).toContain(message);
    expect(status).toBe(2);
  });

  it('lists dead letters and lets them go on', async () => {
    using place = workplace();
    const store = ['--store', place.store];
    const engine = await Millrace.open({ store: place.store, workflows: [fails, echo] });
    const run = await engine.start(fails, undefined, { queue: 'mail' });
    await run.result().catch(() => undefined);
    await (await engine.start(echo, 1, { queue: 'mail' })).result();
    const listed = await millrace(['queues', 'dead', 'mail', ...store, '--json']);
    expect(JSON.parse(listed.out)).toMatchObject({ items: [{ runId: run.runId, status: 'failed' }] });
    await engine.close();
    const redriven = await millrace(['queues', 'dead', 'mail', '--redrive', '--yes', ...store]);
    expect(redriven).toMatchObject({ status: 0, out: '1 run is queued again' });
    const left = await millrace(['queues', 'dead', 'mail', ...store]);
    expect(left).toMatchObject({ status: 0, err: 'no dead letters' });
  });
});

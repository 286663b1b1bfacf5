import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { millrace } from '../../../../testbed/cli/fake-terminal.ts';
import { workplace, type Workplace } from '../../../../testbed/cli/workplace.ts';
import { SHOP } from '../../../../testbed/samples/shop.ts';
import type { AnyWorkflow } from '../../../core/workflow/workflow.ts';
import { Millrace } from '../../../millrace.ts';

/** What a client knows of a workflow that others have. */
const ORDER = { name: 'order', version: '1' } as unknown as AnyWorkflow;

let place: Workplace;
let client: Millrace;

async function act(...args: string[]) {
  return millrace([...args, '--store', place.store]);
}
async function statusOf(key: string): Promise<string> {
  return (await client.run({ key }).describe()).status;
}
async function eventsOf(key: string): Promise<object[]> {
  return client.store.readInbox((await client.run({ key }).describe()).runId);
}

beforeEach(async () => {
  place = workplace();
  client = await Millrace.open({ store: place.store, work: false });
  for (const key of ['a', 'b', 'c']) {
    // oxlint-disable-next-line no-await-in-loop -- in this order
    await client.start(ORDER, {}, { key, tags: key === 'c' ? ['urgent'] : [] });
  }
});
afterEach(async () => {
  await client.close();
  place[Symbol.dispose]();
});

describe('signal', () => {
  it('is durable when the command ends', async () => {
    const outcome = await act('signal', 'key:a', 'packed', '{"boxes":2}');
    expect(outcome).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^signal packed is with run /) as string,
    });
    expect(outcome.err).toContain('no engine is alive');
    expect(await eventsOf('a')).toHaveLength(1);
    const { out } = await act('signal', 'key:a', 'packed', '--json');
    expect(JSON.parse(out)).toMatchObject({ signal: 'packed' });
  });

  it('with one id twice is one signal', async () => {
    await act('signal', 'key:a', 'packed', '1', '--id', 'x');
    await act('signal', 'key:a', 'packed', '1', '--id', 'x');
    expect(await eventsOf('a')).toHaveLength(1);
  });

  it.each([
    [['key:a'], 'no name is given'],
    [[], 'no name is given'],
    [['key:a', ''], 'signal name is empty'],
    [['key:a', 'packed', '{x'], 'payload is not JSON'],
    [['key:a', 'packed', 'yes'], 'Quote text twice'],
  ])('%j is refused', async (args, message) => {
    const { status, err } = await act('signal', ...args);
    expect(status).toBe(2);
    expect(err).toContain(message);
    expect(await eventsOf('a')).toEqual([]);
  });
});

describe('cancel and retry', () => {
  it('ask a run to end, with a reason', async () => {
    const { status, out } = await act('cancel', 'key:a', '--reason', 'changed my mind', '--json');
    expect([status, JSON.parse(out)]).toEqual([0, expect.objectContaining({ reason: 'changed my mind' })]);
    expect((await act('cancel', 'key:b')).out).toMatch(/^run [0-9a-f-]{36} is asked to end$/);
    expect(await eventsOf('b')).toHaveLength(1);
  });

  it('are refused where they mean nothing', async () => {
    const open = await act('retry', 'key:a');
    expect([open.status, open.err]).toEqual([1, expect.stringContaining('is queued')]);
    const file = place.write('shop.ts', SHOP);
    await act('run', `${file}#refund`, '--key', 'r');
    const closed = await act('cancel', 'key:r');
    expect([closed.status, closed.err]).toEqual([1, expect.stringContaining('is completed')]);
    expect(await act('retry', 'key:r')).toMatchObject({ status: 1 });
  });

  it('queue a failed run again', async () => {
    const file = place.write('shop.ts', SHOP);
    await act('run', `${file}#order`, '--key', 'f', '--input', '{"fail":"X"}');
    const { status, out } = await act('retry', 'key:f', '--json');
    expect([status, JSON.parse(out)]).toEqual([0, expect.objectContaining({ status: 'queued' })]);
    expect(await statusOf('f')).toBe('queued');
  });

  it('retry a run from a step', async () => {
    const file = place.write('shop.ts', SHOP);
    await act('run', `${file}#order`, '--key', 'g', '--input', '{"fail":"X"}');
    const wrong = await act('retry', 'key:g', '--from', 'pack');
    expect([wrong.status, wrong.err]).toEqual([3, expect.stringContaining('Recorded are reserve, charge')]);
    expect((await act('retry', 'key:g', '--from', 'charge')).status).toBe(0);
    const history = JSON.parse((await act('history', 'key:g', '--json')).out) as {
      items: { data?: object }[];
    };
    expect(history.items.at(-1)).toMatchObject({ type: 'retried', data: { from: 1 } });
  });
});

describe('pause and resume', () => {
  it('stop a run and let it go on, and say so', async () => {
    const { status, out, err } = await act('pause', 'key:a', '--reason', 'audit', '--json');
    expect([status, JSON.parse(out), err]).toEqual([
      0,
      { runId: expect.any(String) as string, status: 'paused', reason: 'audit' },
      '',
    ]);
    expect(await statusOf('a')).toBe('paused');
    expect((await act('pause', 'key:b')).out).toMatch(
      /^run (\S+) is paused; go on with: millrace resume \1$/,
    );
    expect((await act('resume', 'key:a')).out).toMatch(/^run \S+ goes on$/);
    expect(await statusOf('a')).toBe('queued');
    expect((await client.run({ key: 'b' }).describe()).pause).toMatchObject({ reason: null });
  });

  it('do so to many, and leave out those that are paused, or are not', async () => {
    await act('pause', 'key:a');
    const pause = await act('pause', '--where', 'workflow=order', '--yes', '--json');
    expect([pause.status, JSON.parse(pause.out)]).toEqual([0, { matched: 2, done: 2, failed: [] }]);
    expect(await act('resume', '--where', 'tag=urgent', '--yes')).toMatchObject({
      ...{ status: 0, out: 'resume: done for 1 of 1 run' },
    });
    expect([await statusOf('a'), await statusOf('c')]).toEqual(['paused', 'queued']);
  });

  it('are refused for a run that has ended', async () => {
    const file = place.write('shop.ts', SHOP);
    await act('run', `${file}#refund`, '--key', 'r');
    const [pause, resume] = [await act('pause', 'key:r'), await act('resume', 'key:r')];
    expect([pause.status, resume.status]).toEqual([1, 1]);
    expect(pause.err).toContain('is completed and cannot be paused');
  });
});

describe('acts on many runs', () => {
  it('show count and runs first, and change nothing without consent', async () => {
    const unasked = await act('cancel', '--where', 'workflow=order');
    expect(unasked).toMatchObject({ status: 2, out: '' });
    expect(unasked.err).toContain('cancel: 3 runs');
    expect(unasked.err).toContain('Repeat the command with --yes');
    expect(await eventsOf('a')).toEqual([]);
    const args = ['cancel', '--where', 'workflow=order', '--store', place.store];
    expect((await millrace(args, { answer: false })).err).toContain('nothing was changed');
    expect(await eventsOf('a')).toEqual([]);
    expect(await millrace(args, { answer: true })).toMatchObject({
      status: 0,
      out: 'cancel: done for 3 of 3 runs',
    });
    expect(await eventsOf('a')).toHaveLength(1);
  });

  it('are done to what is selected and to nothing else', async () => {
    const { status, out } = await act(
      'signal',
      '--where',
      'tag=urgent&status=queued',
      'packed',
      '{"boxes":2}',
      '--yes',
      '--json',
    );
    expect([status, JSON.parse(out)]).toEqual([0, { matched: 1, done: 1, failed: [] }]);
    expect(await eventsOf('a')).toEqual([]);
    expect(await eventsOf('c')).toHaveLength(1);
  });

  it('leave out runs to which they mean nothing', async () => {
    const { status, out, err } = await act('retry', '--where', 'workflow=order', '--yes');
    expect([status, out, err]).toEqual([0, 'retry: done for 0 of 0 runs', '']);
    expect(await act('retry', '--where', 'status=queued', '--yes')).toMatchObject({ status: 0 });
  });

  it('show ten runs and say how many more there are', async () => {
    await client.startMany(Array.from({ length: 9 }, () => ({ workflow: ORDER, input: {} })));
    const { err } = await act('cancel', '--where', 'workflow=order', '--yes');
    expect(err).toContain('… and 2 more');
  });

  it.each([
    ['status=faild', 'Did you mean "failed"?'],
    ['stauts=failed', 'Did you mean "status"?'],
    ['colour=red', 'Filters are status, workflow, tag, key, q.'],
    ['workflow=', 'workflow has no value'],
    ['key=a&key=b', 'key is there twice'],
    ['', 'selects by nothing'],
  ])('refuse --where %j', async (where, message) => {
    const { status, err } = await act('cancel', '--where', where, '--yes');
    expect(status).toBe(2);
    expect(err).toContain(message);
  });

  it('need either a run or --where', async () => {
    expect((await act('cancel')).err).toContain('no run is named');
    expect((await act('cancel', 'key:a', '--where', 'key=a')).err).toContain('both a run and --where');
  });
});

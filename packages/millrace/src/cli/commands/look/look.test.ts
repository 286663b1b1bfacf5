import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { millrace } from '../../../../testbed/cli/fake-terminal.ts';
import { workplace, type Workplace } from '../../../../testbed/cli/workplace.ts';
import { SHOP } from '../../../../testbed/samples/shop.ts';
import type { AnyWorkflow } from '../../../core/workflow/workflow.ts';
import { Millrace } from '../../../millrace.ts';

/** What a client knows of a workflow that others have. */
const ORDER = { name: 'order', version: '1' } as unknown as AnyWorkflow;

let place: Workplace;
let client: Millrace;

async function look(...args: string[]) {
  return millrace([...args, '--store', place.store]);
}
async function lookAsJson(...args: string[]): Promise<Record<string, unknown>> {
  const { status, out } = await look(...args, '--json');
  expect(status).toBe(0);
  return JSON.parse(out) as Record<string, unknown>;
}

beforeAll(async () => {
  place = workplace();
  const file = place.write('shop.ts', SHOP);
  await look('run', `${file}#order`, '--key', 'done', '--input', '{"id":17}');
  await look('run', `${file}#order`, '--key', 'bad', '--input', '{"fail":"NO_STOCK"}');
  client = await Millrace.open({ store: place.store, work: false });
  await client.start(
    ORDER,
    { id: 18 },
    { key: 'ready', tags: ['urgent', '\u001b[31mred'], priority: 'high' },
  );
  await client.start(ORDER, { id: 19 }, { key: 'later', delay: '1h' });
});
afterAll(async () => {
  await client.close();
  place[Symbol.dispose]();
});

describe('runs', () => {
  it('lists the newest first', async () => {
    const { status, out } = await look('runs');
    const [titles, ...rows] = out.split('\n');
    expect(status).toBe(0);
    expect(titles).toMatch(/^RUN +WORKFLOW +STATUS +CREATED +TOOK +KEY$/);
    expect(rows.map((row) => row.split(/ {2,}/).at(-1))).toEqual(['later', 'ready', 'bad', 'done']);
  });

  it('gives whole runs as JSON, page by page', async () => {
    const { items, nextCursor } = (await lookAsJson('runs', '--limit', '3')) as {
      items: object[];
      nextCursor: string;
    };
    expect(items).toMatchObject([
      { key: 'later', status: 'waiting', input: { id: 19 } },
      { key: 'ready', status: 'queued', input: { id: 18 }, output: null, error: null, priority: 'high' },
      {
        key: 'bad',
        status: 'failed',
        input: { fail: 'NO_STOCK' },
        error: { code: 'NO_STOCK', message: 'no stock' },
      },
    ]);
    expect(await lookAsJson('runs', '--cursor', nextCursor)).toMatchObject({
      items: [{ key: 'done', status: 'completed', output: { id: 17 } }],
      nextCursor: null,
    });
    expect((await look('runs', '--limit', '3')).err).toBe(`there are more: --cursor ${nextCursor}`);
  });

  it.each([
    [
      ['--status', 'failed,completed'],
      ['bad', 'done'],
    ],
    [['--tag', 'urgent'], ['ready']],
    [['--key', 'later'], ['later']],
    [['--workflow', 'refund'], []],
    [['--workflow', 'order', '--status', 'queued'], ['ready']],
  ])('%j selects', async (filters, keys) => {
    const { items } = (await lookAsJson('runs', ...filters)) as { items: { key: string }[] };
    expect(items.map(({ key }) => key)).toEqual(keys);
  });

  it('says when there are none', async () => {
    expect(await look('runs', '--workflow', 'refund')).toEqual({ status: 0, out: '', err: 'no runs' });
  });

  it.each([
    ['--status', 'faild', 'Did you mean "failed"?'],
    ['--status', 'xyz', 'Use queued, running'],
    ['--limit', '0', 'from 1 to 1000'],
    ['--limit', 'all', 'from 1 to 1000'],
    ['--cursor', 'abc', 'the page before'],
  ])('%s %s is refused', async (option, value, message) => {
    const { status, out, err } = await look('runs', option, value);
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain(message);
  });
});

describe('naming a run', () => {
  it('takes an id, the beginning of one, or a key', async () => {
    const { runId } = (await lookAsJson('show', 'key:done')) as { runId: string };
    for (const name of [runId, runId.toUpperCase(), runId.slice(0, -1), runId.replaceAll('-', '')]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await lookAsJson('show', name)).toMatchObject({ runId });
    }
  });

  it('refuses a beginning of several runs and lists them', async () => {
    const { runId } = (await lookAsJson('show', 'key:done')) as { runId: string };
    const { status, err } = await look('show', runId.slice(0, 8));
    expect(status).toBe(2);
    expect(err).toMatch(/begins several run ids: [0-9a-f-]{36}, [0-9a-f-]{36}/);
  });

  it.each([
    ['key:nobody', 3, 'a run with key "nobody" does not exist'],
    ['key:', 2, 'key is empty'],
    ['01a1fe0f-f312-7000-b816-767ffa7102ce', 3, 'does not exist'],
    ['00000000', 3, 'a run whose id begins with "00000000" does not exist'],
    ['0000000', 2, 'names no run'],
    ['order', 2, 'names no run'],
    ['0'.repeat(40), 2, 'names no run'],
  ])('%s is refused', async (name, status, message) => {
    for (const command of ['show', 'history', 'why', 'cancel', 'retry']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const outcome = await look(command, name);
      expect(outcome).toMatchObject({ status, out: '' });
      expect(outcome.err).toContain(message);
    }
  });
});

describe('show', () => {
  it('tells everything about a run', async () => {
    expect(await lookAsJson('show', 'key:done')).toMatchObject({
      workflow: 'order',
      status: 'completed',
      input: { id: 17 },
      steps: [
        { name: 'reserve', status: 'completed', attempts: 1, output: { boxes: 2 } },
        {
          name: 'charge',
          attempts: 2,
          output: '17',
          retries: [{ attempt: 1, error: { message: 'card machine busy' } }],
        },
      ],
    });
    const { out } = await look('show', 'key:bad');
    expect(out).toMatch(/^status +failed$/m);
    expect(out).toMatch(/^error +NO_STOCK: no stock$/m);
    expect(out).toMatch(/^charge +completed +2 /m);
    expect((await look('show', 'key:done')).out).toMatch(/^output +\{"stock":\{"boxes":2\},"id":17\}$/m);
  });

  it('says what holds it up', async () => {
    expect((await look('show', 'key:later')).out).toMatch(/^why +it starts at \d{4}-/m);
  });

  it('lets nothing steer the terminal', async () => {
    const { out } = await look('show', 'key:ready');
    expect(out).toContain('urgent, \\u001b[31mred');
    expect(out).not.toContain('\u001b');
  });
});

describe('history', () => {
  it('lists every event', async () => {
    const { items } = (await lookAsJson('history', 'key:done')) as { items: object[] };
    expect(items).toMatchObject([
      { seq: 0, type: 'started', data: { input: { id: 17 } } },
      { seq: 1, type: 'step-completed', name: 'reserve', attempt: 1 },
      {
        seq: 2,
        type: 'step-retrying',
        name: 'charge',
        attempt: 1,
        data: { error: { message: 'card machine busy' } },
      },
      { seq: 3, type: 'step-completed', name: 'charge', attempt: 2 },
      { seq: 4, type: 'completed' },
    ]);
    const { out } = await look('history', 'key:bad');
    expect(out.split('\n')).toHaveLength(6);
    expect(out).toMatch(/failed +NO_STOCK: no stock/);
  });
});

describe('why', () => {
  it('gives reasons with what to do, and where the time went', async () => {
    expect(await lookAsJson('why', 'key:ready')).toMatchObject({
      status: 'queued',
      reasons: [{ code: 'NO_ENGINE', remedy: { command: 'millrace doctor' } }],
      time: { queuedMs: expect.any(Number) as number, runningMs: 0 },
    });
    const { out } = await look('why', 'key:later');
    expect(out).toMatch(/^DELAYED_START {2}it starts at /m);
    expect(out).toMatch(/^time waiting /m);
  });
  it('says that a run has ended', async () => {
    expect((await look('why', 'key:done')).out).toContain('It has ended.');
  });
});

describe('the store of a command that looks', () => {
  it('must be there', async () => {
    const absent = `file:${place.folder}/absent.db`;
    const { status, err } = await millrace(['runs', '--store', absent]);
    expect(status).toBe(5);
    expect(err).toContain('there is no database at');
    expect(await millrace(['runs'], { env: { DATABASE_URL: absent } })).toMatchObject({ status: 5 });
  });
  it('must have its schema', async () => {
    const empty = `${place.folder}/empty.db`;
    new DatabaseSync(empty).close();
    const { status, err } = await millrace(['runs', '--store', `file:${empty}`]);
    expect([status, err]).toEqual([5, expect.stringMatching(/has schema 0, .* Run `millrace migrate`/)]);
  });
  it('comes from DATABASE_URL, and --store goes before it', async () => {
    expect(await millrace(['show', 'key:done'], { env: { DATABASE_URL: place.store } })).toMatchObject({
      status: 0,
    });
    const env = { DATABASE_URL: 'file:/absent.db', MILLRACE_SERVER: 'http://127.0.0.1:7400' };
    expect(await millrace(['show', 'key:done', '--store', place.store], { env })).toMatchObject({
      status: 0,
    });
  });
});

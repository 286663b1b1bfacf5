import { describe, expect, it } from 'vitest';
import { apiOf } from '../../../../testbed/server/api.ts';
import { open } from '../../../../testbed/engines/engines.ts';
import { signal, workflow } from '../../../index.ts';

const go = signal<string>('go');
const talkative = workflow('talkative', async (ctx) => {
  ctx.log.info('one');
  await ctx.step('pay', (step) => step.log.warn('two', { amount: 12 }));
  ctx.log.info(`three: ${await ctx.waitForSignal(go)}`);
});

interface Page {
  items: { seq: number; message: string }[];
  nextCursor: string | null;
  last: number;
  open: boolean;
  dropped: number;
  code?: string;
}

async function talking() {
  const millrace = await open({ workflows: [talkative] });
  const call = apiOf(millrace);
  const run = await millrace.start(talkative, undefined);
  await expect.poll(async () => (await run.logPage()).items.length, { timeout: 5_000 }).toBe(2);
  const logs = async (query = ''): Promise<[number, Page]> => {
    const { status, body } = await call('GET', `/runs/${run.runId}/logs${query}`);
    return [status, body];
  };
  return { run, logs };
}

describe('GET /runs/ID/logs', () => {
  it('gives what was said, page by page', async () => {
    const { logs } = await talking();
    const [status, first] = await logs('?limit=1');
    expect([status, first]).toMatchObject([
      200,
      {
        items: [{ seq: 1, level: 'info', message: 'one' }],
        nextCursor: '1',
        last: 1,
        open: true,
        dropped: 0,
      },
    ]);
    expect((await logs('?cursor=1'))[1]).toMatchObject({
      items: [{ seq: 2, level: 'warn', message: 'two', step: 'pay', attempt: 1, fields: { amount: 12 } }],
      ...{ nextCursor: null, last: 2 },
    });
    for (const query of ['?level=warn', '?step=pay', '?tail=1'])
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(
        (await logs(query))[1].items.map(({ seq }) => seq),
        query,
      ).toEqual([2]);
  });

  it('waits for what is said next, and not for a run that has ended', async () => {
    const { run, logs } = await talking();
    const next = logs('?cursor=2&wait=30s');
    await run.signal(go, 'yes');
    expect((await next)[1]).toMatchObject({ items: [{ seq: 3, message: 'three: yes' }], last: 3 });
    const before = performance.now();
    expect((await logs('?cursor=3&wait=30s'))[1]).toMatchObject({ items: [], last: 3, open: false });
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  it.each([
    '?level=loud',
    '?cursor=-1',
    '?cursor=x',
    '?cursor=',
    '?cursor=2147483648',
    '?tail=0',
    '?limit=1001',
    '?wait=soon',
    '?steps=a',
  ])('refuses %s', async (query) => {
    const { logs } = await talking();
    const [status, { code }] = await logs(query);
    expect([status, code]).toEqual([400, query === '?wait=soon' ? 'INVALID_DURATION' : 'INVALID_REQUEST']);
  });
});

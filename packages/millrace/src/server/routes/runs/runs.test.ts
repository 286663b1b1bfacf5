import { describe, expect, it } from 'vitest';
import { apiOf } from '../../../../testbed/server/api.ts';
import { gate, open, until } from '../../../../testbed/engines/engines.ts';
import { signal, workflow } from '../../../index.ts';

const order = workflow('order', (_ctx, input: { id: number } | undefined) => ({ shipped: input?.id ?? 0 }));
const approval = workflow('approval', async (ctx) => ctx.waitForSignal(signal<string>('approved')));
const failing = workflow('failing', () => {
  throw Object.assign(new Error('no stock'), { code: 'NO_STOCK' });
});
const workflows = [order, approval, failing];
const NOBODY = '0199b0a0-0000-7000-8000-000000000001';

interface Ack {
  runId: string;
  jobId: string;
  status: string;
  success: boolean;
  queued: boolean;
  code?: string;
}

describe('POST /runs', () => {
  it('starts a run and says its id in both words', async () => {
    const millrace = await open({ workflows });
    const { status, body } = await apiOf(millrace)('POST', '/runs', { workflow: 'order', input: { id: 7 } });
    const { runId } = body as Ack;
    expect([status, body]).toEqual([
      201,
      { runId, jobId: runId, status: 'queued', success: true, queued: true },
    ]);
    expect(await millrace.run(runId).result()).toEqual({ shipped: 7 });
  });

  it('answers a repeated start of a key with its run, also when that has ended', async () => {
    const millrace = await open({ workflows });
    const call = apiOf(millrace);
    const start = { workflow: 'order', input: { id: 7 }, key: 'order-7' };
    const first = (await call('POST', '/runs', start)).body as Ack;
    await millrace.run(first.runId).result();
    const again = await call('POST', '/runs', start);
    expect([again.status, again.body]).toEqual([
      200,
      { runId: first.runId, jobId: first.runId, status: 'completed', success: true, queued: false },
    ]);
    const other = await call('POST', '/runs', { ...start, input: { id: 8 } });
    expect([other.status, (other.body as Ack).code]).toEqual([409, 'KEY_IN_USE']);
  });

  it('takes Idempotency-Key for the key of a start that names none', async () => {
    const millrace = await open({ workflows });
    const call = apiOf(millrace);
    const start = { workflow: 'order', input: { id: 7 } };
    const header = { 'idempotency-key': 'once' };
    const first = await call('POST', '/runs', start, header);
    const again = await call('POST', '/runs', start, header);
    expect([first.status, again.status]).toEqual([201, 200]);
    expect((again.body as Ack).runId).toBe((first.body as Ack).runId);
    const own = await call('POST', '/runs', { ...start, key: 'own' }, header);
    expect(own.status, 'a key of its own counts').toBe(201);
    const bad = await call('POST', '/runs', start, { 'idempotency-key': 'x'.repeat(256) });
    expect([bad.status, (bad.body as Ack).code]).toEqual([400, 'INVALID_REQUEST']);
  });

  it('passes on what a start may say', async () => {
    const millrace = await open({ workflows });
    const call = apiOf(millrace);
    const startAt = '2099-01-01T00:00:00.000Z';
    const options = { priority: 'high', tags: ['a', 'b'], queue: 'slow', version: 1 };
    const { body } = await call('POST', '/runs', { workflow: 'order', ...options, startAt, timeout: '1h' });
    const run = (await call('GET', `/runs/${(body as Ack).runId}`)).body as Record<string, unknown>;
    expect(run).toMatchObject({ ...options, version: '1', status: 'waiting' });
    expect(run['deadlineAt']).toBe('2099-01-01T01:00:00.000Z');
  });

  it.each([
    ['an unknown workflow', { workflow: 'nobody' }, 404, 'UNKNOWN_WORKFLOW'],
    ['an unknown version', { workflow: 'order@9' }, 404, 'UNKNOWN_VERSION'],
    ['a key that is not there', { workflow: 'order', inptu: 1 }, 400, 'INVALID_REQUEST'],
    ['a wrong shape', { workflow: 'order', tags: 'a' }, 400, 'INVALID_REQUEST'],
    ['a wrong instant', { workflow: 'order', startAt: 'tomorrow' }, 400, 'INVALID_REQUEST'],
    [
      'two beginnings',
      { workflow: 'order', startAt: '2099-01-01T00:00:00Z', delay: 1 },
      400,
      'INVALID_ARGUMENT',
    ],
    ['no body', undefined, 400, 'INVALID_REQUEST'],
  ])('refuses %s', async (_, start, status, code) => {
    const seen = await apiOf(await open({ workflows }))('POST', '/runs', start);
    expect([seen.status, (seen.body as Ack).code]).toEqual([status, code]);
  });

  it('says when to come again where the queue is full', async () => {
    const millrace = await open({ workflows });
    await millrace.setQueue('narrow', { paused: true, maxDepth: 1 });
    const call = apiOf(millrace);
    const start = { workflow: 'order', queue: 'narrow' };
    expect((await call('POST', '/runs', start)).status).toBe(201);
    const full = await call('POST', '/runs', start);
    expect([full.status, (full.body as Ack).code]).toEqual([429, 'QUEUE_FULL']);
    expect(Number(full.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('POST /runs/batch', () => {
  it('refuses each alone, and answers in order', async () => {
    const call = apiOf(await open({ workflows }));
    await call('POST', '/runs', { workflow: 'order', input: { id: 1 }, key: 'k' });
    const { status, body } = await call('POST', '/runs/batch', [
      { workflow: 'order', input: { id: 5 } },
      { workflow: 'nobody' },
      { workflow: 'order', input: { id: 2 }, key: 'k' },
      { workflow: 'order', input: { id: 1 }, key: 'k' },
    ]);
    expect(status).toBe(200);
    expect((body as Ack[]).map(({ success, code }) => [success, code])).toEqual([
      [true, undefined],
      [false, 'UNKNOWN_WORKFLOW'],
      [false, 'KEY_IN_USE'],
      [true, undefined],
    ]);
  });

  it('sent again under its Idempotency-Key starts nothing again', async () => {
    const call = apiOf(await open({ workflows }));
    const starts = [
      { workflow: 'order', input: { id: 1 } },
      { workflow: 'order', input: { id: 1 } },
    ];
    const header = { 'idempotency-key': 'batch' };
    const ids = async () =>
      ((await call('POST', '/runs/batch', starts, header)).body as Ack[]).map(({ runId }) => runId);
    const first = await ids();
    expect(new Set(first).size).toBe(2);
    expect(await ids()).toEqual(first);
  });

  it('takes no more than it can hold', async () => {
    const call = apiOf(await open({ workflows }));
    const many = Array.from({ length: 1_001 }, () => ({ workflow: 'order' }));
    expect((await call('POST', '/runs/batch', many)).status).toBe(400);
    expect((await call('POST', '/runs/batch', [])).status).toBe(400);
  });
});

describe('GET /runs', () => {
  it('lists in pages, by what runs are', async () => {
    const millrace = await open({ workflows });
    const call = apiOf(millrace);
    const starts = [1, 2, 3].map((id) => ({ workflow: 'order', input: { id }, tags: [`t${id % 2}`] }));
    const ids = ((await call('POST', '/runs/batch', starts)).body as Ack[]).map(({ runId }) => runId);
    await Promise.all(ids.map((runId) => millrace.run(runId).result()));
    const waiting = await millrace.start(approval, undefined, { key: 'a' });
    type Page = { items: { runId: string; status: string; workflow: string }[]; nextCursor: string | null };
    const list = async (query: string) => (await call('GET', `/runs?${query}`)).body as Page;
    const first = await list('workflow=order&limit=2');
    expect(first.items).toHaveLength(2);
    const second = await list(`workflow=order&limit=2&cursor=${first.nextCursor}`);
    expect(second.nextCursor).toBeNull();
    expect([...first.items, ...second.items].map(({ runId }) => runId).toSorted()).toEqual(ids.toSorted());
    expect((await list('tag=t1')).items).toHaveLength(2);
    expect((await list('q=T1')).items).toHaveLength(2);
    expect((await list('q=nothing')).items).toEqual([]);
    expect((await list('key=a')).items).toMatchObject([{ workflow: 'approval' }]);
    await until(waiting, 'waiting');
    expect((await list('status=waiting&status=completed')).items).toHaveLength(4);
  });

  it.each(['colour=red', 'limit=0', 'limit=1001', 'status=odd', 'cursor=17', 'key=%00', 'tag='])(
    'refuses ?%s',
    async (query) => {
      const seen = await apiOf(await open({ workflows }))('GET', `/runs?${query}`);
      expect([seen.status, (seen.body as Ack).code]).toEqual([400, 'INVALID_REQUEST']);
    },
  );
});

describe('what is told of a run', () => {
  it('is its history, a page at a time', async () => {
    const millrace = await open({ workflows });
    const many = workflow('many', async (ctx) => {
      for (let n = 0; n < 5; n++) await ctx.step(`s${n}`, () => n);
    });
    const other = await open({ workflows: [many] });
    const run = await other.start(many, undefined);
    await run.result();
    const call = apiOf(other);
    const seqs: number[] = [];
    for (let cursor: string | null = '0'; cursor !== null;) {
      const { body } = await call('GET', `/runs/${run.runId}/history?limit=3&cursor=${cursor}`);
      const page = body as { items: { seq: number }[]; nextCursor: string | null };
      expect(page.items.length).toBeLessThanOrEqual(3);
      seqs.push(...page.items.map(({ seq }) => seq));
      cursor = page.nextCursor;
    }
    expect(seqs).toEqual((await run.history()).map(({ seq }) => seq));
    const beyond = await call('GET', `/runs/${run.runId}/history?cursor=1000`);
    expect(beyond.body).toEqual({ items: [], nextCursor: null });
    await millrace.close();
  });

  it('is why it waits', async () => {
    const millrace = await open({ workflows });
    const run = await millrace.start(approval, undefined);
    await until(run, 'waiting');
    const { body } = await apiOf(millrace)('GET', `/runs/${run.runId}/why`);
    expect(body).toMatchObject({ status: 'waiting', reasons: [{ code: 'WAITING_SIGNAL' }] });
  });

  it('is its graph, where it has one', async () => {
    const millrace = await open({ workflows });
    await millrace.deploy(
      'workflow: pair\nversion: 1\nnodes:\n  a: { value: 1 }\n  b: { needs: [a], value: 2 }',
    );
    const run = await millrace.start('pair', undefined);
    await run.result();
    const call = apiOf(millrace);
    const { body } = await call('GET', `/runs/${run.runId}/graph`);
    expect(body).toMatchObject({
      status: 'completed',
      nodes: { a: { status: 'completed', output: 1 }, b: { output: 2 } },
      edges: [{ from: 'a', to: 'b' }],
      progress: { total: 2, completed: 2 },
    });
    const withNodes = await call('GET', `/runs/${run.runId}?nodes=true`);
    expect(withNodes.body).toMatchObject({ nodes: { a: { output: 1 } } });
    const code = await millrace.start(order, { id: 1 });
    const seen = await call('GET', `/runs/${code.runId}/graph`);
    expect([seen.status, (seen.body as Ack).code]).toEqual([404, 'NO_GRAPH']);
  });

  it.each(['', '/history', '/why', '/graph', '/result', '/result?wait=1ms'])(
    'is nothing, where there is no such run: %s',
    async (path) => {
      const seen = await apiOf(await open({ workflows }))('GET', `/runs/${NOBODY}${path}`);
      expect([seen.status, (seen.body as Ack).code]).toEqual([404, 'RUN_NOT_FOUND']);
    },
  );
});

describe('GET /runs/ID/result', () => {
  it('answers when the run has ended, and 202 when it is still open after the wait', async () => {
    const millrace = await open({ workflows });
    const call = apiOf(millrace);
    const run = await millrace.start(approval, undefined);
    for (const query of ['', '?wait=20ms']) {
      const early = await call('GET', `/runs/${run.runId}/result${query}`);
      expect(early.status).toBe(202);
      expect(early.body).toMatchObject({ runId: run.runId, output: null, error: null });
    }
    const waiting = call('GET', `/runs/${run.runId}/result?wait=30s`);
    await run.signal('approved', 'yes');
    const { status, body } = await waiting;
    expect([status, body]).toEqual([
      200,
      { runId: run.runId, status: 'completed', output: 'yes', error: null },
    ]);
  });

  it('tells of a failure as of any end', async () => {
    const millrace = await open({ workflows });
    const run = await millrace.start(failing, undefined);
    const { status, body } = await apiOf(millrace)('GET', `/runs/${run.runId}/result?wait=30s`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'failed', output: null, error: { code: 'NO_STOCK' } });
  });

  it('refuses a wait that is no duration', async () => {
    const seen = await apiOf(await open({ workflows }))('GET', `/runs/${NOBODY}/result?wait=soon`);
    expect([seen.status, (seen.body as Ack).code]).toEqual([400, 'INVALID_DURATION']);
  });

  it('stops waiting when the client has gone', async () => {
    const millrace = await open({ workflows });
    const run = await millrace.start(approval, undefined);
    const gone = new AbortController();
    const waiting = run.outcome({ wait: '1h', signal: gone.signal });
    gone.abort();
    expect((await waiting).output).toBeNull();
    expect((await run.outcome({ wait: '1h', signal: AbortSignal.abort() })).output).toBeNull();
  });
});

describe('what is done to a run', () => {
  it('is a signal with its payload, once for each Idempotency-Key', async () => {
    const millrace = await open({ workflows });
    const call = apiOf(millrace);
    const run = await millrace.start(approval, undefined);
    const header = { 'idempotency-key': 'signal-1' };
    const path = `/runs/${run.runId}/signals/approved`;
    const sent = await call('POST', path, '"yes"', header);
    expect([sent.status, sent.body]).toEqual([202, { runId: run.runId, success: true }]);
    expect(await run.result()).toBe('yes');
    expect((await call('POST', path, '"yes"', header)).status, 'its answer was lost').toBe(202);
    const other = await call('POST', path, '"yes"', { 'idempotency-key': 'signal-2' });
    expect([other.status, (other.body as Ack).code]).toEqual([409, 'RUN_CLOSED']);
    expect((await call('POST', path)).status).toBe(409);
  });

  it('is a cancel with its reason, once for each Idempotency-Key', async () => {
    const millrace = await open({ workflows });
    const call = apiOf(millrace);
    const run = await millrace.start(approval, undefined);
    const header = { 'idempotency-key': 'cancel-1' };
    const path = `/runs/${run.runId}/cancel`;
    expect((await call('POST', path, { reason: 'by hand' }, header)).status).toBe(202);
    const result = await call('GET', `/runs/${run.runId}/result?wait=30s`);
    expect(result.body).toMatchObject({ status: 'cancelled', error: { code: 'CANCELLED' } });
    expect((await call('POST', path, undefined, header)).status).toBe(202);
    expect((await call('POST', path)).status).toBe(409);
  });

  it('is a retry, once for each Idempotency-Key', async () => {
    let stock = 0;
    const holds = gate();
    const shy = workflow('shy', async (ctx) => {
      if (stock === 0) throw new Error('no stock');
      return ctx.step('wait', () => holds.passed.then(() => 'done'));
    });
    const millrace = await open({ workflows: [shy] });
    const call = apiOf(millrace);
    const run = await millrace.start(shy, undefined);
    await expect(run.result()).rejects.toThrow('no stock');
    stock = 1;
    const header = { 'idempotency-key': 'retry-1' };
    const path = `/runs/${run.runId}/retry`;
    expect((await call('POST', path, undefined, header)).status).toBe(202);
    expect((await call('POST', path, undefined, header)).status, 'it is open by now').toBe(202);
    expect(((await call('POST', path)).body as Ack).code).toBe('RUN_NOT_CLOSED');
    holds.open();
    expect(await run.result()).toBe('done');
  });
});

describe('a retry from a step', () => {
  it('is asked for in the body', async () => {
    const calls: string[] = [];
    const shy = workflow('shy', async (ctx) => {
      await ctx.step('one', () => void calls.push('one'));
      await ctx.step('two', () => {
        calls.push('two');
        if (calls.length < 3) throw new Error('no stock');
      });
    });
    const millrace = await open({ workflows: [shy] });
    const call = apiOf(millrace);
    const run = await millrace.start(shy, undefined);
    await expect(run.result()).rejects.toThrow('no stock');
    const path = `/runs/${run.runId}/retry`;
    const wrong = await call('POST', path, { from: 'three' });
    expect([wrong.status, (wrong.body as Ack).code]).toEqual([404, 'STEP_NOT_FOUND']);
    expect((await call('POST', path, { form: 'one' })).status).toBe(400);
    expect((await call('POST', path, { from: 'one' })).status).toBe(202);
    await run.result();
    expect(calls).toEqual(['one', 'two', 'one', 'two']);
  });
});

describe('an answer', () => {
  it('carries the id and the trace of its request', async () => {
    const call = apiOf(await open({ workflows }));
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const given = { 'x-request-id': 'mine', traceparent };
    for (const path of ['/runs', `/runs/${NOBODY}`]) {
      const { headers } = await call('GET', path, undefined, given);
      expect([headers.get('x-request-id'), headers.get('traceparent')]).toEqual(['mine', traceparent]);
    }
    const { headers } = await call('GET', '/runs', undefined, { traceparent: `${traceparent}x` });
    expect([headers.get('x-request-id'), headers.get('traceparent')]).toEqual(['request-1', null]);
  });

  it('to a start leaves the trace with the run', async () => {
    const millrace = await open({ workflows });
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const { body } = await apiOf(millrace)('POST', '/runs', { workflow: 'order' }, { traceparent });
    const [started] = await millrace.run((body as Ack).runId).history();
    expect(started?.data).toMatchObject({ traceparent });
  });

  it('that is polled is not sent again while it is the same', async () => {
    const call = apiOf(await open({ workflows }));
    const { headers } = await call('GET', '/runs');
    const again = await call('GET', '/runs', undefined, { 'if-none-match': headers.get('etag') ?? '' });
    expect([again.status, again.text]).toEqual([304, '']);
  });
});

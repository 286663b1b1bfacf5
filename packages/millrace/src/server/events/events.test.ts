import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { signal } from '../../core/workflow/signal.ts';
import { workflow } from '../../core/workflow/workflow.ts';
import { Millrace } from '../../millrace.ts';
import { openDoor } from '../access/local.ts';
import type { Listening } from '../wire/listen.ts';
import { openServer } from '../server.ts';
import { createTenants } from '../tenants.ts';

const go = signal('go');
const order = workflow('order', () => 'done');
const patient = workflow('patient', (ctx) => ctx.waitForSignal(go));

interface Told {
  id: string;
  event: string;
  data: { type: string; runId?: string; workflow?: string };
}

/** Reads events off a connection until there are enough. */
async function events(response: Response, enough: (told: Told[]) => boolean): Promise<Told[]> {
  const told: Told[] = [];
  let text = '';
  const reader = (response.body as ReadableStream<Uint8Array>)
    .pipeThrough(new TextDecoderStream())
    .getReader();
  while (!enough(told)) {
    // oxlint-disable-next-line no-await-in-loop -- chunk by chunk
    const { done, value = '' } = await reader.read();
    if (done) break;
    const blocks = (text + value).split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const line = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
      const data = line('data');
      if (data === undefined) continue;
      told.push({ id: line('id') ?? '', event: line('event') ?? '', data: JSON.parse(data) as Told['data'] });
    }
  }
  await reader.cancel();
  return told;
}

describe('events over HTTP', () => {
  let folder: string;
  let nodes: { millrace: Millrace; server: Listening }[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-events-'));
    nodes = [];
  });
  afterEach(async () => {
    for (const { millrace, server } of nodes) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await Promise.all([millrace.close(), server.close(0)]);
    }
    rmSync(folder, { recursive: true });
  });

  async function open() {
    const store = `file:${join(folder, 'millrace.db')}`;
    const millrace = await Millrace.open({ store, workflows: [order, patient] });
    const parts = {
      tenants: createTenants(new Map([['default', millrace]])),
      doorkeeper: openDoor('default'),
      ...{ version: '0.0.0', uuid: () => 'request-1', maxBodyBytes: 1_000, reportBug: () => {} },
    };
    const server = await openServer(parts, { host: '127.0.0.1', port: 0 });
    nodes.push({ millrace, server });
    const get = (path: string, init?: RequestInit) => fetch(`${server.url}/api/v1${path}`, init);
    return { millrace, get };
  }

  it('come as they happen, through whatever stands between', async () => {
    const { millrace, get } = await open();
    const response = await get('/events?types=run');
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    const run = await millrace.start(order, undefined);
    const told = await events(response, ({ length }) => length === 2);
    expect(told).toMatchObject([
      { event: 'run', data: { type: 'started', runId: run.runId, workflow: 'order' } },
      { event: 'run', data: { type: 'completed', runId: run.runId } },
    ]);
    expect(told.every(({ id }) => /^\d+\./.test(id))).toBe(true);
  });

  it('go on without loss at another server', async () => {
    const [first, second] = [await open(), await open()];
    const before = await first.millrace.start(order, undefined);
    const response = await first.get('/events?after=0&types=run&workflow=order');
    const [last] = (await events(response, (told) => told.length >= 2)).slice(-1);
    const runs = await Promise.all(Array.from({ length: 20 }, () => first.millrace.start(order, undefined)));
    await Promise.all(runs.map((run) => run.result()));
    const headers = { 'last-event-id': last?.id ?? '' };
    const rest = await events(await second.get('/events?types=run', { headers }), (told) =>
      runs.every(({ runId }) => told.filter(({ data }) => data.runId === runId).length === 2),
    );
    expect(new Set(rest.map(({ id }) => id)).size, 'nothing twice on one connection').toBe(rest.length);
    expect(rest.length).toBeLessThanOrEqual(42);
    expect(
      rest.some(({ data }) => data.runId === before.runId),
      'a while before is told again',
    ).toBe(true);
  });

  it('of one run follow its history, and end with it', async () => {
    const { millrace, get } = await open();
    const run = await millrace.start(patient, undefined);
    const response = await get(`/runs/${run.runId}/events`);
    await run.signal(go, null);
    const told = await events(response, () => false);
    expect(told.map(({ id, data }) => [id, data.type])).toEqual([
      ['0', 'started'],
      ['1', 'signal-received'],
      ['2', 'completed'],
    ]);
    const again = await get(`/runs/${run.runId}/events`, { headers: { 'last-event-id': '2' } });
    expect([again.status, await again.text()]).toEqual([204, '']);
  });

  it('are refused in words where the question makes no sense', async () => {
    const { get } = await open();
    const codes = ['/events?types=nonsense', '/events?after=x', '/events?color=red'].map(async (path) => {
      const response = await get(path);
      return [response.status, ((await response.json()) as { code: string }).code];
    });
    expect(await Promise.all(codes)).toEqual([
      [400, 'INVALID_ARGUMENT'],
      [400, 'INVALID_ARGUMENT'],
      [400, 'INVALID_REQUEST'],
    ]);
    const unknown = await get('/runs/0192f0a0-0000-7000-8000-000000000000/events');
    expect(unknown.status).toBe(404);
  });

  it('leave nothing behind when a thousand listeners come and go', async () => {
    const { millrace, get } = await open();
    const run = await millrace.start(patient, undefined);
    const looks = vi.spyOn(millrace.store, 'readChanges');
    for (let round = 0; round < 20; round += 1) {
      // oxlint-disable-next-line no-await-in-loop -- fifty at a time
      await Promise.all(
        Array.from({ length: 50 }, async (_, at) => {
          const leave = new AbortController();
          const { signal: left } = leave;
          const path = at % 2 === 0 ? '/events?after=0' : `/runs/${run.runId}/events`;
          const response = await get(path, { signal: left });
          await (response.body as ReadableStream).getReader().read();
          leave.abort();
        }),
      );
    }
    await get('/events', { method: 'HEAD' });
    await vi.waitFor(() => expect(millrace.observatory.listeners()).toBe(0), 5_000);
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = looks.mock.calls.length;
    const running = timers();
    await millrace.setQueue('mail', { paused: true });
    await (await millrace.start(order, undefined)).result();
    expect(looks.mock.calls.length, 'nobody looks while nobody listens').toBe(before);
    expect(timers()).toBeLessThanOrEqual(running + 1);
  }, 60_000);
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signal } from '../../core/workflow/signal.ts';
import { workflow } from '../../core/workflow/workflow.ts';
import { Millrace } from '../../millrace.ts';
import type { Role } from '../access/principal.ts';
import { requesting } from '../../../testbed/http/requesting.ts';
import { createApp } from '../server.ts';
import { createTenants } from '../tenants.ts';

const go = signal<string>('go');
const waiting = workflow('waiting', (ctx, _: null) => ctx.waitForSignal(go));

let millrace: Millrace;

beforeEach(async () => {
  millrace = await Millrace.open({ store: 'sqlite::memory:', workflows: [waiting] });
});
afterEach(() => millrace.close());

async function post(path: string, body?: unknown, role: Role = 'operator'): Promise<Response> {
  const ask = requesting(
    createApp({
      tenants: createTenants(new Map([['default', millrace]])),
      doorkeeper: {
        identify: () => Promise.resolve({ kind: 'key', id: 'key-7', namespace: 'default', role } as const),
      },
      version: '0.0.0',
      uuid: () => 'request-1',
      maxBodyBytes: 10_000,
      reportBug: () => {},
    }),
  );
  const headers = { 'content-type': 'application/json' };
  const json = body === undefined ? {} : { headers, body: JSON.stringify(body) };
  return ask(`/api/v1/runs/${path}`, { method: 'POST', ...json });
}

describe('pausing over HTTP', () => {
  it('pauses a run, says by whom and why, and resumes it', async () => {
    const run = await millrace.start(waiting, null);
    const paused = await post(`${run.runId}/pause`, { reason: 'audit' });
    expect(paused.status).toBe(200);
    const told = { by: 'key-7', reason: 'audit' };
    expect(await paused.json()).toMatchObject({ runId: run.runId, status: 'paused', pause: told });
    expect(await (await post(`${run.runId}/pause`)).json()).toMatchObject({ pause: told });
    await run.signal(go, 'hello');
    const resumed = await post(`${run.runId}/resume`);
    expect(resumed.status).toBe(200);
    expect(await resumed.json()).not.toMatchObject({ status: 'paused' });
    expect(await run.result()).toBe('hello');
    const closed = await post(`${run.runId}/pause`);
    expect([closed.status, await closed.json()]).toMatchObject([409, { code: 'RUN_CLOSED' }]);
  });

  it('is refused where it means nothing, or the caller may not', async () => {
    const run = await millrace.start(waiting, null);
    for (const act of ['pause', 'resume']) {
      // oxlint-disable no-await-in-loop -- one after the other
      expect((await post(`${run.runId}/${act}`, undefined, 'worker')).status).toBe(403);
      expect((await post(`0192f0a0-0000-7000-8000-000000000000/${act}`)).status).toBe(404);
      // oxlint-enable no-await-in-loop
    }
    expect((await post(`${run.runId}/pause`, { reason: 7 })).status).toBe(400);
    expect((await post(`${run.runId}/pause`, { why: 'audit' })).status).toBe(400);
    expect((await run.describe()).status).not.toBe('paused');
  });
});

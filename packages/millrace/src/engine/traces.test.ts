import { describe, expect, it } from 'vitest';
import { open, refusal, sharedStore } from '../../testbed/engines/engines.ts';
import { call, serve } from '../../testbed/executors/http-server.ts';
import { fakeStep } from '../../testbed/pool/fake-processes.ts';
import { workflow, type StepContext } from '../index.ts';

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('the trace context of a start', () => {
  it('is found by its steps, its children, its successor and the engines that make its calls', async () => {
    const seen = new Map<string, string | undefined>();
    const note = (at: string) => (step: StepContext) => void seen.set(at, step.traceparent);
    const child = workflow('child', (ctx) => ctx.step('s', note('child')));
    const root = workflow('root', async (ctx, again: boolean): Promise<void> => {
      if (!again) return ctx.step('s', note('successor'));
      await ctx.step('s', note('root'));
      await ctx.child(child, undefined);
      await ctx.call('elsewhere');
      await ctx.continueAsNew(false);
    });
    const store = sharedStore();
    const caller = await open({ store, name: 'caller', workflows: [root, child] });
    const elsewhere = (_input: never, step: StepContext) => note('task')(step);
    await open({ store, name: 'worker', executors: { elsewhere } });
    await (await caller.start(root, true, { traceparent: TRACE })).result();
    const everywhere = ['root', 'child', 'task', 'successor'].map((at) => [at, TRACE]);
    expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(everywhere));
  });

  it('changes nothing about which start is which', async () => {
    const plain = workflow('plain', () => 1);
    const millrace = await open({ workflows: [plain] });
    const first = await millrace.start(plain, undefined, { key: 'k', traceparent: TRACE });
    const second = await millrace.start(plain, undefined, { key: 'k' });
    expect(second.runId).toBe(first.runId);
    await expect(millrace.start(plain, undefined, { traceparent: `${TRACE}\n` })).rejects.toEqual(
      refusal('INVALID_ARGUMENT', /traceparent is/),
    );
  });

  it.each(['http.request', 'webhook.post'])('goes out with %s, unless it says another', async (name) => {
    const { host, url, received } = await serve((response) => response.end());
    const step = fakeStep({ traceparent: TRACE });
    const settings = { httpAllowHosts: [host] };
    await call(name, { url }, settings, step);
    await call(name, { url, headers: { Traceparent: 'own' } }, settings, step);
    await call(name, { url }, settings);
    expect(received.map(({ headers }) => headers['traceparent'])).toEqual([TRACE, 'own', undefined]);
  });
});

import { describe, expect, it } from 'vitest';
import { open, refusal, sharedStore, typesOf, until } from '../../../testbed/engines/engines.ts';
import { sampleGraph } from '../../../testbed/samples/graph.ts';
import { definitionOf } from '../../../testbed/play/play-definition.ts';
import { workflow, type Executor } from '../../index.ts';
import { createTestEngine } from '../../testing/index.ts';
import { definitionWorkflow } from './definition-workflow.ts';

const ORDER = definitionOf(`
workflow: order-fulfilment
version: 1
nodes:
  reserve:
    executor: stock
    with: { items: "\${ input.items }" }
    retry: { maxAttempts: 5, initial: 1s }
    compensate: { executor: unstock, with: "\${ nodes.reserve.output.id }" }
  charge: { needs: [reserve], executor: pay, with: "\${ input.amount }" }
  approved: { needs: [charge], signal: approved, timeout: 7d, when: "\${ nodes.charge.output.amount > 1000 }" }
  settle: { needs: [approved], join: settled, sleep: 3d }
  invoice: { needs: [settle], workflow: invoice, with: { order: "\${ run.key }" } }
  notify:
    needs: [invoice]
    forEach: "\${ input.contacts }"
    concurrency: 1
    onItemError: skip
    executor: mail
    with: "\${ item }"
  summary: { needs: [notify], value: "\${ size(nodes.notify.output) }" }
output: { invoice: "\${ nodes.invoice.output }", mails: "\${ nodes.summary.output }" }
`);

const order = definitionWorkflow(ORDER);
const invoice = workflow('invoice', (_ctx, input: { order: string }) => `invoice of ${input.order}`);

/** Executors that note who was called with what. */
function executors(
  calls: unknown[],
  broken: ReadonlySet<string> = new Set(),
): Readonly<Record<string, Executor>> {
  const noting =
    (name: string, output: (input: unknown) => unknown): Executor<unknown> =>
    (input, { attempt, name: step }) => {
      calls.push([step, input]);
      if (broken.has(`${name} ${attempt}`) || broken.has(name)) throw new Error(`${name} is broken`);
      return output(input);
    };
  return {
    stock: noting('stock', () => ({ id: 's1' })),
    unstock: noting('unstock', () => null),
    pay: noting('pay', (amount) => ({ amount })),
    mail: noting('mail', (to) => `to ${String(to)}`),
  };
}

const INPUT = { items: ['tea'], amount: 2_000, contacts: ['ada', 'bob'] };

describe('a definition on an engine', () => {
  it('runs through executors, retries, waits, children and items to its output', async () => {
    const calls: unknown[] = [];
    const test = await createTestEngine({
      workflows: [order, invoice],
      executors: executors(calls, new Set(['stock 1', 'stock 2'])),
    });
    const run = await test.start(order, INPUT, { key: 'o-17' });
    await test.skip('1h');
    expect((await run.why()).reasons).toMatchObject([{ code: 'WAITING_SIGNAL' }]);
    await run.signal('approved');
    await test.skip('3 days');
    expect(await test.finish(run)).toEqual({ invoice: 'invoice of o-17', mails: 2 });
    expect(calls).toEqual([
      ...['reserve', 'reserve', 'reserve'].map((name) => [name, { items: ['tea'] }]),
      ['charge', 2_000],
      ['notify[0]', 'ada'],
      ['notify[1]', 'bob'],
    ]);
    await test.close();
  });

  it('undoes what it has done when it fails, and fails with its node’s own words', async () => {
    const calls: unknown[] = [];
    const test = await createTestEngine({
      workflows: [order, invoice],
      executors: executors(calls, new Set(['pay'])),
    });
    const run = await test.start(order, INPUT);
    await expect(test.finish(run)).rejects.toThrow('node "charge": pay is broken');
    expect(calls.at(-1)).toEqual(['compensate reserve', 's1']);
    await test.close();
  });

  it('is retried from the node that failed', async () => {
    const calls: string[] = [];
    let isDown = true;
    const work: Executor<unknown> = (_input, { name }) => {
      calls.push(name);
      if (name === 'b' && isDown) throw new Error('down');
      return name;
    };
    const flow = definitionWorkflow(
      definitionOf(`
nodes:
  a: { executor: work }
  b: { needs: [a], executor: work, with: "\${ run.attempt }" }
  c: { needs: [b], executor: work, with: "\${ run.attempt }" }
output: "\${ [nodes.a.output, nodes.b.output, nodes.c.output] }"
`),
    );
    const millrace = await open({ workflows: [flow], executors: { work } });
    const run = await millrace.start(flow, null);
    await expect(run.result()).rejects.toEqual(refusal('RUN_FAILED', /node "b": down/));
    isDown = false;
    await run.retry();
    expect(await run.result()).toEqual(['a', 'b', 'c']);
    expect(calls).toEqual(['a', 'b', 'b', 'c']);
  });

  it('goes on elsewhere with the nodes that had not ended', async () => {
    const calls: string[] = [];
    const work: Executor<unknown> = (_input, { name }) => {
      calls.push(name);
      return name;
    };
    const flow = definitionWorkflow(
      definitionOf(`
nodes:
  a: { executor: work }
  v: { needs: [a], value: "\${ nodes.a.output + '!' }" }
  go: { needs: [v], signal: go }
  b: { needs: [go], executor: work, with: "\${ nodes.v.output }" }
`),
    );
    const store = sharedStore();
    const first = await open({ store, workflows: [flow], executors: { work }, name: 'first' });
    const run = await first.start(flow, null, { key: 'k' });
    await until(run, 'waiting');
    await first.close({ grace: 0 });
    const second = await open({ store, workflows: [flow], executors: { work }, name: 'second' });
    const same = second.run({ key: 'k' });
    await same.signal('go', 1);
    expect(await same.result()).toEqual({ b: 'b' });
    expect(calls).toEqual(['a', 'b']);
    expect(await typesOf(same)).toEqual([
      ...['started', 'step-completed', 'recorded', 'signal-received', 'step-completed', 'completed'],
    ]);
  });

  it('writes commits of a few hundred events, however many nodes are computed', async () => {
    const ids = Array.from({ length: 2_000 }, (_, n) => `n${n}`);
    const nodes = sampleGraph(
      ids.map((id, n) => ({ id, executor: 'noop', needs: ids.slice(Math.max(0, n - 1), n) })),
    );
    const flow = definitionWorkflow({ ...definitionOf('nodes: { a: { value: 1 } }'), nodes });
    const millrace = await open({ workflows: [flow] });
    const run = await millrace.start(flow, null);
    expect(await run.result()).toEqual({ n1999: null });
    const chunks = await millrace.store.readHistory(run.runId);
    expect(Math.max(...chunks.map(({ count }) => count))).toBe(257);
  });
});

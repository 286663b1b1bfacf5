import { expect, it } from 'vitest';
import { open, refusal } from '../../../testbed/engines/engines.ts';
import { workflow, type AnyWorkflow } from '../../index.ts';
import { childVersion } from './child-version.ts';

const PARENT = { workflow: 'order', version: '1' };

function versions(...names: (number | string)[]): AnyWorkflow[] {
  return names.map((version) => workflow('invoice', { version }, () => version));
}

it.each([
  [[2, 10, 9], '10'],
  [['v1', 'v3', 'v2'], 'v3'],
  [['v9', 3, 'zz'], '3'],
])('of versions %j a child by name is of the latest', (numbers, latest) => {
  expect(childVersion(versions(...numbers), 'invoice', PARENT).version).toBe(latest);
});

it('a family stays on one version of its own workflow', () => {
  const parent = { workflow: 'invoice', version: '2' };
  expect(childVersion(versions(1, 2, 3), 'invoice', parent).version).toBe('2');
  expect(childVersion(versions(1, 3), 'invoice', parent).version, 'which this engine has').toBe('3');
});

it('a name that nobody has is refused', () => {
  expect(() => childVersion(versions(1), 'receipt', PARENT)).toThrow(
    refusal('UNKNOWN_WORKFLOW', /"receipt"/),
  );
});

it('an engine starts children by name, with the limits that they bring along', async () => {
  const order = workflow('order', (ctx) =>
    ctx.child<number>('invoice', null, { limits: [{ key: 'printer', max: 1 }], name: 'bill' }),
  );
  const millrace = await open({ workflows: [order, ...versions(1, 2)] });
  const run = await millrace.start(order, undefined);
  expect(await run.result()).toBe(2);
  const started = (await run.history()).find(({ type }) => type === 'child-started');
  expect(started).toMatchObject({ name: 'bill', data: { workflow: 'invoice', version: '2' } });
});

it('what a workflow has by default counts where a start says nothing', async () => {
  const base = workflow('order', (_ctx, n: number) => n);
  const terms = (): object => ({ queue: 'slow', priority: 'low', limits: [{ key: 'k', max: 1 }] });
  const order = { ...base, terms };
  const millrace = await open({ workflows: [order] });
  const [first, second] = [
    await millrace.start(order, 1),
    await millrace.start(order, 2, { queue: 'fast', priority: 'high', limits: [] }),
  ];
  expect([await first.result(), await second.result()]).toEqual([1, 2]);
  expect(await first.describe()).toMatchObject({ queue: 'slow', priority: 'low' });
  expect(await second.describe()).toMatchObject({ queue: 'fast', priority: 'high' });
});

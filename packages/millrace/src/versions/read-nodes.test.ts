import { describe, expect, it } from 'vitest';
import { gate, open, until } from '../../testbed/engines/engines.ts';
import { definitionOf, storeDraft } from '../../testbed/samples/definitions.ts';
import { definitionWorkflow } from '../flows/dag/definition-workflow.ts';
import { workflow } from '../index.ts';

const ORDER = definitionOf({
  reserve: { executor: 'stock.reserve', with: '${ input.item }' },
  charge: { needs: ['reserve'], executor: 'payments.charge' },
  approved: { needs: ['charge'], signal: 'approved' },
  ship: { needs: ['approved'], value: '${ nodes.reserve.output.shelf }' },
});

describe('the nodes of a run of a definition', () => {
  it('are described with it while it runs, and when it has ended', async () => {
    const paid = gate();
    const executors = {
      'stock.reserve': (item: string) => ({ shelf: item.length }),
      'payments.charge': () => paid.passed,
    };
    const millrace = await open({ name: 'one', workflows: [definitionWorkflow(ORDER)], executors });
    await storeDraft(millrace, ORDER);
    const run = await millrace.start({ name: 'order', version: '1' }, { item: 'lamp' });
    const described = () => run.describe({ nodes: true });
    await expect
      .poll(async () => (await described()).progress)
      .toEqual({ total: 4, completed: 1, failed: 0, skipped: 0, running: 1, waiting: 0 });
    expect((await described()).nodes).toMatchObject({
      reserve: { status: 'completed', attempts: 1, engineId: 'one', output: { shelf: 4 } },
      charge: { status: 'running', attempts: 1, engineId: 'one', endedAt: null },
      ship: { status: 'pending', waitsFor: ['approved'] },
    });
    paid.open();
    await until(run, 'waiting');
    expect((await described()).nodes).toMatchObject({ approved: { status: 'waiting' } });
    await run.signal('approved', true);
    await until(run, 'completed');
    const ended = await described();
    expect(ended.nodes).toMatchObject({
      approved: { output: true },
      ship: { status: 'completed', output: 4 },
    });
    expect(ended.criticalPath?.at(0)).toBe('reserve');
  });

  it('wait for each other, and why says for which, behind what holds that one up', async () => {
    const executors = { 'stock.reserve': () => ({ shelf: 1 }), 'payments.charge': () => null };
    const millrace = await open({ workflows: [definitionWorkflow(ORDER)], executors });
    await storeDraft(millrace, ORDER);
    const run = await millrace.start({ name: 'order', version: '1' }, { item: 'lamp' });
    await until(run, 'waiting');
    const { runId } = run;
    expect((await run.why()).reasons).toMatchObject([
      { code: 'WAITING_SIGNAL', remedy: { command: expect.stringContaining(`signal ${runId} approved`) } },
      {
        code: 'WAITING_NODE',
        message: 'node "ship" waits for node "approved", which is waiting',
        refs: { node: 'ship', waitsFor: 'approved' },
        remedy: { command: `millrace show ${runId}` },
      },
    ]);
    await run.signal('approved', true);
    await until(run, 'completed');
    expect((await run.why()).reasons).toEqual([]);
  });

  it('are those of the content that its version has now', async () => {
    const millrace = await open({ workflows: [] });
    const run = await millrace.start({ name: 'order', version: '1' }, { item: 'lamp' }, { delay: '1h' });
    expect(await run.describe({ nodes: true })).not.toHaveProperty('nodes');
    await storeDraft(millrace, ORDER);
    expect(Object.keys((await run.describe({ nodes: true })).nodes ?? {})).toHaveLength(4);
    expect(await run.describe(), 'they are not read unless they are wanted').not.toHaveProperty('nodes');
  });

  it('are none of a run of code', async () => {
    const millrace = await open({ workflows: [workflow('order', () => 1)] });
    const run = await millrace.start({ name: 'order', version: '1' }, null);
    await until(run, 'completed');
    expect(await run.describe({ nodes: true })).not.toHaveProperty('nodes');
  });
});

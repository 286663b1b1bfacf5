import { describe, expect, it } from 'vitest';
import { fakeTerminal, millrace } from '../../../../testbed/cli/fake-terminal.ts';
import { workplace } from '../../../../testbed/cli/workplace.ts';
import { definitionOf, storeDraft } from '../../../../testbed/samples/definitions.ts';
import type { NodeDescription } from '../../../core/dag/view/view-graph.ts';
import { definitionWorkflow } from '../../../flows/dag/definition-workflow.ts';
import { Millrace, type RunDescription } from '../../../index.ts';
import { nodeLines } from './node-lines.ts';

describe('show', { timeout: 30_000 }, () => {
  it('prints the nodes of a run of a definition, and no step twice', async () => {
    using place = workplace();
    const order = definitionOf({
      reserve: { executor: 'stock.reserve', retry: { maxAttempts: 3, initial: '1ms' } },
      notify: { needs: ['reserve'], forEach: '${ input.to }', onItemError: 'skip', executor: 'email.send' },
      approved: { needs: ['notify'], signal: 'approved' },
      ship: { needs: ['approved'], value: 1 },
    });
    let tries = 0;
    const executors = {
      'stock.reserve': () => {
        if (tries++ < 2) throw new Error('busy');
      },
      'email.send': () => 'sent',
    };
    const workflows = [definitionWorkflow(order)];
    const engine = await Millrace.open({ store: place.store, name: 'one', workflows, executors });
    await storeDraft(engine, order);
    const run = await engine.start({ name: 'order', version: '1' }, { to: ['a', 'b'] }, { key: 'k' });
    await expect.poll(async () => (await run.describe()).status, { timeout: 20_000 }).toBe('waiting');
    await engine.close();
    const { out } = await millrace(['show', 'key:k', '--store', place.store]);
    expect(out).toMatch(/^progress +2 of 4 nodes completed, 1 waiting$/m);
    expect(out).toMatch(/^longest +reserve → notify → approved$/m);
    expect(out).toMatch(/^NODE +STATUS +ATTEMPT +STARTED +TOOK +ENGINE +DETAIL$/m);
    expect(out).toMatch(/^notify +completed +1 .* one +2 of 2 items$/m);
    expect(out).toMatch(/^approved +waiting /m);
    expect(out).toMatch(/^ship +pending +after approved$/m);
    expect(out, 'an earlier attempt stands with its step').toMatch(/^ +failed +1 .*busy$/m);
    const json = await millrace(['show', 'key:k', '--store', place.store, '--json']);
    expect(JSON.parse(json.out)).toMatchObject({
      nodes: { reserve: { status: 'completed', attempts: 3 } },
      progress: { total: 4 },
      criticalPath: ['reserve', 'notify', 'approved'],
    });
  });

  it('prints of a large graph what goes on or went wrong', () => {
    const node: NodeDescription = {
      ...{ status: 'completed', attempts: 1, startedAt: null, endedAt: null, engineId: null },
      ...{ output: null, error: null, retryAt: null, waitsFor: [] },
    };
    const nodes = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`n${n}`, node]));
    const error = { code: 'BANK', message: 'declined' };
    nodes['n7'] = { ...node, status: 'failed', error };
    nodes['n8'] = { ...node, status: 'running', retryAt: '2026-01-01T00:00:00.000Z' };
    const progress = { total: 300, completed: 298, failed: 1, skipped: 1, running: 1, waiting: 0 };
    const run = { nodes, progress, criticalPath: [] } as unknown as RunDescription; // the rest is not looked at
    const lines = nodeLines(fakeTerminal().terminal, run);
    expect(lines.filter((line) => /^n\d/.test(line))).toHaveLength(2);
    expect(lines.join('\n')).toMatch(/^n7 +failed .*BANK: declined$/m);
    expect(lines.at(1)).toMatch(/298 of 300 nodes completed, 1 failed, 1 skipped, 1 running$/);
    expect(lines.at(-1)).toBe('and 298 more; --json has them');
  });
});

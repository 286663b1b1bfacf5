import { afterEach, describe, expect, it } from 'vitest';
import { definitionOf } from '../../../testbed/samples/definitions.ts';
import { play, replayDifferences, signalled, type Play } from '../../../testbed/play/play.ts';
import { aRun, T0 } from '../../../testbed/samples/history.ts';
import type { Definition } from '../../core/dag/definition.ts';
import { viewRun } from '../../core/dag/view/view-run.ts';
import { TerminalError } from '../../core/errors.ts';
import type { ReadableRun } from '../../core/reading/readable-run.ts';
import { workflow } from '../../core/workflow/workflow.ts';
import { definitionWorkflow } from './definition-workflow.ts';

afterEach(async () => expect(await replayDifferences()).toEqual([]));

const ORDER = definitionOf({
  reserve: { executor: 'stock.reserve' },
  charge: { executor: 'payments.charge', retry: { maxAttempts: 3 } },
  total: { needs: ['reserve', 'charge'], value: '${ nodes.charge.output.amount }' },
  approved: { needs: ['total'], signal: 'approved', timeout: '7d' },
  cheap: { needs: ['total'], when: '${ nodes.total.output < 5 }', executor: 'gift.send' },
  ship: { needs: ['approved'], workflow: 'shipping' },
});

const SECOND = 1_000;

function drained(): Promise<void> {
  return new Promise((resolve) => {
    queueMicrotask(() => process.nextTick(resolve));
  });
}

function start(of: Definition, input: unknown = {}): Promise<Play> {
  return play(definitionWorkflow(of), { input, workflows: [workflow('shipping', () => 1)] });
}

/** Looks at a run as it is stored now. */
async function look(of: Definition, run: Play, row: Partial<ReadableRun> = {}) {
  const stored = aRun({ runId: run.execution.runId, startedAt: T0, ...row });
  const needs = { drained, now: run.world.now };
  const view = await viewRun((watch) => definitionWorkflow(of, watch), stored, run.history, needs);
  if (view === undefined) throw new Error('there is no view');
  return view;
}

/** A second passes, then this happens. */
function later(run: Play, ...arrivals: Parameters<Play['give']>) {
  run.world.now += SECOND;
  return run.give(...arrivals);
}

function at(seconds: number): string {
  return new Date(T0 + seconds * SECOND).toISOString();
}

describe('the nodes of a run', () => {
  it('have begun, wait for others, or are made by an engine, before any outcome', async () => {
    const run = await start(ORDER);
    const view = await look(ORDER, run, { engineName: 'engine-7', status: 'running' });
    expect(view.nodes).toMatchObject({
      reserve: { status: 'running', attempts: 1, startedAt: at(0), endedAt: null, engineId: 'engine-7' },
      charge: { status: 'running', attempts: 1, waitsFor: [] },
      total: { status: 'pending', attempts: 0, startedAt: null, waitsFor: ['reserve', 'charge'] },
      ship: { status: 'pending', waitsFor: ['approved'] },
    });
    expect(Object.keys(view.nodes)).toEqual(['reserve', 'charge', 'total', 'approved', 'cheap', 'ship']);
    expect(view.progress).toEqual({ total: 6, completed: 0, failed: 0, skipped: 0, running: 2, waiting: 0 });
    expect(view.breach).toBeUndefined();
  });

  it('show when they began and ended, what they gave, and who made them', async () => {
    const run = await start(ORDER);
    await later(run, run.done('reserve', { shelf: 4 }));
    await later(run, { ...run.done('charge', { amount: 17 }), ...{ engine: 'engine-9' } });
    run.world.now += SECOND;
    const view = await look(ORDER, run);
    expect(view.nodes).toMatchObject({
      reserve: {
        status: 'completed',
        startedAt: at(0),
        endedAt: at(1),
        engineId: 'engine-1',
        output: { shelf: 4 },
      },
      charge: { status: 'completed', startedAt: at(0), endedAt: at(2), engineId: 'engine-9' },
      total: { status: 'completed', startedAt: at(2), endedAt: at(2), output: 17 },
      approved: { status: 'waiting', attempts: 1, startedAt: at(2), endedAt: null, output: null },
      cheap: { status: 'skipped', attempts: 0, startedAt: null, endedAt: at(2) },
      ship: { status: 'pending' },
    });
    expect(view.progress).toEqual({ total: 6, completed: 3, failed: 0, skipped: 1, running: 0, waiting: 1 });
    expect(view.criticalPath, 'what waits counts up to now').toEqual(['charge', 'total', 'approved']);
  });

  it('that are tried again say how often, why and when', async () => {
    const run = await start(ORDER);
    await later(
      run,
      run.retrying('charge', 5 * SECOND, Object.assign(new Error('declined'), { code: 'BANK' })),
    );
    const row = { engineName: 'engine-7' };
    const charge = async () => (await look(ORDER, run, row)).nodes['charge'];
    const error = { code: 'BANK', message: 'declined' };
    const pause = { status: 'running', attempts: 1, engineId: null, retryAt: at(5), error };
    expect(await charge()).toMatchObject(pause);
    run.world.now += 5 * SECOND;
    expect(await charge()).toMatchObject({ ...pause, attempts: 2, engineId: 'engine-7', retryAt: null });
    await later(run, run.done('charge', { amount: 1 }));
    expect(await charge()).toMatchObject({ status: 'completed', attempts: 2, error: null });
  });

  it('of a run that failed are those that failed, and what ended with them', async () => {
    const run = await start(ORDER);
    await later(run, run.failed('charge', new TerminalError('stolen', { code: 'CARD' })));
    await later(run, run.done('reserve'));
    expect(run.events.at(-1)?.type).toBe('failed');
    const view = await look(ORDER, run, { status: 'failed' });
    expect(view.nodes).toMatchObject({
      charge: { status: 'failed', endedAt: at(1), error: { code: 'CARD', message: 'stolen' } },
      reserve: { status: 'completed', endedAt: at(2) },
      total: { status: 'cancelled', startedAt: null, waitsFor: [] },
    });
    expect(view.progress).toMatchObject({ completed: 1, failed: 1 });
  });

  it('that were undone are not tried once more by that', async () => {
    const of = definitionOf({
      reserve: { executor: 'a', compensate: { executor: 'undo' } },
      charge: { needs: ['reserve'], executor: 'b' },
    });
    const run = await start(of);
    await later(run, run.done('reserve'));
    await later(run, run.failed('charge'));
    await later(run, run.done('compensate reserve'));
    const { nodes } = await look(of, run, { status: 'failed' });
    expect(nodes).toMatchObject({ reserve: { status: 'completed', attempts: 1 }, charge: { attempts: 1 } });
  });

  it('that wait for many name the first of them', async () => {
    const ids = Array.from({ length: 30 }, (_, n) => `n${n}`);
    const of = definitionOf({
      ...Object.fromEntries(ids.map((id) => [id, { executor: 'x' }])),
      all: { needs: ids, value: 1 },
    });
    const run = await start(of);
    await later(run, run.done('n1'));
    const { nodes } = await look(of, run);
    expect(nodes['all']?.waitsFor).toEqual(['n0', ...ids.slice(2, 21)]);
  });

  it('that are children carry their output, and all are complete in the end', async () => {
    const run = await start(ORDER);
    await later(run, run.done('reserve'), run.done('charge', { amount: 1 }));
    await later(run, run.done('cheap', 'flowers'), signalled('approved', true));
    expect((await look(ORDER, run)).nodes['ship']).toMatchObject({ status: 'running', startedAt: at(2) });
    await later(run, run.childDone('ship', { van: 3 }));
    const view = await look(ORDER, run, { status: 'completed' });
    expect(view.nodes).toMatchObject({ ship: { status: 'completed', attempts: 1, output: { van: 3 } } });
    expect(view.progress).toMatchObject({ total: 6, completed: 6 });
  });

  it('that go through items count them', async () => {
    const each = definitionOf({
      notify: { forEach: '${ input.to }', concurrency: 2, onItemError: 'skip', executor: 'email.send' },
    });
    const run = await start(each, { to: ['a', 'b', 'c'] });
    const node = async () => (await look(each, run)).nodes['notify'];
    expect(await node()).toMatchObject({ status: 'running', items: { total: 3, completed: 0, failed: 0 } });
    await later(run, run.retrying('notify[1]', 2 * SECOND), run.retrying('notify[0]', 3 * SECOND));
    expect(await node()).toMatchObject({ attempts: 1, retryAt: at(2), error: { message: 'broken' } });
    await later(run, run.failed('notify[1]'), run.done('notify[0]', 'sent'));
    expect(await node()).toMatchObject({ attempts: 2, items: { total: 3, completed: 1, failed: 1 } });
    await later(run, run.done('notify[2]', 'sent'));
    expect(await node()).toMatchObject({ status: 'completed', output: ['sent', null, 'sent'] });
  });

  it('are shown as far as definition and history agree', async () => {
    const run = await start(ORDER);
    await later(run, run.done('reserve'));
    const other = definitionOf({
      reserve: { executor: 'stock.reserve' },
      bill: { needs: ['reserve'], executor: 'x' },
    });
    const earlier = await start(definitionOf({ hold: { executor: 'x' } }));
    await later(earlier, earlier.done('hold'));
    expect((await look(other, run)).breach).toBeUndefined();
    const view = await look(other, earlier, { status: 'completed' });
    expect(view.breach).toMatchObject({ code: 'NON_DETERMINISTIC' });
    expect(view.nodes['reserve']).toMatchObject({ status: 'cancelled' });
  });

  it('are none where the workflow is no definition', async () => {
    const run = await start(ORDER);
    const plain = workflow('order', () => 1);
    expect(await viewRun(() => plain, aRun(), run.history, { drained, now: T0 })).toBeUndefined();
  });
});

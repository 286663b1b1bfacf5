import { afterEach, describe, expect, it } from 'vitest';
import { T0 } from '../../../testbed/samples/history.ts';
import { cancelled, replayDifferences } from '../../../testbed/play/play.ts';
import { playDefinition } from '../../../testbed/play/play-definition.ts';
import { workflow } from '../../index.ts';

afterEach(async () => expect(await replayDifferences()).toEqual([]));

const notify = (more: string): string => `
nodes:
  notify:
    forEach: "\${ input }"
    executor: mail
    with: { to: "\${ item }", n: "\${ index }" }
    ${more}
  after: { needs: [notify], value: "\${ [nodes.notify.output, has(nodes.notify.failures)] }" }
`;

describe('the items of a node', () => {
  it('run at once, each under its place; outputs stand in their order', async () => {
    const { run, inputOf, statuses } = await playDefinition(notify(''), { input: ['a', 'b', 'c'] });
    expect(run.waits).toEqual(['step notify[0]', 'step notify[1]', 'step notify[2]']);
    expect(inputOf('notify[1]')).toEqual({ to: 'b', n: 1 });
    expect(statuses()).toEqual({ notify: 'running', after: 'pending' });
    await run.give(run.done('notify[2]', 'C'), run.done('notify[0]', 'A'));
    await run.give(run.done('notify[1]', 'B'));
    expect(run.output).toEqual({ after: [['A', 'B', 'C'], false] });
  });

  it('run as many at once as the node says', async () => {
    const { run } = await playDefinition(notify('concurrency: 2'), { input: [1, 2, 3] });
    expect(run.waits).toEqual(['step notify[0]', 'step notify[1]']);
    await run.give(run.done('notify[1]'));
    expect(run.waits).toEqual(['step notify[0]', 'step notify[2]']);
    await run.give(run.done('notify[0]'), run.done('notify[2]'));
    expect(run.turn.standing.kind).toBe('completed');
  });

  it('take the slots of the workflow, like nodes', async () => {
    const { run } = await playDefinition(`concurrency: 2${notify('')}  other: { executor: work }`, {
      input: [1, 2],
    });
    expect(run.waits).toEqual(['step notify[0]', 'step notify[1]']);
    await run.give(run.done('notify[0]'));
    expect(run.waits).toEqual(['step notify[1]', 'step other']);
    await run.give(run.done('notify[1]'), run.done('other'));
    expect(run.turn.standing.kind).toBe('completed');
  });

  it('may be none', async () => {
    const { run, statuses } = await playDefinition(notify(''), { input: [] });
    expect(run.output).toEqual({ after: [[], false] });
    expect(statuses()).toMatchObject({ notify: 'completed' });
  });

  it('must be a list', async () => {
    const { failure } = await playDefinition(notify(''), { input: 'all' });
    expect(failure()).toMatchObject({
      ...{
        code: 'EXPRESSION',
        message: expect.stringMatching(/^node "notify": forEach gave "all", not a list/),
      },
    });
  });

  it('are not looked at where the node is not wanted', async () => {
    const { run } = await playDefinition(notify('when: "${ false }"'), { input: 'all' });
    expect(run.output).toEqual({ after: null });
  });

  it('may be children, or computed', async () => {
    const child = workflow('child', (_ctx, n: number) => n);
    const { run } = await playDefinition(
      `
nodes:
  bills: { forEach: "\${ input }", workflow: child, with: "\${ item }" }
  same: { forEach: "\${ input }", executor: noop, with: "\${ item + index }" }
`,
      { input: [10, 20], workflows: [child] },
    );
    expect(run.waits).toEqual(['child bills[0]', 'child bills[1]']);
    expect(run.turn.events.flatMap((event) => (event.type === 'recorded' ? [event.name] : []))).toEqual([
      ...['same[0]', 'same[1]'],
    ]);
    await run.give(run.childDone('bills[0]', 1), run.childDone('bills[1]', 2));
    expect(run.output).toEqual({ bills: [1, 2], same: [10, 21] });
  });

  it('end with a cancel', async () => {
    const { run, statuses } = await playDefinition(notify('onItemError: skip'), { input: [1, 2] });
    await run.give(cancelled());
    expect(run.turn.standing.kind).toBe('cancelled');
    expect(statuses()).toEqual({ notify: 'cancelled', after: 'cancelled' });
  });
});

describe('an item that fails for good', () => {
  const broken = Object.assign(new Error('no such box'), { code: 'BOUNCED' });

  it('fails the node when those that run have ended; no other begins', async () => {
    const { run, failure } = await playDefinition(notify('concurrency: 2'), { input: [1, 2, 3] });
    await run.give(run.failed('notify[0]', broken));
    expect(run.waits).toEqual(['step notify[1]']);
    await run.give(run.failed('notify[1]', new Error('later')));
    expect(failure()).toMatchObject({ code: 'BOUNCED', message: 'node "notify[0]": no such box' });
  });

  it('fails a node whose failure may be accepted', async () => {
    const { run, statuses } = await playDefinition(notify('onError: continue'), { input: [1] });
    await run.give(run.failed('notify[0]', broken));
    expect(statuses()).toEqual({ notify: 'failed', after: 'completed' });
    expect(run.output).toEqual({ after: [null, false] });
  });

  it('is skipped with its reason where the node says so', async () => {
    const { run, graph } = await playDefinition(notify('onItemError: skip'), { input: ['a', 'b', 'c'] });
    await run.give(run.failed('notify[2]', broken));
    await run.give(run.failed('notify[0]', broken), run.done('notify[1]', 'B'));
    expect(run.output).toEqual({ after: [[null, 'B', null], true] });
    const timestamp = new Date(T0).toISOString();
    const error = { code: 'BOUNCED', message: 'no such box' };
    expect(graph.scopeOf(0)?.failures).toEqual([
      { index: 0, item: 'a', error, attempts: 1, timestamp },
      { index: 2, item: 'c', error, attempts: 1, timestamp },
    ]);
  });

  it('before it was tried is told apart by no attempt', async () => {
    const { run, graph } = await playDefinition(
      `
nodes:
  half: { forEach: "\${ input }", executor: noop, with: "\${ 6 / item }", onItemError: skip }
  calls: { forEach: "\${ input }", executor: work, with: "\${ 6 / item }", onItemError: skip }
`,
      { input: [0, 2] },
    );
    await run.give(run.done('calls[1]', 'done'));
    expect(run.output).toEqual({ half: [null, 3], calls: [null, 'done'] });
    expect(graph.scopeOf(0)?.failures).toMatchObject([
      { index: 0, attempts: 0, error: { code: 'EXPRESSION' } },
    ]);
    expect(graph.scopeOf(1)?.failures).toMatchObject([
      { index: 0, attempts: 0, error: { code: 'EXPRESSION' } },
    ]);
  });

  it('computed in the turn fails its node once', async () => {
    const { run, statuses } = await playDefinition(
      `
nodes:
  half: { forEach: "\${ input }", executor: noop, with: "\${ 6 / item }", onError: continue }
  after: { needs: [half], executor: work }
`,
      { input: [0, 1, 2, 3] },
    );
    expect(statuses()).toEqual({ half: 'failed', after: 'running' });
    await run.give(run.done('after'));
    expect(run.turn.standing.kind).toBe('completed');
  });

  it('undoes those that have completed, each with its own item and output', async () => {
    const { run, inputOf } = await playDefinition(
      notify('compensate: { executor: unmail, with: ["${ item }", "${ nodes.notify.output.id }"] }'),
      { input: ['a', 'b'] },
    );
    await run.give(run.done('notify[0]', { id: 'm1' }));
    await run.give(run.failed('notify[1]', broken));
    expect(run.waits).toEqual(['step compensate notify[0]']);
    expect(inputOf('compensate notify[0]')).toEqual(['a', 'm1']);
    await run.give(run.done('compensate notify[0]'));
    expect(run.turn.standing.kind).toBe('failed');
  });
});

describe('the failure of another node', () => {
  it('lets no further item begin; the node is cancelled when those that run have ended', async () => {
    const { run, failure, statuses } = await playDefinition(
      `${notify('concurrency: 1')}  other: { executor: work }`,
      { input: [1, 2] },
    );
    await run.give(run.failed('other', new Error('broken')));
    expect(run.waits).toEqual(['step notify[0]']);
    await run.give(run.done('notify[0]'));
    expect(failure()).toMatchObject({ message: 'node "other": broken' });
    expect(statuses()).toMatchObject({ notify: 'cancelled', other: 'failed' });
  });
});

import { afterEach, describe, expect, it } from 'vitest';
import { replayDifferences, signalled, cancelled } from '../../../testbed/play/play.ts';
import { definitionOf, playDefinition } from '../../../testbed/play/play-definition.ts';
import { workflow } from '../../index.ts';
import { definitionWorkflow } from './definition-workflow.ts';

afterEach(async () => expect(await replayDifferences()).toEqual([]));

describe('an executor node', () => {
  it('is a call under its id, with its input and options', async () => {
    const { run, inputOf, statuses } = await playDefinition(
      `
nodes:
  charge:
    executor: payments.charge
    with: { amount: "\${ input.amount }", note: "order \${ input.id }" }
    retry: { maxAttempts: 2, initial: 5s }
    timeout: 30s
    requires: [pci]
    region: "\${ input.region }"
    affinity: "\${ input.id }"
`,
      { input: { amount: 5, id: 17, region: 'eu' } },
    );
    expect(run.turn.readySteps).toMatchObject([
      {
        name: 'charge',
        policy: { retry: { maxAttempts: 2, initialMs: 5_000 }, timeoutMs: 30_000 },
        work: { executor: 'payments.charge', place: { requires: ['pci'], region: 'eu', affinity: '17' } },
      },
    ]);
    expect(inputOf('charge')).toEqual({ amount: 5, note: 'order 17' });
    expect(statuses()).toEqual({ charge: 'running' });
    await run.give(run.done('charge', { id: 'p1' }));
    expect(run.output).toEqual({ charge: { id: 'p1' } });
    expect(statuses()).toEqual({ charge: 'completed' });
  });

  it('begins the moment all that it needs has completed', async () => {
    const { run, inputOf } = await playDefinition(`
nodes:
  join: { needs: [a, b], executor: work, with: "\${ nodes.a.output + nodes.b.output }" }
  a: { executor: work }
  b: { executor: work }
`);
    expect(run.waits).toEqual(['step a', 'step b']);
    await run.give(run.done('b', 2));
    expect(run.waits).toEqual(['step a']);
    await run.give(run.done('a', 1));
    expect(inputOf('join')).toBe(3);
    await run.give(run.done('join'));
    expect(run.output).toEqual({ join: null });
  });

  it('hands secrets on sealed, and may say where it runs by them never', async () => {
    const { run, inputOf } = await playDefinition(`
nodes: { get: { executor: http, with: { key: "\${ secrets.API_KEY }" } } }
`);
    expect(inputOf('get')).toMatchObject({ value: { key: '${ secrets.API_KEY }' } });
    await run.give(run.done('get'));
  });
});

describe('what runs at once', () => {
  const six = ['f', 'e', 'd', 'c', 'b', 'a'].map((id) => `  ${id}: { executor: work }`).join('\n');

  it('is as many nodes as the definition says, in the order of the document', async () => {
    const { run, statuses } = await playDefinition(`concurrency: 2\nnodes:\n${six}`);
    expect(run.waits).toEqual(['step f', 'step e']);
    expect(statuses()).toMatchObject({ d: 'pending' });
    await run.give(run.done('e'));
    expect(run.waits).toEqual(['step f', 'step d']);
    await run.give(run.done('f'), run.done('d'));
    expect(run.waits).toEqual(['step c', 'step b']);
    await run.give(run.done('c'), run.done('b'));
    await run.give(run.done('a'));
    expect(run.turn.standing.kind).toBe('completed');
  });

  it('does not count what waits, or is computed', async () => {
    const { run, statuses } = await playDefinition(`
concurrency: 1
nodes:
  work: { executor: work }
  more: { executor: work }
  go: { signal: go }
  nap: { sleep: 1h }
  sum: { value: "\${ 1 + 2 }" }
`);
    expect(run.waits).toEqual(['step work', 'signal go', 'sleep nap']);
    expect(statuses()).toEqual({
      ...{ work: 'running', more: 'pending', go: 'waiting', nap: 'waiting', sum: 'completed' },
    });
    await run.give(run.done('work'), signalled('go', 1), run.fired('nap'));
    await run.give(run.done('more'));
    expect(run.output).toEqual({ work: null, more: null, go: 1, nap: null, sum: 3 });
  });
});

describe('a wait', () => {
  it('for a signal gives its payload', async () => {
    const { run } = await playDefinition('nodes: { ok: { signal: approved, timeout: 7d } }');
    await run.give(signalled('approved', { by: 'Ada' }));
    expect(run.output).toEqual({ ok: { by: 'Ada' } });
  });

  it('that expires fails its node with TIMEOUT', async () => {
    const { run, failure } = await playDefinition('nodes: { ok: { signal: approved, timeout: 7d } }');
    await run.advance(604_800_001);
    expect(failure()).toMatchObject({
      ...{
        name: 'TimeoutError',
        code: 'TIMEOUT',
        message: 'node "ok": signal "approved" did not end in time',
      },
    });
  });

  it('of a duration that is computed stands under its id', async () => {
    const { run } = await playDefinition('nodes: { nap: { sleep: "${ input.hours }h" } }', {
      input: { hours: 2 },
    });
    expect(run.waits).toEqual(['sleep nap']);
    await run.advance(7_200_001);
    expect(run.output).toEqual({ nap: null });
  });

  it('of no duration fails its node', async () => {
    const { failure } = await playDefinition('nodes: { nap: { sleep: "${ input }" } }', { input: 'a while' });
    expect(failure()).toMatchObject({
      code: 'INVALID_DURATION',
      message: expect.stringMatching(/^node "nap": /),
    });
  });
});

describe('a child', () => {
  const invoice = workflow('invoice', { version: 3 }, (_ctx, input: { n: number }) => input.n);

  it('is started by name, under the id of its node', async () => {
    const { run } = await playDefinition(
      `
nodes:
  bill:
    workflow: invoice
    with: { n: "\${ input.n }" }
    timeout: 2h
    requires: [printer]
    region: eu
`,
      { input: { n: 17 }, workflows: [invoice] },
    );
    expect(run.turn.children).toMatchObject([
      {
        ...{ name: 'bill', input: '{"n":17}', timeoutMs: 7_200_000 },
        workflow: { name: 'invoice', version: '3' },
        demands: { labels: ['printer'], region: 'eu' },
      },
    ]);
    await run.give(run.childDone('bill', 'paper'));
    expect(run.output).toEqual({ bill: 'paper' });
  });

  it('that fails is the failure of its node, in its own words', async () => {
    const { run, failure } = await playDefinition('nodes: { bill: { workflow: invoice } }', {
      workflows: [invoice],
    });
    await run.give(run.childFailed('bill', Object.assign(new Error('no paper'), { code: 'PAPER' })));
    expect(failure()).toMatchObject({
      code: 'PAPER',
      message: 'node "bill": no paper',
      cause: { code: 'CHILD_FAILED' },
    });
  });

  it('of a workflow that nobody has fails its node', async () => {
    const { failure } = await playDefinition('nodes: { bill: { workflow: invoice } }');
    expect(failure()).toMatchObject({
      code: 'UNKNOWN_WORKFLOW',
      message: expect.stringMatching(/^node "bill": /),
    });
  });
});

describe('a node without an effect', () => {
  it('is computed in the turn and recorded under its id', async () => {
    const { run } = await playDefinition(
      `
nodes:
  sum: { value: { total: "\${ input.a + input.b }" } }
  same: { needs: [sum], executor: noop, with: "\${ nodes.sum.output.total }" }
  none: { needs: [same], executor: noop }
`,
      { input: { a: 1, b: 2 } },
    );
    expect(run.turn.events).toMatchObject([
      { type: 'recorded', name: 'sum', payload: '{"total":3}' },
      { type: 'recorded', name: 'same', payload: '3' },
      { type: 'recorded', name: 'none', payload: 'null' },
      { type: 'completed' },
    ]);
  });

  it('that is to be at a certain place is a call', async () => {
    const { run } = await playDefinition(`
nodes:
  a: { executor: noop, requires: [gpu] }
  b: { executor: noop, region: eu }
  c: { executor: noop, affinity: x }
  d: { executor: noop, with: "\${ secrets.KEY }" }
`);
    expect(run.waits).toEqual(['step a', 'step b', 'step c', 'step d']);
    await run.give(...['a', 'b', 'c', 'd'].map((id) => run.done(id)));
  });

  it('waits for a commit after so many of them, however large the graph is', async () => {
    const nodes = Array.from(
      { length: 600 },
      (_, n) => `  n${n}: { ${n > 0 ? `needs: [n${n - 1}], ` : ''}executor: noop }`,
    );
    const { run } = await playDefinition(`nodes:\n${nodes.join('\n')}`);
    expect(run.waits).toEqual(['step commit records']);
    expect(run.turn.events).toHaveLength(256);
    await run.give(run.done('commit records'));
    expect(run.turn.events).toHaveLength(257);
    await run.give(run.done('commit records#2'));
    expect(run.output).toEqual({ n599: null });
  });

  it('holds nothing else up while it waits for that', async () => {
    const values = Array.from({ length: 300 }, (_, n) => `  v${n}: { value: ${n} }`);
    const { run } = await playDefinition(`nodes:\n${values.join('\n')}\n  work: { executor: work }`);
    expect(run.waits).toEqual(['step work', 'step commit records']);
    await run.give(run.done('work'));
    await run.give(run.done('commit records'));
    expect(run.turn.standing.kind).toBe('completed');
  });

  it('may speak of the run, whose attempt is recorded', async () => {
    const { run } = await playDefinition(
      'nodes: { who: { value: "${ [run.id, run.key, run.startedAt, string(run.attempt)] }" } }',
      { started: { key: 'order-17' } },
    );
    expect(run.output).toEqual({ who: [run.execution.runId, 'order-17', '2026-01-01T00:00:00.000Z', '1'] });
    expect(run.turn.events).toMatchObject([{ name: 'attempt' }, { name: 'who' }, { type: 'completed' }]);
  });
});

describe('a node that is not wanted', () => {
  const branches = (join: string): string => `
nodes:
  big: { when: "\${ input > 9 }", executor: work }
  after: { needs: [big], executor: work }
  end: { needs: [after], join: ${join}, executor: work, with: "\${ nodes.after.status }" }
output: "\${ nodes.end.status }"
`;

  it('is skipped, and so is what needs it', async () => {
    const { run, statuses } = await playDefinition(branches('completed'), { input: 1 });
    expect(run.output).toBe('skipped');
    expect(statuses()).toEqual({ big: 'skipped', after: 'skipped', end: 'skipped' });
  });

  it('does not keep one from beginning that only wants everything settled', async () => {
    const { run, inputOf } = await playDefinition(branches('settled'), { input: 1 });
    expect(inputOf('end')).toBe('skipped');
    await run.give(run.done('end'));
    expect(run.output).toBe('completed');
  });

  it('is decided by true or false and nothing else', async () => {
    const { failure } = await playDefinition('nodes: { a: { when: "${ input }", executor: work } }', {
      input: 1,
    });
    expect(failure()).toMatchObject({
      ...{
        code: 'EXPRESSION',
        message: expect.stringMatching(/^node "a": when gave 1, neither true nor false/),
      },
    });
  });

  it('is left out where one completed need is enough', async () => {
    const { run, statuses } = await playDefinition(
      `
nodes:
  a: { when: "\${ input == 'a' }", executor: work }
  b: { when: "\${ input == 'b' }", executor: work }
  c: { executor: work }
  first: { needs: [a, b, c], join: any, executor: work }
  none: { needs: [a, b], join: any, executor: work }
`,
      { input: 'x' },
    );
    expect(statuses()).toEqual({
      a: 'skipped',
      b: 'skipped',
      c: 'running',
      first: 'pending',
      none: 'skipped',
    });
    await run.give(run.done('c'));
    expect(run.waits).toEqual(['step first']);
    await run.give(run.done('first', 1));
    expect(run.output).toEqual({ first: 1, none: null });
  });
});

describe('the output of a run', () => {
  it('that cannot be computed fails it', async () => {
    const { failure } = await playDefinition('nodes: { a: { value: 1 } }\noutput: "${ nodes.a.output.x }"');
    expect(failure()).toMatchObject({
      code: 'EXPRESSION',
      message: expect.stringMatching(/^output: expression /),
    });
  });

  it('has nodes under their ids, whatever the context records itself', async () => {
    const { run } = await playDefinition('nodes: { now: { value: 2 } }');
    expect(run.output).toEqual({ now: 2 });
    expect(run.events.at(-2)).toMatchObject({ type: 'recorded', name: 'value now' });
  });
});

it('a cancelled run ends at once; nothing of it is left running', async () => {
  const { run, statuses } = await playDefinition(`
nodes:
  a: { executor: work, onError: continue }
  b: { needs: [a], executor: work }
  c: { signal: go }
`);
  await run.give(cancelled('enough'));
  expect(run.turn.standing.kind).toBe('cancelled');
  expect(statuses()).toEqual({ a: 'cancelled', b: 'cancelled', c: 'cancelled' });
});

it('a definition says what its runs have by default', () => {
  const flow = definitionWorkflow(
    definitionOf(`
workflow: order-flow
version: 7
input: { type: object, required: [customer] }
queue: slow
priority: high
timeout: 2h
limits: [{ key: "customer:\${ input.customer }", max: 1 }, { key: "\${ input.customer }", max: 2 }]
nodes: { a: { value: 1 } }
`),
  );
  expect(flow).toMatchObject({ name: 'order-flow', version: '7', timeoutMs: 7_200_000, maxEvents: 10_003 });
  expect(flow.terms?.({ customer: 7 })).toEqual({
    ...{ queue: 'slow', priority: 'high' },
    limits: [
      { key: 'customer:7', max: 1 },
      { key: '7', max: 2 },
    ],
  });
  expect(() => flow.terms?.({ customer: null })).toThrow(expect.objectContaining({ code: 'EXPRESSION' }));
  expect(flow.inputSchema?.['~standard'].validate({})).toMatchObject({ issues: [{ path: ['customer'] }] });
});

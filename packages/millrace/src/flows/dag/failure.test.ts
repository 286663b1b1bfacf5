import { afterEach, describe, expect, it } from 'vitest';
import { cancelled, replayDifferences, signalled } from '../../../testbed/play/play.ts';
import { playDefinition, type FlowPlay } from '../../../testbed/play/play-definition.ts';
import { workflow } from '../../index.ts';

afterEach(async () => expect(await replayDifferences()).toEqual([]));

function declined(message = 'no money'): Error {
  return Object.assign(new Error(message), { code: 'DECLINED', details: { card: 7 } });
}

/** Ends the compensations that run, one by one. */
async function undo({ run, inputOf }: FlowPlay): Promise<[string, unknown][]> {
  const undone: [string, unknown][] = [];
  while (run.turn.standing.kind === 'open') {
    const name = run.waits.find((wait) => wait.startsWith('step compensate'))?.slice(5) as string;
    undone.push([name, inputOf(name)]);
    await run.give(run.done(name));
  }
  return undone;
}

describe('a node that fails for good', () => {
  it('fails the run with the code of its executor, and its id before the message', async () => {
    const { run, failure, statuses } = await playDefinition(`
nodes:
  charge: { executor: pay }
  ship: { needs: [charge], executor: ship }
`);
    await run.give(run.failed('charge', declined()));
    expect(failure()).toMatchObject({
      ...{ name: 'Error', code: 'DECLINED', message: 'node "charge": no money', details: { card: 7 } },
      cause: { code: 'STEP_FAILED', details: { step: 'charge' }, cause: { code: 'DECLINED' } },
    });
    expect(statuses()).toEqual({ charge: 'failed', ship: 'cancelled' });
  });

  it('without a code of its own has that of a failed step', async () => {
    const { run, failure } = await playDefinition('nodes: { charge: { executor: pay } }');
    await run.give(run.failed('charge', new RangeError('too much')));
    expect(failure()).toMatchObject({
      code: 'STEP_FAILED',
      name: 'RangeError',
      message: 'node "charge": too much',
    });
  });

  it('lets executors and children end that run, and starts nothing new', async () => {
    const child = workflow('child', () => 1);
    const { run, failure, statuses } = await playDefinition(
      `
nodes:
  a: { executor: work }
  b: { executor: work }
  c: { workflow: child }
  after: { needs: [b], executor: work }
  free: { needs: [b], join: settled, value: 1 }
`,
      { workflows: [child] },
    );
    await run.give(run.failed('a', declined()));
    expect(run.waits).toEqual(['step b', 'child c']);
    await run.give(run.done('b'));
    expect(run.turn.standing.kind).toBe('open');
    expect(statuses()).toMatchObject({ a: 'failed', b: 'completed', c: 'running', after: 'pending' });
    await run.give(run.childFailed('c', new Error('later')));
    expect(failure(), 'the first failure is the run’s').toMatchObject({ code: 'DECLINED' });
    expect(statuses()).toMatchObject({ c: 'failed', after: 'cancelled', free: 'cancelled' });
  });

  it('does not wait for signals and sleeps that others wait for', async () => {
    const { run, failure, statuses } = await playDefinition(`
nodes:
  a: { executor: work }
  go: { signal: go }
  nap: { sleep: 3d }
`);
    await run.give(run.failed('a', declined()));
    expect(failure()).toMatchObject({ code: 'DECLINED' });
    expect(statuses()).toEqual({ a: 'failed', go: 'cancelled', nap: 'cancelled' });
  });

  it('by an expression fails before it is tried, and is not tried again', async () => {
    const { run, failure } = await playDefinition(
      'nodes: { a: { executor: work, with: "${ input.x.y }" } }',
      {
        input: {},
      },
    );
    expect(run.turn.readySteps).toEqual([]);
    expect(failure()).toMatchObject({
      code: 'EXPRESSION',
      message: expect.stringMatching(/^node "a": expression/),
    });
  });

  it('by a place that is none says so', async () => {
    const place = await playDefinition('nodes: { a: { executor: work, affinity: "${ input }" } }', {
      input: [],
    });
    expect(place.failure()).toMatchObject({
      code: 'EXPRESSION',
      message: expect.stringContaining('an array of 0'),
    });
  });
});

describe('a failure that is accepted', () => {
  const flow = `
nodes:
  a: { executor: work, onError: continue }
  b: { needs: [a], executor: work, with: "\${ [nodes.a.error.code, nodes.a.error.message, nodes.a.status] }" }
  c: { needs: [a], join: any, value: 1 }
output: "\${ nodes.a.output }"
`;

  it('counts as completed for what needs it, with an error and no output', async () => {
    const { run, inputOf, statuses } = await playDefinition(flow);
    await run.give(run.failed('a', declined()));
    expect(inputOf('b')).toEqual(['DECLINED', 'no money', 'failed']);
    await run.give(run.done('b'));
    expect(run.output).toBeNull();
    expect(statuses()).toEqual({ a: 'failed', b: 'completed', c: 'skipped' });
  });

  it('is no cancel: that ends the run all the same', async () => {
    const { run, failure } = await playDefinition(flow);
    await run.give(cancelled('enough'));
    expect(failure()).toMatchObject({ code: 'CANCELLED' });
  });
});

describe('compensations', () => {
  const trip = `
nodes:
  hotel: { executor: book, with: hotel, compensate: { executor: unbook, with: "\${ nodes.hotel.output.id }" } }
  flight:
    executor: book
    with: flight
    compensate:
      executor: unbook
      with: { id: "\${ nodes.flight.output.id }", of: "\${ input }" }
      retry: { maxAttempts: 9 }
      timeout: 5s
  pay: { needs: [hotel, flight], executor: pay }
  paid: { needs: [pay], signal: paid }
`;

  it('run in reverse order of completion, with what was known then', async () => {
    const flow = await playDefinition(trip, { input: 'Ada' });
    const { run } = flow;
    await run.give(run.done('flight', { id: 'f' }));
    await run.give(run.done('hotel', { id: 'h' }));
    await run.give(run.failed('pay', declined()));
    expect(await undo(flow)).toEqual([
      ['compensate hotel', 'h'],
      ['compensate flight', { id: 'f', of: 'Ada' }],
    ]);
    expect(flow.failure()).toMatchObject({ code: 'DECLINED' });
  });

  it('run when the run is cancelled, with their own options', async () => {
    const flow = await playDefinition(trip, { input: 'Ada' });
    const { run } = flow;
    await run.give(run.done('flight', { id: 'f' }));
    await run.give(cancelled());
    expect(run.turn.readySteps).toMatchObject([
      { name: 'compensate flight', policy: { retry: { maxAttempts: 9 }, timeoutMs: 5_000 } },
    ]);
    await undo(flow);
    expect(run.turn.standing.kind).toBe('cancelled');
  });

  it('are not disturbed by what still comes for others', async () => {
    const flow = await playDefinition(`
nodes:
  hotel: { executor: book, compensate: { executor: unbook } }
  go: { signal: go }
  pay: { needs: [hotel], executor: pay }
`);
    const { run } = flow;
    await run.give(run.done('hotel'));
    await run.give(run.failed('pay', declined()));
    await run.give(signalled('go'));
    expect(await undo(flow)).toEqual([['compensate hotel', undefined]]);
    expect(flow.statuses()).toMatchObject({ go: 'cancelled' });
  });

  it('of nodes that ended after the failure run too', async () => {
    const flow = await playDefinition(`
nodes:
  hotel: { executor: book, compensate: { executor: unbook } }
  pay: { executor: pay }
`);
    const { run } = flow;
    await run.give(run.failed('pay', declined()));
    await run.give(run.done('hotel'));
    expect(await undo(flow)).toEqual([['compensate hotel', undefined]]);
  });

  it('that cannot be announced fail their node', async () => {
    const { run, failure } = await playDefinition(`
nodes: { hotel: { executor: book, compensate: { executor: unbook, with: "\${ nodes.hotel.output.id }" } } }
`);
    await run.give(run.done('hotel', {}));
    expect(failure()).toMatchObject({
      code: 'EXPRESSION',
      message: expect.stringMatching(/^node "hotel": /),
    });
  });
});

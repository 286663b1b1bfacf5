import { afterEach, describe, expect, it } from 'vitest';
import { play, replayDifferences, signalled, updated, type Program } from '../../../testbed/play/play.ts';
import { decodeValue } from '../json.ts';
import type { RunEvent } from './event.ts';

afterEach(async () => expect(await replayDifferences()).toEqual([]));

const nothing = (): void => {};

function replies(events: readonly RunEvent[]): unknown[] {
  return events.flatMap((event) =>
    event.type === 'update-replied' ? [[event.id, event.ok, decodeValue(event.payload ?? 'null')]] : [],
  );
}

describe('an update', () => {
  const counter: Program = async (ctx) => {
    let count = 0;
    ctx.onUpdate('add', (by: number) => {
      if (by < 0) throw new RangeError('only upwards');
      return (count += by);
    });
    await ctx.waitForSignal('end');
    return count;
  };

  it('is answered in the turn that takes it, and moves the program', async () => {
    const run = await play(counter);
    const turn = await run.give(updated('add', 2, 'u1'), updated('add', 3, 'u2'));
    expect(turn.events.map(({ type }) => type)).toEqual([
      'update-received',
      'update-replied',
      'update-received',
      'update-replied',
    ]);
    expect(replies(turn.events)).toEqual([
      ['u1', true, 2],
      ['u2', true, 5],
    ]);
    await run.give(signalled('end'));
    expect(run.output).toBe(5);
  });

  it('that the handler refuses is answered with its error, and the run goes on', async () => {
    const run = await play(counter);
    const turn = await run.give(updated('add', -1, 'u1'), updated('add', 1, 'u2'));
    expect(replies(turn.events)).toMatchObject([
      ['u1', false, { name: 'RangeError', message: 'only upwards' }],
      ['u2', true, 1],
    ]);
    await run.give(signalled('end'));
    expect(run.output).toBe(1);
  });

  it('of one id acts once', async () => {
    const run = await play(counter);
    await run.give(updated('add', 1, 'u1'), updated('add', 1, 'u1'));
    expect((await run.give(updated('add', 1, 'u1'))).events).toEqual([]);
    await run.give(signalled('end'));
    expect(run.output).toBe(1);
  });

  it('waits for its handler to be registered, in order, and others wait on', async () => {
    const run = await play(async (ctx) => {
      const seen: unknown[] = [];
      await ctx.step('prepare', nothing);
      ctx.onUpdate('note', (value) => void seen.push(value));
      await ctx.waitForSignal('end');
      return seen;
    });
    const early = await run.give(
      updated('note', 1, 'u1'),
      updated('other', 'x', 'u0'),
      updated('note', 2, 'u2'),
    );
    expect(replies(early.events)).toEqual([]);
    const turn = await run.give(run.done('prepare'));
    expect(replies(turn.events)).toEqual([
      ['u1', true, undefined],
      ['u2', true, undefined],
    ]);
    await run.give(signalled('end'));
    expect(run.output).toEqual([1, 2]);
  });

  it('whose handler takes steps is answered when they are done', async () => {
    const run = await play(async (ctx) => {
      ctx.onUpdate('ship', async (box: number) => [await ctx.step('carry', nothing), box]);
      await ctx.waitForSignal('end');
    });
    expect(replies((await run.give(updated('ship', 1, 'u1'), updated('ship', 2, 'u2'))).events)).toEqual([]);
    expect(run.waits).toEqual(['signal end', 'step carry', 'step carry#2']);
    const turn = await run.give(run.done('carry#2', 'second'), run.done('carry', 'first'));
    expect(replies(turn.events)).toEqual([
      ['u2', true, ['second', 2]],
      ['u1', true, ['first', 1]],
    ]);
    await run.give(signalled('end'));
  });

  it('without input gives null, and a reply that cannot be stored is a refusal that names it', async () => {
    const run = await play(async (ctx) => {
      ctx.onUpdate('ask', (input) => [input]);
      ctx.onUpdate('leak', () => nothing);
      await ctx.waitForSignal('end');
    });
    const turn = await run.give({ type: 'update-received', id: 'u1', name: 'ask' }, updated('leak', 1, 'u2'));
    expect(replies(turn.events)).toMatchObject([
      ['u1', true, [null]],
      ['u2', false, { code: 'NOT_SERIALIZABLE', message: expect.stringMatching(/reply to update "leak"/) }],
    ]);
    await run.give(signalled('end'));
  });

  it('may end the run, and is answered all the same', async () => {
    const run = await play(async (ctx) => {
      let end = nothing;
      const ended = new Promise<void>((resolve) => {
        end = resolve;
      });
      ctx.onUpdate('end', () => end());
      await ended;
    });
    const turn = await run.give(updated('end', 1, 'u1'), updated('end', 1, 'u2'));
    expect(replies(turn.events)).toHaveLength(2);
    expect(turn.events.at(-1)?.type).toBe('completed');
  });

  it('whose handler is replaced is answered by the new one', async () => {
    const run = await play(async (ctx) => {
      ctx.onUpdate('ask', () => 'old');
      await ctx.waitForSignal('change');
      ctx.onUpdate('ask', () => 'new');
      await ctx.waitForSignal('end');
    });
    expect(replies((await run.give(updated('ask', 1, 'u1'))).events)).toEqual([['u1', true, 'old']]);
    expect(replies((await run.give(signalled('change'), updated('ask', 1, 'u2'))).events)).toEqual([
      ['u2', true, 'new'],
    ]);
    await run.give(signalled('end'));
  });
});

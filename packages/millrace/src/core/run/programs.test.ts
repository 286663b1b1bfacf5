/* Random programs under random orders of outcomes: whatever happened live, happens again on replay. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cancelled,
  place,
  play,
  reviveRun,
  signalled,
  updated,
  type Play,
  type Program,
} from '../../../testbed/play/play.ts';
import { retriedEvent } from '../policy/retry-run.ts';
import { effective } from './replay.ts';
import type { Context } from '../workflow/context.ts';
import { workflow } from '../workflow/workflow.ts';

const nothing = (): void => {};
const child = workflow('child', nothing);

/** What a program does: one command, or several in a row or at once. */
type Act =
  | {
      do: 'step' | 'retried' | 'sleep' | 'signal' | 'patient' | 'child' | 'detach' | 'external';
      name: string;
    }
  | { do: 'now' | 'publish' | 'patch' | 'compensate' | 'log' | 'update'; name: string }
  | { do: 'row' | 'all' | 'any' | 'race' | 'caught'; acts: Act[] };

const name = fc.constantFrom('a', 'b', 'c');
const { act } = fc.letrec<{ act: Act }>((tie) => ({
  act: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.record({
      do: fc.constantFrom('step', 'step', 'step', 'sleep', 'signal', 'patient', 'child', 'external'),
      name,
    }),
    fc.record({
      do: fc.constantFrom('now', 'publish', 'patch', 'compensate', 'log', 'update', 'detach'),
      name,
    }),
    fc.record({
      do: fc.constantFrom('row', 'row', 'all', 'any', 'race', 'caught'),
      acts: fc.array(tie('act'), { minLength: 1, maxLength: 4 }),
    }),
  ),
}));

async function perform(ctx: Context, todo: Act): Promise<unknown> {
  switch (todo.do) {
    case 'step':
    case 'retried':
      return ctx.step(todo.name, nothing);
    case 'sleep':
      return ctx.sleep(todo.name === 'a' ? 1000 : 2000);
    case 'signal':
      return ctx.waitForSignal(todo.name);
    case 'patient':
      return ctx.waitForSignal(todo.name, { timeout: 1500 });
    case 'child':
      return ctx.child(child, null);
    case 'detach':
      return ctx.detach(child, null);
    case 'external':
      return ctx.external(todo.name, { timeout: 5000 }).result;
    case 'now':
      return [ctx.now(), ctx.random(), ctx.uuid()];
    case 'publish':
      return ctx.publish(todo.name, todo.name);
    case 'patch':
      return ctx.patch(todo.name) ? ctx.step('patched', nothing) : 'unpatched';
    case 'compensate':
      return ctx.compensate(todo.name, nothing);
    case 'log':
      return ctx.log.info(todo.name);
    case 'update':
      return ctx.onUpdate(todo.name, () => ctx.step(`on ${todo.name}`, nothing));
    case 'row': {
      const values: unknown[] = [];
      for (const next of todo.acts) values.push(await perform(ctx, next));
      return values;
    }
    case 'all':
      return ctx.all(todo.acts.map((next) => perform(ctx, next)));
    case 'any':
      return ctx.any(todo.acts.map((next) => perform(ctx, next)));
    case 'race':
      return ctx.race(todo.acts.map((next) => perform(ctx, next)));
    case 'caught':
      return perform(ctx, { do: 'row', acts: todo.acts }).catch(({ message }: Error) => message);
  }
}

/** Lets something happen to the run: `choice` says to which of its waits, and what. */
async function happen(run: Play, choice: number): Promise<void> {
  const [which, what] = [choice >> 4, choice & 15];
  if (what === 14) return void (await run.give(signalled('a', which), signalled('b', which)));
  if (what === 13) return void (await run.give(updated('a', which), updated('c', which)));
  if (what === 12 && which % 4 === 0) return void (await run.give(cancelled('enough')));
  const pending = [...run.execution.pending.values()];
  const one = pending[which % pending.length];
  const other = pending[(which + 1) % pending.length];
  if (one === undefined || other === undefined) return void (await run.give(signalled('c')));
  const outcomes = [outcomeOf(run, one, what)];
  if (one !== other && what % 3 === 0) outcomes.push(outcomeOf(run, other, which));
  await run.give(...outcomes);
  if (what === 11) await run.advance(1600);
}

function outcomeOf(
  run: Play,
  { kind, name: label, fireAt }: Pick,
  what: number,
): Parameters<Play['give']>[0] {
  if (fireAt !== undefined && (kind === 'sleep' || what % 5 === 0)) return run.fired(label);
  const bad = what % 4 === 1;
  switch (kind) {
    case 'step':
      if (what % 7 === 2) return run.retrying(label, 500);
      if (what % 7 === 3) return run.checkpoint(label, what);
      return bad ? run.failed(label) : run.done(label, what);
    case 'child':
      return bad ? run.childFailed(label, new Error('bad')) : run.childDone(label, what);
    case 'external':
      return bad ? run.externalFailed(label, new Error('bad')) : run.external(label, what);
    default:
      return signalled(label.split('#')[0] as string, what);
  }
}
type Pick = { kind: string; name: string; fireAt: number | undefined };

/** Commands that the history names. */
function named(run: Play): string[] {
  return [...new Set(run.events.flatMap((event) => ('ordinal' in event ? [event.name] : [])))];
}

describe('any program', () => {
  it('comes back to any of its steps, and goes on from there', async () => {
    let [tried, ended] = [0, 0];
    const choices = fc.array(fc.nat(1023), { minLength: 1, maxLength: 14 });
    const acts = fc.array(act, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(acts, choices, choices, async (todo, chosen, later) => {
        const program: Program = (ctx) => perform(ctx, { do: 'row', acts: todo });
        const run = await play(program);
        for (const choice of chosen) {
          if (run.turn.standing.kind !== 'open') break;
          await happen(run, choice);
        }
        for (const step of named(run)) {
          const history = [...run.history];
          const retried = retriedEvent(history, run.world.now, step);
          const { from = Infinity } = retried;
          place(history, [retried], run.world.now);
          const again = await reviveRun(program, history, { ...run.world });
          expect(again.execution.standing.kind, `from ${step}`).not.toBe('blocked');
          expect(
            effective(history).filter(({ event }) => 'ordinal' in event && event.ordinal >= from),
          ).toEqual([]);
          await again.give();
          for (const choice of later) {
            if (again.turn.standing.kind !== 'open') break;
            await happen(again, choice);
          }
          expect(again.turn.standing.kind, `from ${step}`).not.toBe('blocked');
          if (again.turn.standing.kind !== 'open') ended++;
          expect(await again.differences(), `from ${step}`).toEqual([]);
          tried++;
        }
      }),
      { numRuns: 200 },
    );
    expect(tried).toBeGreaterThan(200);
    expect(ended).toBeGreaterThan(20);
  });

  it('does on replay what it did live, from every turn on, in whatever order its outcomes came', async () => {
    let ended = 0;
    const choices = fc.array(fc.nat(1023), { minLength: 1, maxLength: 14 });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 4 }), choices, async (acts, chosen) => {
        const run = await play((ctx) => perform(ctx, { do: 'row', acts }));
        for (const choice of chosen) {
          if (run.turn.standing.kind !== 'open') break;
          await happen(run, choice);
        }
        if (run.turn.standing.kind !== 'open') ended++;
        expect(await run.differences()).toEqual([]);
      }),
      { numRuns: 400 },
    );
    expect(ended, 'programs that reach their end').toBeGreaterThan(40);
  });
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cancelled, replayDifferences, signalled, type Play } from '../../../testbed/play/play.ts';
import { playDefinition } from '../../../testbed/play/play-definition.ts';
import type { NodeStatus } from '../../core/dag/graph/graph.ts';
import { workflow } from '../../index.ts';

/** How a node does what, in the text of a definition. */
const KINDS = [
  'executor: work',
  'executor: work, compensate: { executor: undo }',
  'executor: noop, with: "${ input }"',
  'value: "${ input + 1 }"',
  'value: "${ [run.id, string(run.attempt)] }"',
  'value: "${ input.nothing }"',
  'sleep: 1h',
  'signal: go',
  'signal: go, timeout: 2h',
  'workflow: child',
  'executor: work, forEach: "${ [1, 2, 3] }", concurrency: 2',
  'executor: work, forEach: "${ [1, 2] }", onItemError: skip',
  'executor: noop, with: "${ 1 / item }", forEach: "${ [1, 0, 2] }", onItemError: skip',
];

interface Flow {
  readonly text: string;
  readonly joins: readonly string[];
}

const FLOWS: fc.Arbitrary<Flow> = fc
  .record({
    concurrency: fc.integer({ min: 1, max: 4 }),
    nodes: fc.array(
      fc.record({
        kind: fc.constantFrom(...KINDS),
        needs: fc.array(fc.nat(), { maxLength: 3 }),
        join: fc.constantFrom('completed', 'completed', 'settled', 'any'),
        when: fc.constantFrom('', '', '', ', when: "${ input > 1 }"', ', when: "${ input < 1 }"'),
        onError: fc.constantFrom('', ', onError: continue'),
      }),
      { minLength: 1, maxLength: 9 },
    ),
  })
  .map(({ concurrency, nodes }) => {
    const lines = nodes.map(({ kind, needs, join, when, onError }, n) => {
      const ids = n === 0 ? [] : [...new Set(needs.map((need) => `n${need % n}`))];
      return `  n${n}: { needs: [${ids.join(', ')}], join: ${join}, ${kind}${when}${onError} }`;
    });
    return {
      text: `concurrency: ${concurrency}\nnodes:\n${lines.join('\n')}`,
      joins: nodes.map(({ join }) => join),
    };
  });

const CHILD = workflow('child', () => 1);

/** Lets something happen to what waits: `draw` chooses what, and how it ends. */
function happen(run: Play, draw: () => number): Promise<unknown> {
  const waits = run.waits;
  const [kind = '', ...rest] = (waits[Math.floor(draw() * waits.length)] ?? '').split(' ');
  const name = rest.join(' ');
  const chance = draw();
  switch (kind) {
    case 'step':
      if (chance < 0.1) return run.give(run.retrying(name, 10));
      return run.give(chance < 0.3 && !name.startsWith('commit') ? run.failed(name) : run.done(name, 2));
    case 'child':
      return run.give(chance < 0.3 ? run.childFailed(name, new Error('broken')) : run.childDone(name, 2));
    case 'signal':
      return chance < 0.5 ? run.give(signalled('go', 2)) : run.advance(7_300_000);
    default:
      return run.advance(3_700_000);
  }
}

const ENDED: ReadonlySet<string> = new Set(['completed', 'failed', 'skipped', 'cancelled']);

/** Whether a node may have begun, or been skipped, with these ends of what it needs. */
function mayHave(status: NodeStatus, join: string | undefined, needs: readonly NodeStatus[]): boolean {
  if (status === 'pending' || status === 'cancelled' || needs.length === 0) return true;
  if (join === 'any' && needs.includes('completed')) return true;
  if (!needs.every((need) => ENDED.has(need))) return false;
  return status === 'skipped' || join === 'settled' || !needs.includes('skipped');
}

it('every random flow ends, in order, and is the same on replay at every turn', async () => {
  await fc.assert(
    fc.asyncProperty(
      FLOWS,
      fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
      async (flow, draws) => {
        const draw = (): number => draws.next().value as number;
        const { run, graph, statuses } = await playDefinition(flow.text, { input: 1, workflows: [CHILD] });
        const early: string[] = [];
        const look = (): void => {
          for (const [at, node] of graph.layout.nodes.entries()) {
            const needs = node.needs.map((need) => graph.statusOf(need));
            if (!mayHave(graph.statusOf(at), flow.joins[at], needs))
              early.push(`${node.id} of ${needs.join(', ')}`);
          }
        };
        look();
        for (let turns = 0; run.turn.standing.kind === 'open' && turns < 200; turns++) {
          // oxlint-disable-next-line no-await-in-loop -- one thing after the other
          await (turns > 0 && draw() < 0.02 ? run.give(cancelled()) : happen(run, draw));
          look();
        }
        expect(early).toEqual([]);
        expect(run.turn.standing.kind).toMatch(/^(completed|failed|cancelled)$/);
        expect(Object.values(statuses()).filter((status) => !ENDED.has(status))).toEqual([]);
        expect(await replayDifferences()).toEqual([]);
      },
    ),
    { numRuns: 80 },
  );
}, 30_000);

import { show } from '../../../errors.ts';
import type { Path } from '../problem.ts';
import { strayMentions, type Mention } from './ancestors.ts';
import { isJson, unknownNode, type Check, type Json } from './check.ts';
import type { Speech } from './check-nodes.ts';
import { walkGraph, type Cycle, type Graph } from './graph.ts';
import { placesOfNodes } from './templates.ts';

/** The graph: what nodes need, whether it goes round in circles, and whether expressions speak only of what has ended. */
export function checkNeeds(check: Check, nodes: Json, speeches: readonly Speech[]): void {
  const graph = graphOf(check, nodes);
  const { order, cycles } = walkGraph(graph);
  for (const cycle of cycles) reportCycle(check, nodes, graph, cycle);
  reportStray(check, graph, order, speeches);
}

function graphOf(check: Check, nodes: Json): Graph {
  const ids = [...check.ids.keys()];
  const needs: number[][] = [];
  const isPartial: boolean[] = [];
  for (const [position, id] of ids.entries()) {
    const node = nodes[id];
    const written = isJson(node) ? node['needs'] : undefined;
    const list: readonly unknown[] = Array.isArray(written) ? written : [];
    const sound = new Set<number>();
    for (const [index, need] of list.entries()) {
      const path = ['nodes', id, 'needs', index];
      const found = typeof need === 'string' ? neededNode(check, path, need, position) : undefined;
      if (found === undefined) isPartial[position] = true;
      else if (sound.has(found)) reportTwice(check, path, need);
      else sound.add(found);
    }
    // A node or needs of a wrong type may mean anything.
    isPartial[position] ??= !isJson(node) || (written !== undefined && !Array.isArray(written));
    needs.push([...sound]);
  }
  return { ids, needs, isPartial };
}

function neededNode(check: Check, path: Path, need: string, position: number): number | undefined {
  const found = check.ids.get(need);
  if (found === undefined) check.findings.push(unknownNode(check, path, need));
  if (found !== position) return found;
  check.findings.push({
    ...{ path, code: 'CYCLE', message: `the node needs itself: ${need} → ${need}`, value: show(need) },
    remedy: 'Remove it.',
  });
  return undefined;
}

function reportTwice(check: Check, path: Path, need: unknown): void {
  check.findings.push({
    ...{ path, code: 'DUPLICATE_NEED', message: 'the node is needed twice', value: show(need) },
    remedy: 'Remove one of them.',
  });
}

function reportCycle(check: Check, nodes: Json, { ids }: Graph, cycle: Cycle): void {
  const { node, need, first, last, hidden } = cycle;
  const name = (position: number): string => ids[position] as string; // positions are of ids
  const middle = hidden === 0 ? [] : [`… ${hidden} more …`];
  const way = [...first.map(name), ...middle, ...last.map(name), name(need)].join(' → ');
  const { needs } = nodes[name(node)] as { readonly needs: readonly unknown[] }; // the edge was read from it
  check.findings.push({
    path: ['nodes', name(node), 'needs', needs.indexOf(name(need))],
    code: 'CYCLE',
    message: `each of these needs the next, so that none can begin: ${way}`,
    value: show(name(need)),
    remedy: 'Remove one of these needs.',
  });
}

function reportStray(
  check: Check,
  graph: Graph,
  order: readonly number[],
  speeches: readonly Speech[],
): void {
  const mentions = speeches.flatMap((speech) => mentionsOf(check, speech));
  const strays = new Set<Mention>(strayMentions(graph, order, mentions));
  const ofSpeech = Map.groupBy(
    mentions.filter((mention) => strays.has(mention)),
    ({ speech }) => speech,
  );
  for (const [speech, stray] of ofSpeech) {
    const ids = new Set(stray.map(({ id }) => id));
    for (const [id, inside] of placesOfNodes(speech.template.source, ids)) {
      const isItself = check.ids.get(id) === speech.speaker;
      check.findings.push({
        path: [...speech.path, ...inside],
        code: 'NOT_AN_ANCESTOR',
        message: isItself
          ? 'the node speaks of itself'
          : `the node does not need ${show(id)}, of which it speaks`,
        value: show(id),
        remedy: isItself ? 'Speak of nodes that end before it begins.' : `Add ${show(id)} to its needs.`,
        part: id,
      });
    }
  }
}

type SpokenMention = Mention & { readonly speech: Speech; readonly id: string };

function mentionsOf(check: Check, speech: Speech): readonly SpokenMention[] {
  const { speaker, template, mayNameItself } = speech;
  return template.nodes.flatMap((id) => {
    const of = check.ids.get(id);
    if (of === undefined || (mayNameItself && of === speaker)) return [];
    return [{ speaker, of, speech, id }];
  });
}

import {
  isAlias,
  isMap,
  isScalar,
  type Alias,
  type Node,
  type Pair,
  type ParsedNode,
  type Range,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Locate, Place } from '../problem.ts';
import { keyOf } from './yaml-value.ts';

interface Located {
  readonly root: ParsedNode | null;
  readonly aliases: ReadonlyMap<Alias, Node>;
  readonly text: string;
  readonly placeAt: (offset: number) => Place;
}

/** Finds paths of a document in its text. Of what is not there, the nearest that is around it. */
export function locator({ root, aliases, text, placeAt }: Located): Locate {
  // Many problems may be in one map of many keys.
  const known = new Map<YAMLMap, ReadonlyMap<string | undefined, Pair>>();
  const pairsOf = (map: YAMLMap): ReadonlyMap<string | undefined, Pair> => {
    const pairs = known.get(map) ?? pairsByKey(map);
    known.set(map, pairs);
    return pairs;
  };
  return ({ path, atKey, part }) => {
    let node: unknown = root;
    let offset = startOf(root, 0);
    for (const [index, step] of path.entries()) {
      const resolved = isAlias(node) ? aliases.get(node) : node;
      const isLast = index === path.length - 1;
      if (isMap(resolved)) {
        const pair = pairsOf(resolved).get(String(step));
        if (pair === undefined) break;
        const keyAt = startOf(pair.key, offset);
        node = pair.value;
        offset = isLast && atKey ? keyAt : startOf(node, keyAt);
      } else {
        node = (resolved as Partial<YAMLSeq> | null | undefined)?.items?.[Number(step)];
        offset = startOf(node, offset);
      }
    }
    return placeAt(offset + (part === undefined ? 0 : offsetOfPart(node, part, text)));
  };
}

/** Of a key that is there twice, the first counts. */
function pairsByKey({ items }: YAMLMap): ReadonlyMap<string | undefined, Pair> {
  return new Map(items.toReversed().map((pair) => [keyOf(pair), pair]));
}

function startOf(node: unknown, otherwise: number): number {
  return (node as Partial<Node> | null)?.range?.[0] ?? otherwise;
}

/** Where a part of a text begins, from the beginning of the text on; 0 where escapes or folded lines hide it. */
function offsetOfPart(node: unknown, part: string, text: string): number {
  if (!isScalar(node)) return 0;
  const [start, end] = node.range as Range; // it was read from a text
  return Math.max(0, text.slice(start, end).indexOf(part));
}

import {
  isAlias,
  type Alias,
  isMap,
  isScalar,
  isSeq,
  type Document,
  type Node,
  type Pair,
  type ParsedNode,
  type YAMLMap,
} from 'yaml';
import { show } from '../../../errors.ts';
import type { Finding, Place } from '../problem.ts';
import { MAX_DOCUMENT_BYTES, MAX_LEVELS, sizeOf, tooDeep, TOO_LONG } from './caps.ts';
import { setKey } from './plain-value.ts';

/** What an anchor stands for; its uses share the value. */
interface Anchored {
  readonly node: Node;
  readonly value: unknown;
  readonly bytes: number;
  /** Levels of lists and objects in it. */
  readonly levels: number;
}

interface Reading {
  readonly text: string;
  readonly placeAt: (offset: number) => Place;
  readonly findings: Finding[];
  /** Of the node that is being read. */
  readonly path: (string | number)[];
  readonly anchors: Map<string, Anchored>;
  readonly aliases: Map<Alias, Node>;
  /**
   * What has been read, as JSON takes it, about: every use of an alias counts in full, so that a few lines cannot stand for
   * gigabytes.
   */
  bytes: number;
  /** The deepest level that has been reached since an anchor was met. */
  deepest: number;
  isBroken: boolean;
}

/** The value of a document, what in it no value of JSON can have, and which node each alias stands for. */
export function valueOf(
  document: Document.Parsed,
  text: string,
  placeAt: (offset: number) => Place,
): {
  readonly value: unknown;
  readonly findings: readonly Finding[];
  readonly aliases: ReadonlyMap<Alias, Node>;
  /** A key is not text: there is no value that could be looked at further. */
  readonly isBroken: boolean;
} {
  const reading: Reading = {
    ...{ text, placeAt, findings: [], path: [], anchors: new Map(), aliases: new Map() },
    ...{ bytes: 0, deepest: 0, isBroken: false },
  };
  const value = read(document.contents, reading);
  const { findings, aliases } = reading;
  if (reading.bytes <= MAX_DOCUMENT_BYTES) return { value, findings, aliases, isBroken: reading.isBroken };
  const expanded = {
    ...TOO_LONG,
    message: 'the document is larger than 8 MiB when its aliases are followed',
  };
  return { value: undefined, findings: [...findings, expanded], aliases, isBroken: true };
}

/** Recursion is safe: the parser has stopped at the deepest level that a document may have. */
function read(node: Node | null, reading: Reading): unknown {
  if (node === null || reading.bytes > MAX_DOCUMENT_BYTES) return null;
  if (isAlias(node)) return readAlias(node, reading);
  checkTag(node, reading);
  const { anchor } = node as { readonly anchor?: string };
  if (anchor === undefined) return readPlain(node, reading);
  const { bytes, deepest } = reading;
  reading.deepest = reading.path.length;
  reading.anchors.delete(anchor);
  const value = readPlain(node, reading);
  const levels = reading.deepest - reading.path.length;
  reading.anchors.set(anchor, { node, value, bytes: reading.bytes - bytes, levels });
  reading.deepest = Math.max(deepest, reading.deepest);
  return value;
}

function readPlain(node: Node, reading: Reading): unknown {
  if (isMap(node)) return readMap(node, reading);
  if (isSeq(node)) {
    reading.bytes += sizeOf(node);
    return node.items.map((item, index) => inside(index, item as Node | null, reading));
  }
  const { value } = node as { readonly value?: unknown };
  reading.bytes += sizeOf(value);
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  reading.findings.push({
    path: [...reading.path],
    code: 'NOT_JSON',
    message: 'the number is not finite',
    value: String(value),
    remedy: 'Write a number that JSON can write, or text.',
  });
  return 0;
}

function inside(key: string | number, node: Node | null, reading: Reading): unknown {
  reading.path.push(key);
  reading.deepest = Math.max(reading.deepest, reading.path.length);
  const value = read(node, reading);
  reading.path.pop();
  return value;
}

function readMap(map: YAMLMap, reading: Reading): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  const seen = new Set<string>();
  reading.bytes += sizeOf(map);
  for (const pair of map.items) {
    const key = keyOf(pair);
    if (key === undefined) reportKey(reading, pair);
    else if (key === '<<') merge(record, pair, reading);
    else if (seen.has(key)) reading.findings.push(duplicateKey(reading, key, pair));
    else {
      seen.add(key);
      reading.bytes += sizeOf(key);
      setKey(record, key, inside(key, pair.value as Node | null, reading));
    }
  }
  return record;
}

/** Keys are text: a plain `1` or `null` is the text that stands there. Undefined: it is a list, an object or an alias. */
export function keyOf({ key }: Pair): string | undefined {
  if (!isScalar(key)) return undefined;
  return typeof key.value === 'string' ? key.value : key.source;
}

function readAlias(alias: Alias, reading: Reading): unknown {
  const anchor = alias.source;
  const anchored = reading.anchors.get(anchor);
  if (anchored === undefined) {
    reading.findings.push({
      path: [...reading.path],
      code: 'YAML_FEATURE',
      message: `the alias stands for no anchor before it`,
      value: `*${anchor}`,
      remedy: `Write &${anchor} before the value that is meant, or put text that begins with * in quotes.`,
    });
    return null;
  }
  reading.aliases.set(alias, anchored.node);
  reading.bytes += anchored.bytes;
  const deepest = reading.path.length + anchored.levels;
  reading.deepest = Math.max(reading.deepest, deepest);
  if (deepest <= MAX_LEVELS) return anchored.value;
  reading.findings.push(tooDeep([...reading.path]));
  return null;
}

const CORE_TAGS = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`),
);

function checkTag({ tag }: Node, reading: Reading): void {
  if (tag === undefined || CORE_TAGS.has(tag)) return;
  reading.findings.push({
    path: [...reading.path],
    code: 'YAML_FEATURE',
    message: 'the tag has no meaning here',
    value: tag.replace('tag:yaml.org,2002:', '!!'),
    remedy: 'Remove it, or put text that begins with ! in quotes.',
  });
}

function reportKey(reading: Reading, { key }: Pair): void {
  const { path, text, placeAt, findings } = reading;
  const [start, end] = (key as ParsedNode).range; // it was read from a text
  reading.isBroken = true;
  findings.push({
    path: [...path],
    code: 'SYNTAX',
    message: 'a key is not text',
    value: show(text.slice(start, end)),
    remedy: 'Write the key as text, in quotes where it holds brackets or braces.',
    place: placeAt(start),
  });
}

/** Reported and done all the same, so that nobody is told that what it brings is missing. */
function merge(record: Record<string, unknown>, pair: Pair, reading: Reading): void {
  reading.findings.push({
    path: [...reading.path, '<<'],
    code: 'YAML_FEATURE',
    message: 'merge keys are of YAML 1.1',
    value: '<<',
    remedy: 'Write the keys out, or use an alias for the whole value.',
    atKey: true,
  });
  const value = inside('<<', pair.value as Node | null, reading);
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) setKey(record, key, item);
}

function duplicateKey({ path, placeAt }: Reading, key: string, pair: Pair): Finding {
  const [root, ...rest] = path;
  const isNode = root === 'nodes' && rest.length === 0;
  return {
    path: [...path, key],
    code: isNode ? 'DUPLICATE_NODE' : 'DUPLICATE_KEY',
    message: isNode ? 'there are two nodes with this id' : 'the key is there twice',
    value: show(key),
    remedy: isNode ? 'Give each node an id of its own.' : 'Remove one of them.',
    place: placeAt((pair.key as ParsedNode).range[0]), // it was read from a text
  };
}

import type { ASTNode } from '@marcbachmann/cel-js';
import { show } from '../../../../errors.ts';
import { didYouMean } from '../../../../suggest.ts';
import { ROOTS } from '../../template.ts';
import type { NodeScope, Root } from '../../template.ts';
import { Fault } from '../fault.ts';
import { mistaken } from './study.ts';
import type { Frame, Run } from '../frame.ts';
import type { Study } from './study.ts';
import { read } from '../value.ts';
import type { Value } from '../value.ts';

/** A field that may be absent, for `has`; of the fields of nodes and of `run`, null counts as absent. */
export type Look = (frame: Frame) => Value | undefined;

export type Access = Extract<ASTNode, { readonly op: '.' | '[]' }>;

export function isAccess(node: ASTNode): node is Access {
  return node.op === '.' || node.op === '[]';
}

/** The key of an access where it is written out: `a.key`, `a['key']`. */
function keyOf(node: Access): string | undefined {
  if (node.op === '.') return node.args[1];
  const index = node.args[1];
  return index.op === 'value' && typeof index.args === 'string' ? index.args : undefined;
}

/** An identifier on its own: a variable of a macro, or a root that is a value. */
export function compileName(name: string, at: number, study: Study): Run {
  const slot = study.bound.lastIndexOf(name);
  if (slot !== -1) return ({ variables }) => variables[slot] as Value; // the macro has set it
  if (!isRoot(name)) return mistaken(study, unknownName(name, at));
  speakOf(study, name, at);
  switch (name) {
    case 'input':
      return ({ scope }) => (scope.input === undefined ? null : read(scope.input));
    case 'item':
      return (frame) => read(eachOf(frame).item);
    case 'index':
      return (frame) => BigInt(eachOf(frame).index);
    case 'nodes':
    case 'run':
    case 'secrets':
      return mistaken(study, incomplete(name, name, at));
  }
}

/** An access that begins at `nodes`, `run` or `secrets`; undefined: it is one like any other. */
export function compileRooted(node: Access, study: Study): Look | undefined {
  const [base] = node.args;
  const at = node.start;
  if (isFree(base, 'run', study)) return runField(keyOf(node), at, study);
  if (isFree(base, 'secrets', study)) return secretNamed(keyOf(node), at, study);
  if (isFree(base, 'nodes', study)) {
    speakOf(study, 'nodes', at);
    return mistaken(study, incomplete('nodes', node.input.slice(at, node.end), at));
  }
  if (!isAccess(base) || !isFree(base.args[0], 'nodes', study)) return undefined;
  return nodeField(keyOf(base), keyOf(node), at, study);
}

function isFree(node: ASTNode, name: Root, study: Study): boolean {
  return node.op === 'id' && node.args === name && !study.bound.includes(name);
}

function isRoot(name: string): name is Root {
  return (ROOTS as readonly string[]).includes(name);
}

function speakOf(study: Study, root: Root, at: number): void {
  if (!study.roots.has(root)) study.roots.set(root, at);
}

function eachOf({ scope }: Frame): { readonly item: unknown; readonly index: number } {
  if (scope.each === undefined) throw new Fault('item and index are there only in a node with forEach');
  return scope.each;
}

const RUN_FIELDS = ['id', 'key', 'startedAt', 'attempt'] as const;
const NODE_FIELDS = ['output', 'status', 'error', 'failures'] as const;

function runField(key: string | undefined, at: number, study: Study): Look {
  speakOf(study, 'run', at);
  const field = RUN_FIELDS.find((name) => name === key);
  if (field === undefined) return mistaken(study, unknownField('run', key, RUN_FIELDS, at));
  return ({ scope }) => read(scope.run[field]);
}

function secretNamed(name: string | undefined, at: number, study: Study): Look {
  speakOf(study, 'secrets', at);
  if (name === undefined) return mistaken(study, incomplete('secrets', 'secrets[…]', at));
  return ({ secretOf }) => (secretOf as (name: string) => string)(name); // it is run when a seal is opened, only
}

function nodeField(id: string | undefined, key: string | undefined, at: number, study: Study): Look {
  speakOf(study, 'nodes', at);
  if (id === undefined) return mistaken(study, incomplete('nodes', 'nodes[…]', at));
  study.nodes.add(id);
  const field = NODE_FIELDS.find((name) => name === key);
  if (field === undefined) return mistaken(study, unknownField(`nodes.${id}`, key, NODE_FIELDS, at));
  return ({ scope }) => {
    const node = scope.node(id);
    if (node === undefined) throw new Fault(`node ${show(id)} has not ended; list it in needs`);
    return fieldOfNode(node, field);
  };
}

function fieldOfNode(node: NodeScope, field: (typeof NODE_FIELDS)[number]): Value | undefined {
  const raw = node[field];
  if (field === 'failures' && raw === undefined) return undefined;
  return raw === undefined ? null : read(raw);
}

const WRITTEN: Readonly<Record<'nodes' | 'run' | 'secrets', string>> = {
  nodes:
    "Write nodes.ID.output, .status, .error or .failures; for an id with a hyphen, nodes['my-id'].output.",
  run: `Write run.${RUN_FIELDS.join(', run.')}.`,
  secrets: 'Write secrets.NAME with the name written out.',
};

function incomplete(root: 'nodes' | 'run' | 'secrets', seen: string, at: number) {
  return { code: 'INCOMPLETE_NAME', message: `${seen} is no value by itself`, remedy: WRITTEN[root], at };
}

function unknownField(of: string, key: string | undefined, fields: readonly string[], at: number) {
  const guess = key === undefined ? undefined : didYouMean(key, fields);
  return {
    code: 'UNKNOWN_FIELD',
    message: key === undefined ? `the field of ${of} must be written out` : `${of} has no field ${show(key)}`,
    remedy: guess === undefined ? `It has: ${fields.join(', ')}.` : `Did you mean ${show(guess)}?`,
    at,
  };
}

function unknownName(name: string, at: number) {
  const guess = didYouMean(name, ROOTS);
  return {
    code: 'UNKNOWN_NAME',
    message: `there is no ${show(name)}`,
    remedy: guess === undefined ? `There are: ${ROOTS.join(', ')}.` : `Did you mean ${show(guess)}?`,
    at,
  };
}

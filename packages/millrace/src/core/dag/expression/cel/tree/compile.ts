import type { ASTNode } from '@marcbachmann/cel-js';
import { show } from '../../../../errors.ts';
import { didYouMean } from '../../../../suggest.ts';
import { Fault } from '../fault.ts';
import type { Run } from '../frame.ts';
import { OPERATORS, negate, not, passOver, toInt, truth } from '../operators.ts';
import type { Operator } from '../operators.ts';
import { MadeList, fieldOf, isList, isMap, itemAt, keysOf, lengthOf, typeOf } from '../value.ts';
import type { MadeMap, Value } from '../value.ts';
import { compileFunction, compileMethod } from './calls.ts';
import { compileMacro } from './macros.ts';
import { compileName, compileRooted, isAccess } from './names.ts';
import type { Access } from './names.ts';
import { MAX_LEVELS, NOTHING, TOO_DEEP, mistaken } from './study.ts';
import type { Study } from './study.ts';

/** A tree of the parser as one function. What is wrong with it goes to the study. */
export function compile(node: ASTNode, study: Study): Run {
  if (study.depth >= MAX_LEVELS)
    return study.mistakes.includes(TOO_DEEP) ? NOTHING : mistaken(study, TOO_DEEP);
  study.parts++;
  study.depth++;
  const run = compileNode(node, study);
  study.depth--;
  return run;
}

function compileNode(node: ASTNode, study: Study): Run {
  switch (node.op) {
    case 'value':
      return compileLiteral(node.args, node.start, study);
    case 'id':
      return compileName(node.args, node.start, study);
    case '.':
    case '[]':
      return compileAccess(node, study);
    case 'call':
      if (node.args[0] === 'has') return compileHas(node.args[1], node.start, study);
      return compileFunction(node, study, compile);
    case 'rcall':
      return compileMacro(node, study, compile) ?? compileMethod(node, study, compile);
    case 'list':
      return compileList(node.args, study);
    case 'map':
      return compileMap(node.args, study);
    case '?:':
      return compileChoice(node.args, study);
    case '&&':
      return compileLogic(false, node.args, study);
    case '||':
      return compileLogic(true, node.args, study);
    case '!_':
      return compileUnary(not, node.args, study);
    case '-_':
      return compileMinus(node.args, study);
    default:
      return compileOperator(node, study);
  }
}

function compileLiteral(value: unknown, at: number, study: Study): Run {
  if (typeof value === 'bigint') {
    return value <= MAX_LITERAL ? () => value : mistaken(study, { ...TOO_LARGE, at });
  }
  if (typeof value === 'object' && value !== null) return mistaken(study, { ...NO_BYTES, at });
  return () => value as Value; // the parser makes no other literals
}

const MAX_LITERAL = 2n ** 63n - 1n;
const TOO_LARGE = {
  code: 'EXPRESSION_SYNTAX',
  message: 'the int does not fit 64 bits',
  remedy: 'Write it as a double, with a decimal point.',
};
const NO_BYTES = {
  code: 'EXPRESSION_SYNTAX',
  message: 'there are no bytes and no unsigned ints',
  remedy: 'Write a string or an int.',
};

/** A literal below zero belongs together: the lowest int has no positive twin. */
function compileMinus(node: ASTNode, study: Study): Run {
  if (node.op !== 'value' || typeof node.args !== 'bigint' || node.args > MAX_LITERAL + 1n) {
    return compileUnary(negate, node, study);
  }
  const value = toInt(-node.args);
  return () => value;
}

function compileUnary(apply: (value: Value) => Value, node: ASTNode, study: Study): Run {
  const run = compile(node, study);
  return (frame) => apply(run(frame));
}

function compileOperator(node: ASTNode, study: Study): Run {
  // Optional access is switched off in the parser, so that only operators with two sides are left.
  const apply = OPERATORS.get(node.op) as Operator;
  const [a, b] = node.args as readonly [ASTNode, ASTNode];
  const [left, right] = [compile(a, study), compile(b, study)];
  return (frame) => apply(left(frame), right(frame), frame.meter);
}

function compileAccess(node: Access, study: Study): Run {
  const text = textOf(node);
  const rooted = compileRooted(node, study);
  if (rooted !== undefined) {
    return (frame) => {
      const value = rooted(frame);
      if (value === undefined) throw new Fault(`there is no ${text}`);
      return value;
    };
  }
  const { base, key } = compileSides(node, study);
  const name = textOf(node.args[0]);
  return (frame) => {
    const [holder, wanted] = [base(frame), key(frame)];
    const value = lookUp(holder, wanted, name);
    if (value === undefined) throw new Fault(`there is no ${text}`, () => whatThereIs(holder, wanted));
    return value;
  };
}

function compileSides(node: Access, study: Study): { readonly base: Run; readonly key: Run } {
  const base = compile(node.args[0], study);
  if (node.op === '[]') return { base, key: compile(node.args[1], study) };
  const key = node.args[1];
  return { base, key: () => key };
}

/** `has(a.b)`: whether the last field is there; what is before it must be. */
function compileHas([asked, ...others]: readonly ASTNode[], at: number, study: Study): Run {
  if (asked === undefined || others.length > 0 || !isAccess(asked))
    return mistaken(study, { ...HAS_WHAT, at });
  const rooted = compileRooted(asked, study);
  if (rooted !== undefined) return (frame) => (rooted(frame) ?? null) !== null;
  const { base, key } = compileSides(asked, study);
  const name = textOf(asked.args[0]);
  return (frame) => lookUp(base(frame), key(frame), name) !== undefined;
}

const HAS_WHAT = {
  code: 'EXPRESSION_SYNTAX',
  message: 'has() needs one field',
  remedy: 'Write has(input.field).',
};

/** Undefined: nothing is there. */
function lookUp(holder: Value, key: Value, name: string): Value | undefined {
  if (isMap(holder) && typeof key === 'string') return fieldOf(holder, key);
  if (isList(holder) && typeof key === 'bigint') {
    return key >= 0n && key < lengthOf(holder) ? itemAt(holder, Number(key)) : undefined;
  }
  throw new Fault(
    `${name} is ${typeOf(holder)}, which has no ${typeof key === 'string' ? 'fields' : 'index'}`,
  );
}

const LISTED = 20;

function whatThereIs(holder: Value, key: Value): string {
  if (isList(holder)) return `The list has ${lengthOf(holder)} items.`;
  // Nothing can be looked up but an index in a list and a text in a map.
  const keys = keysOf(holder as MadeMap).slice(0, LISTED);
  const guess = didYouMean(key as string, keys);
  if (guess !== undefined) return `Did you mean ${show(guess)}? has() tells whether a field is there.`;
  return keys.length === 0 ? 'There is no field at all.' : `There are: ${keys.join(', ')}.`;
}

function textOf(node: ASTNode): string {
  return node.input.slice(node.start, node.end);
}

function compileList(items: readonly ASTNode[], study: Study): Run {
  const runs = items.map((item) => compile(item, study));
  return (frame) => new MadeList(runs.map((run) => run(frame)));
}

function compileMap(entries: readonly (readonly [ASTNode, ASTNode])[], study: Study): Run {
  const runs = entries.map(([key, value]) => [compile(key, study), compile(value, study)] as const);
  return (frame) => {
    const map = new Map<string, Value>();
    for (const [keyRun, valueRun] of runs) {
      const key = keyRun(frame);
      if (typeof key !== 'string') throw new Fault(`the key of a map must be a string, got ${typeOf(key)}`);
      if (map.has(key)) throw new Fault(`the map has the key ${show(key)} twice`);
      map.set(key, valueRun(frame));
    }
    return map;
  };
}

function compileChoice([asked, yes, no]: readonly [ASTNode, ASTNode, ASTNode], study: Study): Run {
  const [condition, then, otherwise] = [compile(asked, study), compile(yes, study), compile(no, study)];
  return (frame) => (truth('?:', condition(frame)) ? then(frame) : otherwise(frame));
}

/** `decisive` on either side decides, even when the other side is at fault. */
function compileLogic(decisive: boolean, [a, b]: readonly [ASTNode, ASTNode], study: Study): Run {
  const [left, right] = [compile(a, study), compile(b, study)];
  const sign = decisive ? '||' : '&&';
  return (frame) => {
    let first: boolean;
    try {
      first = truth(sign, left(frame));
    } catch (error) {
      passOver(error, frame.meter);
      if (truth(sign, right(frame)) === decisive) return decisive;
      throw error;
    }
    return first === decisive ? decisive : truth(sign, right(frame));
  };
}

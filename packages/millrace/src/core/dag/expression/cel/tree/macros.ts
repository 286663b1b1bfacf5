import type { ASTNode } from '@marcbachmann/cel-js';
import { Fault } from '../fault.ts';
import type { Frame, Run } from '../frame.ts';
import { spend } from '../meter.ts';
import { passOver, presentItem, truth } from '../operators.ts';
import { MadeList, isList, isMap, keysOf, lengthOf, typeOf } from '../value.ts';
import type { RawList, Value } from '../value.ts';
import { mistaken } from './study.ts';
import type { Compile, Study } from './study.ts';

/** A list and what is computed of each of its items. */
interface Walk {
  readonly name: string;
  readonly list: Run;
  /** Where the variable of the item is. */
  readonly slot: number;
  readonly bodies: readonly [Run, ...Run[]];
  /** What one item costs, macros inside not counted. */
  readonly steps: number;
}

const BUILD: Readonly<Record<string, (walk: Walk) => Run>> = {
  all: (walk) => quantify(walk, false),
  exists: (walk) => quantify(walk, true),
  exists_one: existsOne,
  map: (walk) => collect(walk, walk.bodies.length - 1, walk.bodies.length === 2),
  filter: (walk) => collect(walk, undefined, true),
};

export const MACROS: readonly string[] = Object.keys(BUILD);

/** `list.name(variable, …)`; undefined: it is none of these. A map stands for the list of its keys. */
export function compileMacro(
  node: Extract<ASTNode, { readonly op: 'rcall' }>,
  study: Study,
  compile: Compile,
): Run | undefined {
  const [name, receiver, args] = node.args;
  const build = Object.hasOwn(BUILD, name) ? BUILD[name] : undefined;
  if (build === undefined) return undefined;
  const [variable, first, second] = args;
  if (variable?.op !== 'id' || first === undefined || args.length > (name === 'map' ? 3 : 2)) {
    return mistaken(study, {
      code: 'EXPRESSION_SYNTAX',
      message: `${name}() needs a variable and what is computed of it`,
      remedy: `Write list.${name}(x, …).`,
      at: receiver.end,
    });
  }
  const list = compile(receiver, study);
  const slot = study.bound.push(variable.args) - 1;
  const before = study.parts;
  const body = compile(first, study);
  const rest = second === undefined ? [] : [compile(second, study)];
  study.bound.pop();
  return build({ name, list, slot, bodies: [body, ...rest], steps: 1 + study.parts - before });
}

/** Each item in turn, paid for before it is looked at. */
function* itemsIn({ name, list, slot, steps }: Walk, frame: Frame): Iterable<Value> {
  const found = list(frame);
  if (!isList(found) && !isMap(found))
    throw new Fault(`${name}() needs a list or a map, got ${typeOf(found)}`);
  const items: MadeList | RawList = isList(found) ? found : keysOf(found);
  const { meter, variables } = frame;
  for (let index = 0; index < lengthOf(items); index++) {
    spend(meter, steps);
    const item = presentItem(items, index);
    variables[slot] = item;
    yield item;
  }
}

/** `decisive` of one item decides, even when others are at fault. */
function quantify(walk: Walk, decisive: boolean): Run {
  const [body] = walk.bodies;
  return (frame) => {
    let fault: Fault | undefined;
    for (const _ of itemsIn(walk, frame)) {
      try {
        if (truth(`${walk.name}()`, body(frame)) === decisive) return decisive;
      } catch (error) {
        fault ??= passOver(error, frame.meter);
      }
    }
    if (fault !== undefined) throw fault;
    return !decisive;
  };
}

function existsOne(walk: Walk): Run {
  const [body] = walk.bodies;
  return (frame) => {
    let count = 0;
    for (const _ of itemsIn(walk, frame)) if (truth('exists_one()', body(frame))) count++;
    return count === 1;
  };
}

/** What the last body gives of the items, or the items; of those that the first one wants, where it is a test. */
function collect(walk: Walk, last: number | undefined, isTested: boolean): Run {
  const [test] = walk.bodies;
  const give = last === undefined ? undefined : walk.bodies[last];
  return (frame) => {
    const out: Value[] = [];
    for (const item of itemsIn(walk, frame)) {
      if (isTested && !truth(`${walk.name}()`, test(frame))) continue;
      out.push(give === undefined ? item : give(frame));
    }
    return new MadeList(out);
  };
}

import type { ASTNode } from '@marcbachmann/cel-js';
import { show } from '../../../../errors.ts';
import { didYouMean } from '../../../../suggest.ts';
import type { Fault } from '../fault.ts';
import type { Run } from '../frame.ts';
import { FUNCTIONS, METHODS, textFor } from '../functions.ts';
import type { CelFunction } from '../functions.ts';
import { matches } from '../pattern/pattern.ts';
import type { Pattern } from '../pattern/pattern.ts';
import { readPattern } from '../pattern/read-pattern.ts';
import { MACROS } from './macros.ts';
import { mistaken } from './study.ts';
import type { Compile, Mistake, Study } from './study.ts';

/** `name(a, b)`. */
export function compileFunction(
  { args: [name, args], start }: Extract<ASTNode, { readonly op: 'call' }>,
  study: Study,
  compile: Compile,
): Run {
  return compileUse({ isMethod: false, name, args, at: start }, study, compile);
}

/** `value.name(b)`: the function of a value and `b`. */
export function compileMethod(
  { args: [name, receiver, args] }: Extract<ASTNode, { readonly op: 'rcall' }>,
  study: Study,
  compile: Compile,
): Run {
  return compileUse({ isMethod: true, name, args: [receiver, ...args], at: receiver.end }, study, compile);
}

interface Use {
  readonly isMethod: boolean;
  readonly name: string;
  readonly args: readonly ASTNode[];
  readonly at: number;
}

function compileUse(use: Use, study: Study, compile: Compile): Run {
  const { isMethod, name, args } = use;
  const found = (isMethod ? METHODS : FUNCTIONS).get(name);
  // What it is given is not looked at: of a misspelt macro all of it would be wrong.
  if (found === undefined) return mistaken(study, unknownFunction(use));
  const runs = args.map((arg) => compile(arg, study));
  if (args.length < found.least || args.length > found.most) return mistaken(study, wrongCount(found, use));
  const written = name === 'matches' ? textIn(args[1]) : undefined;
  if (written !== undefined) return compileMatches(runs, written, use.at, study);
  return (frame) =>
    found.apply(
      runs.map((run) => run(frame)),
      frame.meter,
    );
}

function textIn(node: ASTNode | undefined): string | undefined {
  return node?.op === 'value' && typeof node.args === 'string' ? node.args : undefined;
}

/** A pattern that is written out is read once, and is found wrong before anything runs. */
function compileMatches([subject]: readonly Run[], written: string, at: number, study: Study): Run {
  const pattern = attemptPattern(written, at, study);
  const run = subject as Run; // the number of arguments has been checked
  return (frame) => matches(pattern, textFor('matches', run(frame), frame.meter), frame.meter);
}

function attemptPattern(written: string, at: number, study: Study): Pattern {
  try {
    return readPattern(written);
  } catch (error) {
    study.mistakes.push({ code: 'PATTERN', message: (error as Fault).message, remedy: RE2, at }); // it throws no other
    return [];
  }
}

const RE2 = 'Write a regular expression as RE2 knows them.';

function unknownFunction({ isMethod, name, at }: Use): Mistake {
  if ((isMethod ? FUNCTIONS : METHODS).has(name)) {
    const remedy = isMethod ? `Write ${name}(value).` : `Write value.${name}(…).`;
    return { code: 'UNKNOWN_FUNCTION', message: `${name}() is called in another way`, remedy, at };
  }
  const names = isMethod ? [...METHODS.keys(), ...MACROS] : [...FUNCTIONS.keys(), 'has'];
  const guess = didYouMean(name, names);
  return {
    code: 'UNKNOWN_FUNCTION',
    message: `there is no function ${show(name)}`,
    remedy: guess === undefined ? `There are: ${names.join(', ')}.` : `Did you mean ${show(guess)}?`,
    at,
  };
}

function wrongCount({ least, most }: CelFunction, { isMethod, name, at }: Use): Mistake {
  const own = isMethod ? 1 : 0;
  const wanted = least === most ? `${least - own}` : `${least - own} to ${most - own}`;
  return {
    code: 'EXPRESSION_SYNTAX',
    message: `${name}() has the wrong number of arguments`,
    remedy: `Give it ${wanted}.`,
    at,
  };
}

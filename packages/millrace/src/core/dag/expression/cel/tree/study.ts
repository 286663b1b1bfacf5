import type { ASTNode } from '@marcbachmann/cel-js';
import type { Root } from '../../template.ts';
import type { Run } from '../frame.ts';

/** What is wrong with an expression: `at` is the character where. */
export interface Mistake {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly at: number;
}

/** What compiling finds out about an expression on its way. */
export interface Study {
  readonly mistakes: Mistake[];
  /** With the first character where each is spoken of. */
  readonly roots: Map<Root, number>;
  readonly nodes: Set<string>;
  /** Variables of the macros around; a variable's position is its slot. */
  readonly bound: string[];
  /** Parts seen so far: what a macro does per item is their difference. */
  parts: number;
  /** Levels of the tree above the part that is compiled. */
  depth: number;
}

/** The compiler of parts; calls get it, since it needs them in turn. */
export type Compile = (node: ASTNode, study: Study) => Run;

/** Of a tree: also sums of many terms are deep, for they lean to the left. */
export const MAX_LEVELS = 250;

export const TOO_DEEP: Mistake = {
  code: 'EXPRESSION_SYNTAX',
  message: `it is nested deeper than ${MAX_LEVELS} levels`,
  remedy: 'Split it over nodes of kind value.',
  at: 0,
};

export function newStudy(): Study {
  return { mistakes: [], roots: new Map(), nodes: new Set(), bound: [], parts: 0, depth: 0 };
}

/** In place of a part that is wrong: it is reported and never run. */
export const NOTHING: Run = () => null;

export function mistaken(study: Study, mistake: Mistake): Run {
  study.mistakes.push(mistake);
  return NOTHING;
}

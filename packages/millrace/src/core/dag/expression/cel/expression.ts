import { Environment, ParseError } from '@marcbachmann/cel-js';
import type { ASTNode, SourceRange } from '@marcbachmann/cel-js';
import type { Root } from '../template.ts';
import { compile } from './tree/compile.ts';
import { NOTHING, TOO_DEEP, newStudy } from './tree/study.ts';
import type { Run } from './frame.ts';
import type { Mistake } from './tree/study.ts';

/** A compiled text: the same for everybody who has the same text. */
export interface Expression {
  /** Between the braces, without the space around it. */
  readonly text: string;
  readonly roots: ReadonlyMap<Root, number>;
  readonly nodes: ReadonlySet<string>;
  readonly mistakes: readonly Mistake[];
  readonly run: Run;
}

const MAX_CHARS = 16 * 1024;
const MAX_PARTS = 4000;
const MAX_CACHED = 2000;

/** The library reads; computing is `compile`'s. */
const PARSER = new Environment({
  unlistedVariablesAreDyn: true,
  limits: { maxAstNodes: MAX_PARTS, maxDepth: 100 },
});

/** The most recently used expressions, by text. Only saves time: an entry is a function of its key alone. */
const cache = new Map<string, Expression>();

export function expressionOf(source: string): Expression {
  const text = source.trim();
  const expression = cache.get(text) ?? makeExpression(text);
  cache.delete(text);
  cache.set(text, expression);
  if (cache.size > MAX_CACHED) cache.delete(cache.keys().next().value as string); // it is not empty
  return expression;
}

const SHOWN_CHARS = 160;

/** A text with expressions, as messages show it. */
export function excerpt(source: string): string {
  return source.length <= SHOWN_CHARS ? source : `${source.slice(0, SHOWN_CHARS)}…`;
}

function makeExpression(text: string): Expression {
  const study = newStudy();
  const tree = parse(text, study.mistakes);
  const run = tree === undefined ? NOTHING : compile(tree, study);
  const secrets = study.roots.get('secrets');
  if (secrets !== undefined && study.roots.size > 1) study.mistakes.push({ ...MIXED, at: secrets });
  return { text, roots: study.roots, nodes: study.nodes, mistakes: study.mistakes, run };
}

const MIXED = {
  code: 'SECRETS_MIXED',
  message: 'it speaks of secrets and of something else',
  remedy: 'Interpolate both in one text: "Bearer ${ secrets.TOKEN } for ${ input.user }".',
};

function parse(text: string, mistakes: Mistake[]): ASTNode | undefined {
  if (text === '') {
    mistakes.push(syntax('it is empty', 0, 'Write an expression between the braces.'));
    return undefined;
  }
  if (text.length > MAX_CHARS) {
    mistakes.push(syntax(`it has ${text.length} characters`, 0, `At most ${MAX_CHARS} are allowed.`));
    return undefined;
  }
  try {
    return PARSER.parse(text).ast;
  } catch (error) {
    mistakes.push(mistakeOf(error));
    return undefined;
  }
}

/** The parser's words; a stack that is full is one of the ways in which an expression is nested too deeply. */
function mistakeOf(error: unknown): Mistake {
  if (!(error instanceof ParseError)) return TOO_DEEP;
  const { summary } = error;
  const { start } = error.range as SourceRange; // the parser always says where
  return syntax(summary.charAt(0).toLowerCase() + summary.slice(1), start);
}

function syntax(
  message: string,
  at: number,
  remedy = 'Expressions are CEL: input.id, nodes.a.output, item.',
): Mistake {
  return { code: 'EXPRESSION_SYNTAX', message, remedy, at };
}

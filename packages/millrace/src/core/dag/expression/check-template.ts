import type { Expression } from './cel/expression.ts';
import { MAX_PLAN_LEVELS, planOf } from './plan.ts';
import type { Root } from './template.ts';

export interface TemplateProblem {
  /** Keys and indices from the template on. */
  readonly path: readonly (string | number)[];
  readonly code: string;
  /** A clause that names what is wrong, with the position in `value`, counted from 1. */
  readonly message: string;
  /** The expression as it is written, or the text that it should be in. */
  readonly value: string;
  readonly remedy: string;
}

/**
 * All that is wrong with the expressions in a value of a definition, in the order of the document.
 * @param allowed - what may be spoken of at this place.
 */
export function checkTemplate(source: unknown, allowed: ReadonlySet<Root>): readonly TemplateProblem[] {
  const problems: TemplateProblem[] = [];
  planOf(source, {
    expression: (expression, path) => problems.push(...problemsOf(expression, [...path], allowed)),
    unterminated: (text, at, path) =>
      problems.push({
        path: [...path],
        code: 'UNTERMINATED_EXPRESSION',
        message: `the \${ at character ${at + 1} has no end`,
        value: text,
        remedy: 'Close it with }, and its strings with a quote, or write $${ for a literal ${.',
      }),
    tooDeep: (path) =>
      problems.push({
        path: [...path],
        code: 'NESTED_TOO_DEEPLY',
        message: `it is nested deeper than ${MAX_PLAN_LEVELS} levels`,
        value: '',
        remedy: 'Make it flatter.',
      }),
  });
  return problems;
}

function problemsOf(
  { text, mistakes, roots }: Expression,
  path: TemplateProblem['path'],
  allowed: ReadonlySet<Root>,
): TemplateProblem[] {
  const value = `\${ ${text} }`;
  const found = mistakes.map(({ code, message, remedy, at }) => ({
    path,
    code,
    message: `${message}, at character ${at + SHIFT}`,
    value,
    remedy,
  }));
  for (const [root, at] of roots) {
    if (allowed.has(root)) continue;
    const message = `${root} may not stand here, at character ${at + SHIFT}`;
    found.push({ path, code: 'NAME_NOT_ALLOWED', message, value, remedy: whereAllowed(root, allowed) });
  }
  return found;
}

/** From the first character of an expression to its place in the shown value, counted from 1. */
const SHIFT = '${ '.length + 1;

function whereAllowed(root: Root, allowed: ReadonlySet<Root>): string {
  if (root === 'secrets') return 'Give secrets to executors only, in with.';
  if (root === 'item' || root === 'index') return `${root} is there only in a node with forEach.`;
  return allowed.size === 0 ? 'Write a constant.' : `Allowed here: ${[...allowed].join(', ')}.`;
}

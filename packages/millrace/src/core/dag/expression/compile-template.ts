import { MillraceError } from '../../errors.ts';
import { excerpt } from './cel/expression.ts';
import type { Expression } from './cel/expression.ts';
import { checkTemplate } from './check-template.ts';
import { planOf } from './plan.ts';
import { ROOTS } from './template.ts';
import type { Root, Template } from './template.ts';

const EVERYWHERE: ReadonlySet<Root> = new Set(ROOTS);
const NO_ROOTS: ReadonlySet<Root> = new Set();

/**
 * A value of a definition, ready to be evaluated.
 * @param source - what `checkTemplate` has no problem with.
 * @throws `EXPRESSION` for one that it has.
 */
export function compileTemplate(source: unknown): Template {
  const expressions: Expression[] = [];
  let isSound = true;
  const refuse = (): void => {
    isSound = false;
  };
  const plan = planOf(source, {
    expression: (expression) => {
      if (expression.mistakes.length > 0) refuse();
      expressions.push(expression);
    },
    unterminated: refuse,
    tooDeep: refuse,
  });
  if (!isSound) throw refusalOf(source);
  if (plan.kind === 'constant') {
    return { source, plan, isConstant: true, constant: plan.value, nodes: [], roots: NO_ROOTS };
  }
  const nodes = [...new Set(expressions.flatMap((expression) => [...expression.nodes]))];
  const roots = new Set(expressions.flatMap((expression) => [...expression.roots.keys()]));
  return { source, plan, isConstant: false, constant: undefined, nodes, roots };
}

function refusalOf(source: unknown): MillraceError {
  const [problem] = checkTemplate(source, EVERYWHERE);
  const { value, message, remedy } = problem as NonNullable<typeof problem>; // planning has found one
  return new MillraceError('EXPRESSION', `expression ${excerpt(value)}: ${message}`, {
    remedy,
    details: { expression: value, reason: message },
  });
}

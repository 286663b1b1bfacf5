import { MillraceError } from '../../errors.ts';
import { excerpt } from './cel/expression.ts';
import type { Expression } from './cel/expression.ts';
import { CostFault, Fault } from './cel/fault.ts';
import { frameOf } from './cel/frame.ts';
import type { Frame, Run } from './cel/frame.ts';
import { plain, recordOf, weigh } from './cel/value.ts';
import type { Plan } from './plan.ts';
import type { Scope, Template } from './template.ts';

/**
 * The value of a template: plain JSON, of which parts may be those of the input and of outputs themselves. What an
 * executor is given is for `evaluateSealed`.
 * @throws `EXPRESSION`, and nothing else.
 */
export function evaluate(template: Template, scope: Scope): unknown {
  if (template.isConstant) return template.constant;
  return make(template.plan, { frame: frameOf(scope), path: [], seal: refuseSecret });
}

function refuseSecret(): never {
  throw new MillraceError('EXPRESSION', 'an expression speaks of secrets, which are given to executors only');
}

/** What a value is made with. */
export interface Making {
  readonly frame: Frame;
  /** Where in the value it is. */
  readonly path: (string | number)[];
  /** What stands in place of a text that speaks of secrets. */
  seal(plan: TextPlan, making: Making): unknown;
}

export type TextPlan = Extract<Plan, { readonly kind: 'expression' | 'text' }>;

export function make(plan: Plan, making: Making): unknown {
  switch (plan.kind) {
    case 'constant':
      return plan.value;
    case 'expression':
      return isSecret(plan.expression) ? making.seal(plan, making) : valueOf(plan.expression, making);
    case 'text':
      if (plan.parts.some((part) => typeof part !== 'string' && isSecret(part)))
        return making.seal(plan, making);
      return plan.parts
        .map((part) => (typeof part === 'string' ? part : textOf(part, making.frame)))
        .join('');
    case 'list':
      return plan.items.map((item, index) => makeInside(item, index, making));
    case 'record':
      return recordOf(plan.entries.map(([key, value]) => [key, makeInside(value, key, making)] as const));
  }
}

function makeInside(plan: Plan, key: string | number, making: Making): unknown {
  making.path.push(key);
  const value = make(plan, making);
  making.path.pop();
  return value;
}

export function isSecret({ roots }: Expression): boolean {
  return roots.has('secrets');
}

function valueOf(expression: Expression, { frame, path }: Making): unknown {
  try {
    const value = plain(expression.run(frame), frame.meter);
    // A lone expression gives at most what there is already; many could give the same large part again and again.
    if (path.length > 0) weigh(value, frame.meter);
    return value;
  } catch (error) {
    throw refusalFor(expression, error);
  }
}

/** What an expression contributes to a text: JSON, where it is no text itself. */
export function textOf(expression: Expression, frame: Frame): string {
  try {
    return textFrom(expression.run, frame);
  } catch (error) {
    throw refusalFor(expression, error);
  }
}

export function textFrom(run: Run, frame: Frame): string {
  const value = plain(run(frame), frame.meter);
  weigh(value, frame.meter);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function refusalFor({ text }: Expression, error: unknown): unknown {
  const source = `\${ ${text} }`;
  if (error instanceof Fault) return refusal(source, error.message, error.hint());
  if (error instanceof CostFault) return refusal(source, error.message);
  // A stack that is full, or JSON that meets a bigint in what an executor gave.
  return refusal(
    source,
    error instanceof RangeError ? 'its value is nested too deeply' : 'its value is not JSON',
  );
}

function refusal(source: string, reason: string, remedy?: string): MillraceError {
  return new MillraceError('EXPRESSION', `expression ${excerpt(source)}: ${reason}`, {
    remedy,
    details: { expression: source, reason },
  });
}

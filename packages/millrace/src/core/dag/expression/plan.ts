import { expressionOf } from './cel/expression.ts';
import type { Expression } from './cel/expression.ts';
import { recordOf } from './cel/value.ts';
import { scanText } from './scan.ts';

/** How the value of a template is made. Whole parts without an expression are constants, however large. */
export type Plan =
  | { readonly kind: 'constant'; readonly value: unknown }
  /** A text that is exactly one expression: its value keeps its type. */
  | { readonly kind: 'expression'; readonly expression: Expression }
  | { readonly kind: 'text'; readonly parts: readonly (string | Expression)[] }
  | { readonly kind: 'list'; readonly items: readonly Plan[] }
  | { readonly kind: 'record'; readonly entries: readonly (readonly [key: string, value: Plan])[] };

/** Keys and indices from the template on; it changes as planning goes on. */
type Place = (string | number)[];

/** What planning meets on its way, in the order of the document. */
export interface Visitor {
  expression(expression: Expression, path: Place): void;
  unterminated(text: string, at: number, path: Place): void;
  tooDeep(path: Place): void;
}

/** Levels of lists and objects in a value of a document. */
export const MAX_PLAN_LEVELS = 200;

export function planOf(source: unknown, visitor: Visitor, path: Place = []): Plan {
  if (typeof source === 'string') return planText(source, visitor, path);
  if (typeof source !== 'object' || source === null) return { kind: 'constant', value: source };
  if (path.length >= MAX_PLAN_LEVELS) {
    visitor.tooDeep(path);
    return { kind: 'constant', value: source };
  }
  return Array.isArray(source) ? planList(source, visitor, path) : planRecord(source, visitor, path);
}

function planText(text: string, visitor: Visitor, path: Place): Plan {
  const scan = scanText(text);
  if ('unterminated' in scan) {
    visitor.unterminated(text, scan.unterminated, path);
    return { kind: 'constant', value: text };
  }
  const parts = scan.parts.map((part) => {
    if ('literal' in part) return part.literal;
    const expression = expressionOf(part.expression);
    visitor.expression(expression, path);
    return expression;
  });
  const [only] = parts;
  if (parts.length > 1 || only === undefined) return { kind: 'text', parts };
  return typeof only === 'string'
    ? { kind: 'constant', value: only }
    : { kind: 'expression', expression: only };
}

function planList(source: readonly unknown[], visitor: Visitor, path: Place): Plan {
  const items = source.map((item, index) => planInside(item, index, visitor, path));
  if (!items.every(isConstant)) return { kind: 'list', items };
  return { kind: 'constant', value: items.map(({ value }) => value) };
}

function planRecord(source: object, visitor: Visitor, path: Place): Plan {
  const entries = Object.entries(source).map(
    ([key, value]) => [key, planInside(value, key, visitor, path)] as const,
  );
  const constants = entries.flatMap(([key, plan]) =>
    plan.kind === 'constant' ? [[key, plan.value] as const] : [],
  );
  if (constants.length < entries.length) return { kind: 'record', entries };
  return { kind: 'constant', value: recordOf(constants) };
}

function planInside(source: unknown, key: string | number, visitor: Visitor, path: Place): Plan {
  path.push(key);
  const plan = planOf(source, visitor, path);
  path.pop();
  return plan;
}

function isConstant(plan: Plan): plan is Extract<Plan, { readonly kind: 'constant' }> {
  return plan.kind === 'constant';
}

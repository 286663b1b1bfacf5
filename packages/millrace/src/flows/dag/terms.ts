import type { Definition } from '../../core/dag/definition.ts';
import { evaluate } from '../../core/dag/expression/evaluate.ts';
import type { Scope } from '../../core/dag/expression/template.ts';
import { MillraceError, show } from '../../core/errors.ts';
import type { Terms } from '../../core/workflow/workflow.ts';

/** What a start of this definition has by default. @throws EXPRESSION. */
export function termsIn({ queue, priority, limits }: Definition, input: unknown): Terms {
  const scope = scopeBefore(input);
  return {
    queue,
    priority,
    limits:
      limits.length === 0
        ? undefined
        : limits.map(({ key, max }) => ({ key: textOf(evaluate(key, scope)), max })),
  };
}

/** Before a run begins only its input is known. */
function scopeBefore(input: unknown): Scope {
  const nobody = { id: '', key: null, startedAt: '', attempt: 1 };
  return { input, node: () => undefined, run: nobody };
}

/** A key is text; of a number it is its digits. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new MillraceError('EXPRESSION', `an expression gave ${show(value)} where a text is needed`);
}

import { MillraceError, show } from '../../core/errors.ts';
import { didYouMean } from '../../core/suggest.ts';
import type { StepContext } from '../../core/workflow/context.ts';

/**
 * The function of a module; the module is loaded once per process.
 * @throws INVALID_ARGUMENT when there is none of that name; whatever the import throws.
 */
export async function loadFunction(
  module: string,
  exportName: string,
): Promise<(input: unknown, step: StepContext) => unknown> {
  const exports = (await import(module)) as Readonly<Record<string, unknown>>;
  const found = exports[exportName];
  // Input and output are what the author says; the codec checks both.
  if (typeof found === 'function') return found as (input: unknown, step: StepContext) => unknown;
  const names = Object.keys(exports).filter((name) => typeof exports[name] === 'function');
  const guess = didYouMean(exportName, names);
  const what = `isolated: ${module} exports no function ${show(exportName)}, only ${names.join(', ') || 'none'}`;
  throw new MillraceError('INVALID_ARGUMENT', what, {
    remedy: guess === undefined ? 'Export it, or correct the name.' : `Did you mean ${show(guess)}?`,
  });
}

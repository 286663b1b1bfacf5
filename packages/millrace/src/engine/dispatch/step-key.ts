import type { Execution } from '../../core/run/execution.ts';

/**
 * By what others know a step again, whoever makes its attempts. What a retry from a step does again, or does in its
 * place, is something else to them: with its old key they would drop it as a repeat.
 */
export function stepKey({ runId, doneAgainFrom }: Execution, ordinal: number): string {
  const again = doneAgainFrom.filter((from) => from <= ordinal).length;
  return again === 0 ? `${runId}:${ordinal}` : `${runId}:${ordinal}#${again + 1}`;
}

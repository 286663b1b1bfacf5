import type { NodeError } from '../../core/dag/graph/graph.ts';
import { isMillraceError } from '../../core/errors.ts';
import { errorOf, failureOf, type Failure } from '../../core/failure.ts';

/** How a node failed for good, in the words of who failed: its executor or child, not the step around it. */
export interface NodeFailure {
  readonly error: NodeError;
  /** How often it was tried; 0: it was refused before. */
  readonly attempts: number;
  /** What the run fails with. */
  toError(): Error;
}

/** @param name - of the node, or of its item. */
export function nodeFailure(name: string, thrown: unknown): NodeFailure {
  const isStep = isMillraceError(thrown, 'STEP_FAILED');
  const isWrapped = isStep || isMillraceError(thrown, 'CHILD_FAILED');
  const whole = failureOf(thrown);
  const own = isWrapped ? (whole.cause ?? whole) : whole;
  const code = own.code ?? whole.code ?? own.name;
  const { message } = own;
  return {
    error: { code, message },
    attempts: isStep ? attemptsOf(thrown) : isWrapped ? 1 : 0,
    toError: () => errorOf(inRun(own, whole, { code, message: `node "${name}": ${message}` })),
  };
}

/** The step's or child's own failure stays the cause: a retry of the run finds by it what is to be tried again. */
function inRun(own: Failure, whole: Failure, shown: NodeError): Failure {
  return own === whole ? { ...own, ...shown } : { ...own, ...shown, cause: whole };
}

function attemptsOf(error: object): number {
  return 'attempts' in error && typeof error.attempts === 'number' ? error.attempts : 1;
}

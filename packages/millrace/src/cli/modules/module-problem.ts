import type { Problem } from '../../core/dag/reading/problem.ts';
import type { ErrorCode } from '../../core/errors.ts';

export { problemLine } from '../../core/dag/reading/problem.ts';

/** Something wrong with a module, listed like what is wrong with definitions. Its path is `executors["payments.charge"]`. */
export interface ModuleProblem extends Problem {
  readonly file: string;
  readonly code: ErrorCode;
}

/** The parts of a problem that are not the same for every one of a file. */
export type Finding = Pick<ModuleProblem, 'path' | 'code' | 'message' | 'remedy'> & Partial<ModuleProblem>;

export function problemIn(file: string, finding: Finding): ModuleProblem {
  return { file, line: null, column: null, value: null, ...finding };
}

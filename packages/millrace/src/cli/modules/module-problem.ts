import type { ErrorCode } from '../../core/errors.ts';

/** Something wrong with a file that holds workflows, as `validate --json` lists it. */
export interface ModuleProblem {
  readonly file: string;
  /** Null where the place is not known. */
  readonly line: number | null;
  readonly column: number | null;
  /** Inside the module: `workflows[2]`, `executors["payments.charge"]`; empty for the file itself. */
  readonly path: string;
  readonly code: ErrorCode;
  readonly message: string;
  /** What was found there, as messages show values; null for nothing. */
  readonly value: string | null;
  readonly remedy: string;
}

/** The parts of a problem that are not the same for every one of a file. */
export type Finding = Pick<ModuleProblem, 'path' | 'code' | 'message' | 'remedy'> & Partial<ModuleProblem>;

export function problemIn(file: string, finding: Finding): ModuleProblem {
  return { file, line: null, column: null, value: null, ...finding };
}

/** A problem on one line: `shop.ts:3:7 workflows[2]: it is not a workflow`. */
export function problemLine({ file, line, column, path, message }: ModuleProblem): string {
  const place = line === null ? file : column === null ? `${file}:${line}` : `${file}:${line}:${column}`;
  return path === '' ? `${place}: ${message}` : `${place} ${path}: ${message}`;
}

import { MillraceError, show } from '../../errors.ts';

/** Something wrong with a definition, as `validate --json` lists it. */
export interface Problem {
  /** Null for a document that came from no file. */
  readonly file: string | null;
  /** Of the value, or of the key where that is what is wrong; from 1. Null where the place is not known. */
  readonly line: number | null;
  readonly column: number | null;
  /** `nodes.charge.retry.initial`, `nodes.charge.needs[0]`; empty for the document itself. */
  readonly path: string;
  /** One of the codes that the reference of the command line lists. */
  readonly code: string;
  /** What is wrong, a clause without a full stop. */
  readonly message: string;
  /** What was found there, as messages show values; null for nothing. */
  readonly value: string | null;
  /** What to do about it. */
  readonly remedy: string;
}

/** Keys and indices from the document to a value. */
export type Path = readonly (string | number)[];

/** A problem before it is known where its path stands in the text. */
export interface Finding {
  readonly path: Path;
  readonly code: string;
  readonly message: string;
  /** As it will be shown; undefined: nothing. */
  readonly value?: string | undefined;
  readonly remedy: string;
  /** It is the key that is wrong. */
  readonly atKey?: boolean | undefined;
  /** A part of the text that stands at the path: the place is that of the part. */
  readonly part?: string | undefined;
  /** Known from the beginning: what the text itself is wrong in. */
  readonly place?: Place | undefined;
}

/** From 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Where values and keys of a document stand. */
export type Locate = (finding: Finding) => Place | undefined;

/** More than this helps nobody: the list ends with how many were left out. */
const MOST_LISTED = 10_000;

/** The list that readers see, from top to bottom. What an alias repeats is one mistake. */
export function problemsOf(
  findings: readonly Finding[],
  file: string | null,
  locate: Locate,
): readonly Problem[] {
  const listed = new Map<string, Problem>();
  for (const finding of findings.slice(0, MOST_LISTED)) {
    const { code, message, value = null, remedy } = finding;
    const { line, column } = finding.place ?? locate(finding) ?? NOWHERE;
    const path = pathText(finding.path);
    const key = JSON.stringify([line === null ? path : [line, column], code, message]);
    if (!listed.has(key)) listed.set(key, { file, line, column, path, code, message, value, remedy });
  }
  const problems = [...listed.values()].toSorted(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
  const left = findings.length - MOST_LISTED;
  if (left > 0) problems.push({ file, ...NOWHERE, path: '', ...tooMany(left) });
  return problems;
}

const NOWHERE = { line: null, column: null };

function tooMany(left: number): Pick<Problem, 'code' | 'message' | 'value' | 'remedy'> {
  return {
    code: 'TOO_LARGE',
    message: `there are ${left} more problems`,
    value: null,
    remedy: 'Correct these first.',
  };
}

/** `nodes.charge.needs[0]`; a key that is no plain word stands in brackets: `with["x-id"]`. */
export function pathText(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (PLAIN_KEY.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

/** Ids of nodes are plain words. */
const PLAIN_KEY = /^[$A-Za-z_][\w-]*$/;

const SHOWN_KEYS = 5;
const SHOWN_CHARS = 40;

/** A value as problems show it: a large object is named by its first keys, and never written out. */
export function showValue(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return show(value);
  const keys = Object.keys(value);
  if (keys.length === 0) return 'an empty object';
  const more = keys.length > SHOWN_KEYS ? ', …' : '';
  return `an object with ${keys
    .slice(0, SHOWN_KEYS)
    .map((key) => key.slice(0, SHOWN_CHARS))
    .join(', ')}${more}`;
}

const IN_MESSAGE = 3;

/**
 * All that is wrong with a definition as one error, `INVALID_DEFINITION`; its message lists the first few, its
 * `details.problems` all.
 */
export function invalidDefinition(problems: readonly Problem[]): MillraceError {
  const lines = problems.slice(0, IN_MESSAGE).map(problemLine);
  const more = problems.length - lines.length;
  if (more > 0) lines.push(`and ${more} more`);
  return new MillraceError('INVALID_DEFINITION', `the definition is refused: ${lines.join('; ')}`, {
    details: { problems },
    remedy: problems.length === 1 ? problems[0]?.remedy : undefined,
  });
}

/** On one line: `order.yaml:3:7 nodes.a.needs[0]: there is no node "b"`. */
export function problemLine(problem: Pick<Problem, 'file' | 'line' | 'column' | 'path' | 'message'>): string {
  const { file, line, column, path, message } = problem;
  const place = [file, line, column].filter((part) => part !== null).join(':');
  const subject = [place, path].filter((part) => part !== '').join(' ');
  return subject === '' ? message : `${subject}: ${message}`;
}

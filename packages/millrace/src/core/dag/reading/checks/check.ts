import { durationMs } from '../../../duration.ts';
import { isMillraceError, show, type MillraceError } from '../../../errors.ts';
import { didYouMean } from '../../../suggest.ts';
import type { Root, Template } from '../../expression/template.ts';
import { showValue, type Finding, type Path } from '../problem.ts';
import { placesOfNodes, readTemplate, type Templates } from './templates.ts';

export type Json = Readonly<Record<string, unknown>>;

/** What the checks of one document share. */
export interface Check {
  readonly findings: Finding[];
  readonly templates: Templates;
  /** Of the nodes, with their positions. */
  readonly ids: ReadonlyMap<string, number>;
  /** Names that may still be compared for suggestions: many misspelt ones among many nodes would take hours. */
  comparisons: number;
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is done with a value that something else in the core refuses with an error of its own. */
export function refuse(check: Check, path: Path, value: unknown, act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    check.findings.push({
      ...{ path, code: 'INVALID_VALUE', message: clauseOf(error), value: showValue(value) },
      remedy: error.remedy,
    });
  }
}

/** The message without its remedy. */
function clauseOf({ message, remedy }: MillraceError): string {
  return message.slice(0, -` ${remedy}`.length - 1);
}

/** Milliseconds; undefined: it is none, which has been reported here or, where it is no text, with the format. */
export function readDuration(check: Check, path: Path, value: unknown): number | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  try {
    return durationMs(value);
  } catch (error) {
    const { details, remedy } = error as MillraceError; // it throws nothing else
    check.findings.push({
      ...{ path, code: 'INVALID_DURATION', message: `it is no duration: ${String(details['reason'])}` },
      ...{ value: show(value), remedy },
    });
    return undefined;
  }
}

export interface Place {
  readonly path: Path;
  readonly allowed: ReadonlySet<Root>;
}

/** Undefined: its expressions are wrong, and it has been reported. */
export function readExpressions(
  check: Check,
  { path, allowed }: Place,
  value: unknown,
): Template | undefined {
  const read = readTemplate(value, path, allowed, check.templates);
  if (!('length' in read)) return knownNodes(check, path, read);
  check.findings.push(...read);
  return undefined;
}

/** Text that must be exactly one expression: interpolated, it would be text. */
export function readOneExpression(check: Check, place: Place, value: string): Template | undefined {
  const template = readExpressions(check, place, value);
  if (template === undefined || template.plan.kind === 'expression') return template;
  const { path } = place;
  const isBoolean = path.at(-1) === 'when';
  const gives = isBoolean ? 'true or false' : 'a list';
  check.findings.push({
    path,
    code: 'INVALID_VALUE',
    message: template.isConstant
      ? `it is text that never gives ${gives}`
      : `text around or between expressions makes it text, which is never ${gives}`,
    value: show(value),
    remedy:
      isBoolean && YES.test(value)
        ? 'YAML 1.2 reads yes, no, on and off as text: write true or false.'
        : 'Write one expression: ${ … } from the first to the last character.',
  });
  return undefined;
}

const YES = /^(?:y|yes|no?|on|off)$/i;

/** Reports mentions of nodes that are not there. */
function knownNodes(check: Check, path: Path, template: Template): Template {
  const unknown = new Set(template.nodes.filter((id) => !check.ids.has(id)));
  if (unknown.size === 0) return template;
  for (const [id, inside] of placesOfNodes(template.source, unknown)) {
    check.findings.push({ ...unknownNode(check, [...path, ...inside], id), part: id });
  }
  return template;
}

export function unknownNode(check: Check, path: Path, id: string): Finding {
  check.comparisons -= check.ids.size;
  const guess = check.comparisons < 0 ? undefined : didYouMean(id, check.ids.keys());
  return {
    ...{ path, code: 'UNKNOWN_NODE', message: `there is no node ${show(id)}`, value: show(id) },
    remedy: guess === undefined ? 'Name a node of this definition.' : `Did you mean "${guess}"?`,
  };
}

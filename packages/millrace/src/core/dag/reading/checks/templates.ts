import { checkTemplate } from '../../expression/check-template.ts';
import { compileTemplate } from '../../expression/compile-template.ts';
import { planOf } from '../../expression/plan.ts';
import type { Root, Template } from '../../expression/template.ts';
import type { Finding, Path } from '../problem.ts';

/** Compiled templates by what they were made of, so that none is compiled twice. */
export type Templates = Map<unknown, Template>;

/** @throws EXPRESSION. */
export function templateOf(source: unknown, known: Templates): Template {
  const template = known.get(source) ?? compileTemplate(source);
  known.set(source, template);
  return template;
}

/**
 * A template of the document, or what is wrong with its expressions.
 * @param allowed - what it may speak of.
 */
export function readTemplate(
  source: unknown,
  path: Path,
  allowed: ReadonlySet<Root>,
  known: Templates,
): Template | readonly Finding[] {
  let template: Template | undefined;
  try {
    template = templateOf(source, known);
  } catch {
    // What is wrong is said below, with all else that is.
  }
  if (template !== undefined && [...template.roots].every((root) => allowed.has(root))) return template;
  return checkTemplate(source, allowed).map(({ path: inside, code, message, value, remedy }) => ({
    ...{ path: [...path, ...inside], code, message, value, remedy },
    part:
      value.startsWith(OPEN) && value.endsWith(CLOSE) ? value.slice(OPEN.length, -CLOSE.length) : undefined,
  }));
}

/** How a problem shows an expression, whatever spaces it was written with. */
const OPEN = '${ ';
const CLOSE = ' }';

/** Where in a template each of these nodes is spoken of first. */
export function placesOfNodes(source: unknown, ids: ReadonlySet<string>): ReadonlyMap<string, Path> {
  const places = new Map<string, Path>();
  planOf(source, {
    expression: ({ nodes }, path) => {
      for (const id of nodes) if (ids.has(id) && !places.has(id)) places.set(id, [...path]);
    },
    unterminated: pass,
    tooDeep: pass,
  });
  return places;
}

/** What is no expression has been reported before. */
function pass(): void {}

import { compileWith } from '../compile.ts';
import type { Definition, DefinitionDocument } from '../definition.ts';
import { checkContent } from './checks/check-document.ts';
import { problemsOf, type Problem } from './problem.ts';
import { plainValue } from './source/plain-value.ts';
import { readSource } from './source/read-source.ts';

/** A definition that may be stored and run, or everything that is wrong with it. */
export type ReadResult =
  | { readonly document: DefinitionDocument; readonly definition: Definition }
  | { readonly problems: readonly Problem[] };

/**
 * Reads a definition.
 * @param text - YAML 1.2 or JSON, at most 8 MiB.
 * @param file - what problems call it; null: it comes from none.
 */
export function readDefinition(text: string, file: string | null): ReadResult {
  const source = readSource(text);
  if (!('locate' in source)) return { problems: problemsOf(source.findings, file, nowhere) };
  const { findings, templates } = checkContent(source.value);
  const all = [...source.findings, ...findings];
  if (all.length > 0) return { problems: problemsOf(all, file, source.locate) };
  const document = source.value as DefinitionDocument; // the checks have found nothing
  return { document, definition: compileWith(document, templates) };
}

/** The same for a definition that comes as an object: its problems have no place but their path. */
export function checkDocument(document: unknown, file?: string): ReadResult {
  const plain = plainValue(document);
  const { findings, templates } =
    'value' in plain ? checkContent(plain.value) : { ...plain, templates: new Map() };
  if (findings.length > 0) return { problems: problemsOf(findings, file ?? null, nowhere) };
  const sound = (plain as { readonly value: unknown }).value as DefinitionDocument; // the checks have found nothing
  return { document: sound, definition: compileWith(sound, templates) };
}

const nowhere = (): undefined => undefined;

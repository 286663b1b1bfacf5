import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { didYouMean } from '../../core/suggest.ts';
import { problemIn, type ModuleProblem } from './module-problem.ts';

const MODULES = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];
const DEFINITIONS = ['.yaml', '.yml', '.json'];

/**
 * Whether an argument names a file rather than a workflow: by its ending, a slash, or because there is one.
 */
export function namesFile(argument: string): boolean {
  const path = withoutFragment(argument);
  return [...MODULES, ...DEFINITIONS].includes(extname(path)) || /[/\\]/.test(path) || existsSync(path);
}

/** `shop.ts#order` names a workflow in a file. */
export function splitFragment(argument: string): { path: string; fragment: string | undefined } {
  const path = withoutFragment(argument);
  return { path, fragment: path === argument ? undefined : argument.slice(path.length + 1) };
}

function withoutFragment(argument: string): string {
  return existsSync(argument) ? argument : argument.replace(/#[^#/\\]*$/, '');
}

export type Imported =
  | { readonly exports: Readonly<Record<string, unknown>> }
  | { readonly problem: ModuleProblem; readonly missing: boolean };

/** Loads a module of this project: TypeScript as Node runs it, or JavaScript. Never throws. */
export async function importModule(file: string): Promise<Imported> {
  const path = resolve(file);
  if (!existsSync(path)) return { problem: missingFile(file), missing: true };
  const unfit = unfitFile(file, path);
  if (unfit !== undefined) return { problem: unfit, missing: false };
  try {
    return { exports: (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>> };
  } catch (error) {
    return { problem: loadingProblem(file, path, error), missing: false };
  }
}

export function missingFile(file: string): ModuleProblem {
  const path = resolve(file);
  const folder = dirname(path);
  const guess = existsSync(folder) ? didYouMean(basename(path), readdirSync(folder)) : undefined;
  return problemIn(file, {
    path: '',
    code: 'INVALID_ARGUMENT',
    message: 'there is no such file',
    remedy: guess === undefined ? 'Correct the path.' : `Did you mean ${guess}?`,
  });
}

function unfitFile(file: string, path: string): ModuleProblem | undefined {
  const ending = extname(path);
  if (statSync(path).isDirectory()) {
    const remedy = 'Name the files in it.';
    return problemIn(file, {
      path: '',
      code: 'INVALID_ARGUMENT',
      message: 'it is a folder',
      value: file,
      remedy,
    });
  }
  if (statSync(path).isFile() && MODULES.includes(ending)) return undefined;
  const isDefinition = DEFINITIONS.includes(ending);
  return problemIn(file, {
    path: '',
    code: 'INVALID_ARGUMENT',
    message: isDefinition
      ? 'definitions in YAML and JSON are not supported by this version'
      : 'it is neither TypeScript nor JavaScript',
    value: file,
    remedy: isDefinition
      ? "Write the workflow in a module: export const order = workflow('order', async (ctx, input) => …)."
      : `Name a file that ends in ${MODULES.join(', ')}.`,
  });
}

function loadingProblem(file: string, path: string, error: unknown): ModuleProblem {
  const thrown = error instanceof Error ? error : new Error(String(error));
  return problemIn(file, {
    ...placeIn(path, thrown.stack ?? ''),
    path: '',
    code: 'INVALID_ARGUMENT',
    message: `it cannot be loaded: ${thrown.name}: ${thrown.message.split('\n', 1)[0] ?? ''}`,
    remedy: remedyFor(thrown),
  });
}

/** Where the file is named in a stack: the line of a syntax error, or of the call that threw. */
function placeIn(path: string, stack: string): { line: number | null; column: number | null } {
  for (const name of [pathToFileURL(path).href, path]) {
    const at = stack.indexOf(`${name}:`);
    const place = at < 0 ? null : /^(\d+)(?::(\d+))?/.exec(stack.slice(at + name.length + 1));
    if (place?.[1] === undefined) continue;
    return { line: Number(place[1]), column: place[2] === undefined ? null : Number(place[2]) };
  }
  return { line: null, column: null };
}

function remedyFor(error: Error): string {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ERR_MODULE_NOT_FOUND') return 'Install the package, or correct the path of the import.';
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return 'Node runs TypeScript whose types can be erased: replace enums, namespaces, parameter properties.';
  }
  return 'Correct the module so that it can be imported.';
}

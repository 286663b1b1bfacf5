import { readFileSync } from 'node:fs';
import { secretVariable, type Secrets } from '../../core/configuration/secrets.ts';
import { MillraceError } from '../../core/errors.ts';

/**
 * The secrets of an environment: `MILLRACE_SECRET_NAME`, or `MILLRACE_SECRET_NAME_FILE` with the path of a file. A file is
 * read each time its secret is used, so that one that changes needs no restart; the line break at its end is dropped.
 */
export function secretsFrom(
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): Secrets {
  const readers = new Map<string, () => string>();
  for (const [variable, value] of Object.entries(env)) {
    const found = secretVariable(variable);
    if (found === undefined || value === undefined || value === '') continue;
    const { name, isFile } = found;
    if (!isFile) readers.set(name, () => value);
    else if (!readers.has(name)) readers.set(name, () => contentOf(readFile, value, name));
  }
  return { names: [...readers.keys()].toSorted(), get: (name) => readers.get(name)?.() };
}

function contentOf(readFile: (path: string) => string, path: string, name: string): string {
  try {
    return readFile(path).replace(/\r?\n$/, '');
  } catch (error) {
    const what = `the file of secret ${name} cannot be read: ${(error as Error).message}`;
    throw new MillraceError('UNKNOWN_SECRET', what, {
      remedy: `Correct MILLRACE_SECRET_${name}_FILE of this engine, or who may read the file.`,
    });
  }
}

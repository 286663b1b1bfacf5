import { readFileSync } from 'node:fs';
import { MillraceError } from '../../../core/errors.ts';

/**
 * The key that a server is shown: MILLRACE_API_KEY, or what stands in the file of MILLRACE_API_KEY_FILE. Undefined: none.
 * @throws INVALID_ARGUMENT where both are set, and for a file that cannot be read or is empty.
 */
export function serverKey(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const key = env['MILLRACE_API_KEY'] || undefined;
  const path = env['MILLRACE_API_KEY_FILE'] || undefined;
  if (path === undefined) return key;
  if (key !== undefined)
    throw wrong('MILLRACE_API_KEY_FILE contradicts MILLRACE_API_KEY: set only one of the two');
  const text = contentOf(path);
  if (text === '') throw wrong(`MILLRACE_API_KEY_FILE: ${path} is empty`);
  return text;
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw wrong(`MILLRACE_API_KEY_FILE: ${path} cannot be read: ${(error as Error).message}`);
  }
}

function wrong(what: string): MillraceError {
  return new MillraceError('INVALID_ARGUMENT', what, {
    remedy: 'Name a file that holds a key of the server, as `millrace keys create` shows it once.',
  });
}

import { MillraceError } from '../errors.ts';
import { isRunId } from '../ids.ts';

/**
 * The token by which somebody outside completes a wait: it names run and command. Whoever knows a run's id
 * could make one, so it is as secret as the id is.
 */
export function externalToken(runId: string, ordinal: number, name: string): string {
  return `${runId}.${ordinal}.${encodeURIComponent(name).replaceAll('.', '%2E')}`;
}

/** Reads a token back. @throws INVALID_TOKEN. */
export function readToken(token: string): { runId: string; ordinal: number; name: string } {
  const [runId = '', ordinal = '', encoded = ''] = String(token).split('.');
  const name = decoded(encoded);
  if (!isRunId(runId) || !/^\d{1,9}$/.test(ordinal) || name === '') {
    throw new MillraceError('INVALID_TOKEN', `"${String(token).slice(0, 80)}" is not a completion token`);
  }
  return { runId, ordinal: Number(ordinal), name };
}

/** Empty when a token was cut in the middle of a character. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return '';
  }
}

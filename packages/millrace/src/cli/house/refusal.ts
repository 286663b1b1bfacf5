import { isApiError, isConnectionError, type ApiError } from '@millrace/client';
import { ERRORS, MillraceError, type ErrorCode } from '../../core/errors.ts';

/**
 * An answer of the server as the library would have given it. Its shapes are the library's: the server gets them from
 * there, and the tests of its routes hold them against their schemas.
 */
export async function answerOf<T>(asked: Promise<unknown>): Promise<T> {
  try {
    return (await asked) as T;
  } catch (error) {
    throw refusalOf(error);
  }
}

/** A refusal of the server as the library's own error; what is none of either stays as it is. */
function refusalOf(error: unknown): unknown {
  if (isConnectionError(error))
    return new MillraceError('SERVER_UNREACHABLE', error.message, { cause: error });
  if (!isApiError(error) || !Object.hasOwn(ERRORS, error.code)) return error;
  const code = error.code as ErrorCode; // just looked up
  const { message, details, remedy } = error;
  // The message of the server ends with the remedy already.
  const told =
    code in ACCESS ? new MillraceError(code, firstSentence(error), { remedy: ACCESS[code] }) : undefined;
  return told ?? new MillraceError(code, message, { details, remedy, bare: true, cause: error });
}

/** What somebody at a terminal can do about it. */
const ACCESS: Partial<Record<ErrorCode, string>> = {
  UNAUTHENTICATED:
    'Set MILLRACE_API_KEY to a key of this server that is neither expired nor revoked; `millrace keys create` makes one.',
  FORBIDDEN:
    'Set MILLRACE_API_KEY to a key with a role that may; `millrace keys list` shows those that there are.',
};

function firstSentence({ message, remedy }: ApiError): string {
  const what = remedy === undefined ? message : message.replace(remedy, '');
  return what.trim().replace(/\.$/, '');
}

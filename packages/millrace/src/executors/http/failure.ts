import { isMillraceError, TimeoutError } from '../../core/errors.ts';
import { formatDuration } from '../../core/duration.ts';
import type { Answer, Hop } from './exchange.ts';
import { payloadOf } from './body.ts';

/** Of an answer that is an error, so much of the body explains it. */
const SHOWN_BODY_CHARS = 2000;

/** A URL for messages: query and credentials are nobody's business. */
export function shownUrl({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

/** How a request fails that was answered: `HTTP_404`, of class `HTTP_4XX`. The node's retry policy decides what follows. */
export async function statusFailure(hop: Hop, answer: Answer, maxBytes: number): Promise<Error> {
  const { status } = answer;
  const body = await bodyShown(answer, maxBytes);
  const { method } = hop;
  const url = shownUrl(hop.url);
  return Object.assign(httpError(`${method} ${url} was answered with ${status}`), {
    code: `HTTP_${status}`,
    details: { method, url, status, ...(body === undefined ? {} : { body }) },
    ...asksToWait(answer),
  });
}

/** How a request fails that was not answered. @param timeoutMs - after which it was given up. */
export function networkFailure(hop: Hop, cause: unknown, timedOut: number | undefined): unknown {
  const { method } = hop;
  const url = shownUrl(hop.url);
  if (timedOut !== undefined) {
    return new TimeoutError(`${method} ${url} was not answered in full within ${formatDuration(timedOut)}`, {
      url,
    });
  }
  if (isMillraceError(cause)) return cause;
  const { code = 'NETWORK', message } = cause as NodeJS.ErrnoException;
  const why = message === '' ? code : message;
  return Object.assign(httpError(`${method} ${url} failed: ${why}`, cause), {
    code,
    details: { method, url },
  });
}

function httpError(message: string, cause?: unknown): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause });
  Object.defineProperty(error, 'name', { value: 'HttpError', configurable: true, writable: true });
  return error;
}

/** `Retry-After` in seconds, or as a date. */
function asksToWait({ headers }: Answer): { retryAfterMs?: number } {
  const given = headers['retry-after'];
  if (given === undefined) return {};
  const ms = /^\s*\d+\s*$/.test(given) ? Number(given) * 1000 : Date.parse(given) - Date.now();
  return Number.isFinite(ms) ? { retryAfterMs: Math.max(0, ms) } : {};
}

async function bodyShown(answer: Answer, maxBytes: number): Promise<unknown> {
  try {
    const { body, bodyEncoding } = await payloadOf(answer, maxBytes);
    if (body === null || bodyEncoding !== undefined) return undefined;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return text.length <= SHOWN_BODY_CHARS ? body : `${text.slice(0, SHOWN_BODY_CHARS)}…`;
  } catch {
    // It failed anyway; what cannot be read does not explain why.
    return undefined;
  }
}

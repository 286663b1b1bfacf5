import { ApiError, ConnectionError } from '../errors.ts';
import { retryAfterOf } from './backoff.ts';

/** How a server is spoken to; made once per client. */
export interface Wire {
  /** Without a slash at the end. */
  readonly base: string;
  readonly fetch: typeof fetch;
  /** Asked for each request, so that what expires can be renewed. */
  readonly headers: () => Headers | Promise<Headers>;
  /** How long an answer may take, ms. */
  readonly timeoutMs: number;
}

/** One request, ready to be sent as often as it must. */
export interface Outgoing {
  readonly method: string;
  /** Below the base, with its query. */
  readonly path: string;
  readonly body: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
  /** Beside the time that every answer may take. */
  readonly patienceMs: number;
}

/** What was answered. */
export interface Incoming {
  readonly status: number;
  readonly headers: Headers;
  /** Its JSON; undefined where it has no body. */
  readonly body: unknown;
}

/**
 * Sends a request once and reads the whole answer.
 * @throws ApiError, ConnectionError, the reason of the caller's signal.
 */
export async function send(wire: Wire, outgoing: Outgoing): Promise<Incoming> {
  const { signal, patienceMs } = outgoing;
  const late = AbortSignal.timeout(wire.timeoutMs + patienceMs);
  const either = signal === undefined ? late : AbortSignal.any([signal, late]);
  const called = nameOf(wire, outgoing);
  try {
    const response = await open(wire, outgoing, either);
    const { status, headers } = response;
    return { status, headers, body: jsonOf(called, response, await response.text()) };
  } catch (error) {
    throw failureOf({ error, called, late }, signal);
  }
}

/**
 * The response as soon as its head is there; its body is the caller's.
 * @throws ApiError, and whatever `fetch` rejects with.
 */
export async function open(wire: Wire, outgoing: Outgoing, signal: AbortSignal): Promise<Response> {
  const { method, path, body, headers: own } = outgoing;
  const headers = await wire.headers();
  for (const [name, value] of Object.entries(own)) headers.set(name, value);
  const init: RequestInit = { method, headers, signal, redirect: 'error' };
  if (body !== undefined) init.body = body;
  const response = await wire.fetch(`${wire.base}${path}`, init);
  if (!response.ok) throw refusalOf(response, await response.text());
  return response;
}

export function nameOf({ base }: Wire, { method, path }: Pick<Outgoing, 'method' | 'path'>): string {
  return `${method} ${base}${path.split('?', 1)[0]}`;
}

/** What `fetch` rejected with as an error that says what it means here. */
export function failureOf(
  { error, called, late }: { error: unknown; called: string; late?: AbortSignal },
  signal: AbortSignal | undefined,
): Error {
  if (signal?.aborted === true) return signal.reason as Error; // whatever it is, the caller has given it
  if (error instanceof ApiError || error instanceof ConnectionError) return error;
  if (late?.aborted === true) return new ConnectionError('NO_ANSWER', called, 'no answer in time', error);
  return new ConnectionError('UNREACHABLE', called, whyOf(error), error);
}

/** Node says in the cause what has failed; browsers never do. */
function whyOf(error: unknown): string {
  const { message, cause } = error as { readonly message?: unknown; readonly cause?: unknown };
  const { code, message: deeper } = (cause ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  const known = [deeper, code, message].find((text) => typeof text === 'string' && text !== '');
  return typeof known === 'string' ? known : 'the connection failed';
}

function jsonOf(called: string, { headers, status }: Response, text: string): unknown {
  if (text === '') return undefined;
  const type = headers.get('content-type') ?? '';
  try {
    if (type.includes('json')) return JSON.parse(text) as unknown;
  } catch (error) {
    throw new ConnectionError('BAD_ANSWER', called, `status ${status} with broken JSON`, error);
  }
  throw new ConnectionError(
    'BAD_ANSWER',
    called,
    `status ${status} with ${type || 'an untyped body'}, not JSON`,
  );
}

function refusalOf(response: Response, text: string): ApiError {
  const { status, headers } = response;
  const problem = problemIn(text);
  const { detail, code, remedy, requestId, details } = problem;
  return new ApiError(textOr(detail) ?? `the server answered with status ${status}`, {
    code: textOr(code) ?? `HTTP_${status}`,
    status,
    remedy: textOr(remedy),
    requestId: textOr(requestId) ?? headers.get('x-request-id') ?? undefined,
    details: isRecord(details) ? details : undefined,
    retryAfterMs: retryAfterOf(headers),
  });
}

function problemIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const found = JSON.parse(text) as unknown;
    return isRecord(found) ? found : {};
  } catch {
    return {}; // a proxy has answered
  }
}

function textOr(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

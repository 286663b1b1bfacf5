import { METHODS, validateHeaderName, validateHeaderValue } from 'node:http';
import { MillraceError } from '../../core/errors.ts';
import type { Executor, StepContext } from '../../core/workflow/context.ts';
import {
  anything,
  duration,
  isRecord,
  oneOf,
  optional,
  readInput,
  recordOf,
  wholeNumber,
  yesOrNo,
  type Reader,
} from '../input.ts';
import { bodyBytes, DECODED, parameters } from './body.ts';
import type { Hop } from './exchange.ts';
import type { Guard } from './guard.ts';
import { send } from './send.ts';

export type Headers = Readonly<Record<string, string | string[] | null>>;

interface RequestInput {
  url: URL;
  method: string | undefined;
  headers: Headers | undefined;
  query: Readonly<Record<string, unknown>> | undefined;
  body: unknown;
  form: Readonly<Record<string, unknown>> | undefined;
  auth: Credentials | undefined;
  timeout: number | undefined;
  maxResponseBytes: number | undefined;
  followRedirects: boolean | undefined;
}

interface Credentials {
  username: string;
  password: string;
}

/** A server that never answers must not hold a step for ever. */
export const DEFAULT_TIMEOUT_MS = 300_000;
export const DEFAULT_MAX_BYTES = 1_048_576;
const MOST_BYTES = 67_108_864;
/** Methods that change nothing: a repeat needs no key to be recognised by. */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
/** Headers that belong to the connection: with two opinions about them a request can be smuggled. */
const OURS: ReadonlySet<string> = new Set(
  'connection content-length expect host keep-alive proxy-connection te trailer transfer-encoding upgrade'.split(
    ' ',
  ),
);

/** An HTTP request; what it takes and gives: docs/guides/executors.md. */
export function httpRequest(guard: Guard): Executor<unknown> {
  return (input, step) => {
    const request = readInput<RequestInput>('http.request', input, {
      url: address,
      method: optional(method),
      headers: optional(headers),
      query: optional(recordOf(parameter)),
      body: anything,
      form: optional(recordOf(parameter)),
      auth: optional(credentials),
      timeout: optional(duration),
      maxResponseBytes: optional(wholeNumber(1, MOST_BYTES)),
      followRedirects: optional(yesOrNo),
    });
    const limits = {
      timeoutMs: request.timeout ?? DEFAULT_TIMEOUT_MS,
      maxBytes: request.maxResponseBytes ?? DEFAULT_MAX_BYTES,
      followRedirects: request.followRedirects ?? true,
      failsFrom: 400,
    } as const;
    return send(hopOf(request, step), limits, guard, step);
  };
}

function hopOf(request: RequestInput, step: StepContext): Hop {
  const { method: wanted, query, headers: own } = request;
  const target = new URL(request.url);
  parameters(query, target.searchParams);
  const content = contentOf(request);
  const verb = wanted ?? (content === undefined ? 'GET' : 'POST');
  const ours: Record<string, string> = {
    accept: '*/*',
    'accept-encoding': DECODED,
    'user-agent': 'millrace',
    ...(content === undefined ? {} : { 'content-type': content.type }),
    ...(SAFE.has(verb) ? {} : { 'idempotency-key': step.idempotencyKey }),
    ...(step.traceparent === undefined ? {} : { traceparent: step.traceparent }),
    ...(request.auth === undefined ? {} : { authorization: basic(request.auth) }),
  };
  return hop(verb, target, merged(ours, own), content?.bytes);
}

function contentOf({ body, form }: RequestInput): ReturnType<typeof bodyBytes> | undefined {
  if (form === undefined) return body === undefined ? undefined : bodyBytes(body);
  if (body !== undefined) {
    const what = 'input of http.request is refused: it has both a body and a form';
    throw new MillraceError('INVALID_INPUT', what, { remedy: 'Leave one of them out.' });
  }
  return { bytes: Buffer.from(parameters(form).toString()), type: 'application/x-www-form-urlencoded' };
}

/** A request as it goes out: with the length of its body, and credentials of the URL where they belong. */
export function hop(verb: string, target: URL, given: Hop['headers'], body: Uint8Array | undefined): Hop {
  const url = new URL(target);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  url.hash = '';
  const decoded = { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  const own = username === '' && password === '' ? {} : { authorization: basic(decoded) };
  const length = body === undefined ? {} : { 'content-length': String(body.byteLength) };
  return { method: verb, url, headers: { ...own, ...given, ...length }, body };
}

function basic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function credentials(value: unknown): Credentials {
  const { username, password, ...others } = isRecord(value) ? value : {};
  if (typeof username === 'string' && typeof password === 'string' && Object.keys(others).length === 0) {
    return { username, password };
  }
  throw new Error('must be { username, password }');
}

/** The author's headers go before ours; null takes one of ours away. */
export function merged(ours: Readonly<Record<string, string>>, own: Headers = {}): Hop['headers'] {
  const all = Object.entries({ ...ours, ...own }).filter(([, value]) => value !== null);
  // Null has been filtered out.
  return Object.fromEntries(all) as Hop['headers'];
}

export function address(value: unknown): URL {
  const parsed = typeof value === 'string' ? URL.parse(value) : null;
  if (parsed === null || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) {
    throw new Error('must be an address that begins with http:// or https://');
  }
  if (/%(?![\da-f]{2})/i.test(parsed.username + parsed.password)) {
    throw new Error('must have credentials whose % are written as %25');
  }
  return parsed;
}

const method: Reader<string> = (value) => {
  const known = METHODS.filter((name) => name !== 'CONNECT');
  return oneOf(...known)(typeof value === 'string' ? value.toUpperCase() : value);
};

/** Names in lower case, so that one given twice is one. */
export function headers(value: unknown): Headers {
  if (!isRecord(value)) throw new Error('must be an object');
  return Object.fromEntries(
    Object.entries(value).map(([given, content]) => {
      const name = given.toLowerCase();
      if (OURS.has(name)) throw new Error(`${given} is set by Millrace alone`);
      return [name, content === null ? null : headerValue(given, content)] as const;
    }),
  );
}

function headerValue(name: string, content: unknown): string | string[] {
  const items = Array.isArray(content) ? content.map(String) : [String(content)];
  const isPlain = (Array.isArray(content) ? content : [content]).every(isScalar);
  try {
    if (!isPlain) throw new Error('not text');
    validateHeaderName(name);
    for (const item of items) validateHeaderValue(name, item);
  } catch {
    throw new Error(`${name} must be text on one line, or a list of such`);
  }
  const [first = ''] = items;
  return items.length === 1 ? first : items;
}

function parameter(value: unknown): unknown {
  const items = Array.isArray(value) ? value : [value ?? ''];
  if (items.every(isScalar)) return value;
  throw new Error('must be text, a number, true or false, or a list of such');
}

function isScalar(value: unknown): boolean {
  return ['string', 'number', 'boolean', 'bigint'].includes(typeof value);
}

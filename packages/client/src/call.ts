import { OPERATIONS, type Operations } from './generated/operations.ts';
import { pagesOf, type Page, type Pages } from './pages.ts';
import { pathOf, queryOf } from './transport/address.ts';
import type { RetryPolicy } from './transport/backoff.ts';
import { repeated } from './transport/repeat.ts';
import { send, type Outgoing, type Wire } from './transport/send.ts';

export type OperationName = keyof Operations;
export type ParamsOf<N extends OperationName> = Operations[N]['params'];
export type QueryOf<N extends OperationName> = Operations[N]['query'];
export type BodyOf<N extends OperationName> = Operations[N]['body'];
export type AnswerOf<N extends OperationName> = Operations[N]['answer'];
/** What stands in one page of a list. */
export type ItemOf<N extends OperationName> =
  AnswerOf<N> extends { readonly items: readonly (infer T)[] } ? T : never;

/** What every call takes. */
export interface CallOptions {
  /** Ends the call; it rejects with the signal's reason. What the server has been asked for may happen all the same. */
  readonly signal?: AbortSignal | undefined;
}

/** What a change takes besides. */
export interface ActOptions extends CallOptions {
  /** The same one twice is one act. Default: a new one for each call, so that it can be repeated safely. */
  readonly idempotencyKey?: string | undefined;
}

/** What an operation takes; what is empty is left out. */
export interface Taken<N extends OperationName> extends CallOptions {
  readonly params?: ParamsOf<N>;
  readonly query?: QueryOf<N>;
  readonly body?: BodyOf<N>;
  /** Allows repeating what is not safe to do twice. */
  readonly idempotencyKey?: string | undefined;
  /** How long the server may think about it, ms, beside the time that every answer may take. */
  readonly patienceMs?: number;
}

/** Calls operations by their names. */
export interface Caller {
  readonly wire: Wire;
  call<N extends OperationName>(name: N, taken?: Taken<N>): Promise<AnswerOf<N>>;
}

/** What may be sent again whatever became of it: it reads, or says how something shall be. @source RFC 9110 §9.2.2. */
const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'PUT']);

export function createCaller(wire: Wire, policy: RetryPolicy): Caller {
  return {
    wire,
    async call(name, taken = {}) {
      const { method } = OPERATIONS[name];
      const { signal, idempotencyKey } = taken;
      const outgoing = outgoingOf(name, taken);
      const mayRepeat = REPEATABLE.has(method) || idempotencyKey !== undefined;
      const { body } = await repeated(mayRepeat ? policy : { ...policy, attempts: 1 }, signal, () =>
        send(wire, outgoing),
      );
      // The server's answers are held against their schemas by its own tests; the types come from those.
      return body as AnswerOf<typeof name>;
    },
  };
}

/** Where an operation is to be found. */
interface Place {
  readonly method: string;
  readonly path: string;
  /** Media type of a body that is sent as the text that it is. */
  readonly text?: string;
}

function outgoingOf<N extends OperationName>(name: N, taken: Taken<N>): Outgoing {
  const place: Place = OPERATIONS[name];
  const { method } = place;
  const { body, signal, idempotencyKey, patienceMs = 0 } = taken;
  const isText = place.text !== undefined && typeof body === 'string';
  const text = body === undefined ? undefined : isText ? body : JSON.stringify(body);
  const headers = {
    accept: 'application/json',
    ...(text === undefined
      ? {}
      : { 'content-type': (isText ? place.text : undefined) ?? 'application/json' }),
    ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
  };
  return { method, path: pathFor(name, taken), body: text, headers, signal, patienceMs };
}

/** Where an operation is to be found, with its query. */
export function pathFor<N extends OperationName>(name: N, { params, query }: Taken<N>): string {
  return pathOf(OPERATIONS[name].path, params) + queryOf(query);
}

type ListName = {
  [N in OperationName]: AnswerOf<N> extends Page<unknown> ? N : never;
}[OperationName];

/** A list that has pages. */
export function list<N extends ListName>(caller: Caller, name: N, taken: Taken<N>): Pages<ItemOf<N>> {
  return pagesOf(async (cursor) => {
    const query = cursor === undefined ? taken.query : { ...taken.query, cursor };
    return caller.call(name, { ...taken, query: query as QueryOf<N> }) as Promise<Page<ItemOf<N>>>;
  });
}

/** A key that nobody else has made. `randomUUID` is not there for pages that came over plain HTTP. */
function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The options of an act as those of its call. */
export function acting({ signal, idempotencyKey = newIdempotencyKey() }: ActOptions): {
  readonly signal: AbortSignal | undefined;
  readonly idempotencyKey: string;
} {
  return { signal, idempotencyKey };
}

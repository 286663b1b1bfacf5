import type { z } from 'zod';
import type { Permission } from '../access/principal.ts';
import type { RequestContext } from './request.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** One answer that a route may give. */
export interface AnswerSpec {
  readonly description: string;
  /** Of its JSON; without one the answer has no body, or one of `type`. */
  readonly schema?: z.ZodType;
  /** Media type of a body that is not JSON. */
  readonly type?: string;
}

/** What a handler answers. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Becomes JSON. */
  readonly body?: unknown;
  /** The audit log has it already, written together with what was done. */
  readonly recorded?: boolean;
  /** Sent as it is; then `headers` says of what type. */
  readonly text?: string;
  readonly stream?: ReadableStream<Uint8Array>;
}

/** What the audit log says of an act beside who, when and whence. Small things, and never payloads. */
export interface Described {
  /** Default: the path as far as its first parameter, or the run that the answer names. */
  readonly target?: string;
  readonly before?: unknown;
  /** Default: the parameters that `target` does not say. */
  after?(answer: Answer): unknown;
}

type Fields = z.ZodObject | undefined;
type Read<S> = S extends z.ZodType ? z.output<S> : undefined;

/** One thing that can be called. The table of all is `routes/table.ts`. */
export interface RouteSpec<P extends Fields, Q extends Fields, B extends z.ZodType | undefined> {
  readonly method: Method;
  /** Below `/api/v1`, parameters in braces: `/runs/{runId}`. */
  readonly path: `/${string}`;
  /** It is not below `/api/v1`: where tools of others look for it. Such a path has no parameters. */
  readonly atRoot?: boolean;
  /** Its name in the OpenAPI document and in the client: verb and noun. */
  readonly name: string;
  readonly summary: string;
  /** Groups routes in the document: the room of the resource. */
  readonly tag: string;
  readonly permission: Permission;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** A body may be left out. */
  readonly optionalBody?: boolean;
  /** Media types of a body that the handler gets as the text that it is; its schema says what the JSON among them is. */
  readonly textTypes?: readonly string[];
  /** Of its body, bytes; where it takes more than others. */
  readonly maxBodyBytes?: number;
  /** Beside the refusals that every route may give. */
  readonly answers: Readonly<Record<number, AnswerSpec>>;
  /** The answer gets an ETag, and a request that has it already 304. */
  readonly polled?: boolean;
  /** It honours `Idempotency-Key`: sent again under the same, it is not done again. */
  readonly repeatable?: boolean;
  /** It may wait for something to happen before it answers: such requests have a limit of their own. */
  readonly waits?: boolean;
  /** It starts runs: how many, so that quotas are asked before it does. */
  readonly starts?: (body: Read<B>) => number;
  readonly handle: (
    taken: { readonly params: Read<P>; readonly query: Read<Q>; readonly body: Read<B> },
    context: RequestContext,
  ) => Promise<Answer>;
  /** Of what changes something: asked before it does. */
  readonly describe?: (
    taken: { readonly params: Read<P>; readonly query: Read<Q>; readonly body: Read<B> },
    context: RequestContext,
  ) => Promise<Described>;
}

/** A route of whatever shape; its handler has been given the shapes that it declared. */
export interface Route extends Omit<
  RouteSpec<Fields, Fields, z.ZodType | undefined>,
  'params' | 'query' | 'body' | 'starts' | 'handle' | 'describe'
> {
  readonly params?: z.ZodObject | undefined;
  readonly query?: z.ZodObject | undefined;
  readonly body?: z.ZodType | undefined;
  readonly starts?: (body: unknown) => number;
  readonly handle: (taken: Taken, context: RequestContext) => Promise<Answer>;
  readonly describe?: ((taken: Taken, context: RequestContext) => Promise<Described>) | undefined;
}

/** What a request brings, checked by the schemas of its route. */
export interface Taken {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/** Before the paths of all routes that are not at the root. */
export const API = '/api/v1';

/** The whole path of a route, parameters in braces. */
export function addressOf({ path, atRoot = false }: Pick<Route, 'path' | 'atRoot'>): string {
  return atRoot ? path : `${API}${path}`;
}

/** Declares a route: the types of what its handler takes are those of its schemas. */
export function route<
  P extends Fields = undefined,
  Q extends Fields = undefined,
  B extends z.ZodType | undefined = undefined,
>(spec: RouteSpec<P, Q, B>): Route {
  // Whoever calls the handler has checked its arguments with these very schemas.
  return spec as unknown as Route;
}

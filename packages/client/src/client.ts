import { acting, createCaller, list, type ActOptions, type CallOptions, type QueryOf } from './call.ts';
import type { WatchOptions } from './events/watch.ts';
import type { Pages } from './pages.ts';
import { auditOf, keysOf, type AuditFilter, type Keys } from './rooms/access.ts';
import { clusterOf, locksOf, type ClusterRoom, type Locks } from './rooms/cluster.ts';
import { definitionsOf, type Definitions } from './rooms/definitions.ts';
import { queuesOf, type QueuesRoom } from './rooms/queues.ts';
import { runHandle, type RunHandle, type RunRef } from './rooms/run.ts';
import { watchEvents, type ServerEvent, type WatchFilter } from './rooms/watching.ts';
import type { AuditEntry, Run, Start, Started, StartResult } from './shapes.ts';
import { RETRY, type RetryPolicy } from './transport/backoff.ts';
import type { Wire } from './transport/send.ts';

export interface ClientOptions {
  /** Of the server: `https://millrace.example.com`, or a path below which it is mounted. */
  readonly url: string | URL;
  /** An API key or a token; a function is asked before each request. */
  readonly key?: string | (() => string | Promise<string>) | undefined;
  /** Instead of the platform's own. */
  readonly fetch?: typeof fetch | undefined;
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How long an answer may take, ms. Default 30,000. */
  readonly timeoutMs?: number | undefined;
  /** How what may be repeated is repeated. Default: 5 attempts, from 200 ms to 20 s apart. */
  readonly retry?: Partial<RetryPolicy> | undefined;
}

/** What `start` takes beside workflow and input. */
export type StartOptions = Omit<Start, 'workflow' | 'input'> & ActOptions;

export type RunsFilter = Omit<QueryOf<'listRuns'>, 'cursor'>;

/** A server of Millrace, seen by one caller. Makes no connection before it is asked for something. */
export interface Client {
  /**
   * Starts a run. When it resolves the run is durable.
   * @throws ApiError KEY_IN_USE, QUEUE_FULL, UNKNOWN_WORKFLOW, INVALID_INPUT, …; ConnectionError.
   */
  start(workflow: string, input?: unknown, options?: StartOptions): Promise<RunHandle & Started>;
  /** Starts many with one request; each result stands for itself. */
  startMany(starts: readonly Start[], options?: ActOptions): Promise<readonly StartResult[]>;
  /** The handle of a run that exists. */
  run(ref: RunRef): RunHandle;
  /** Runs, newest first. */
  runs(filter?: RunsFilter, options?: CallOptions): Pages<Run>;
  readonly definitions: Definitions;
  readonly cluster: ClusterRoom;
  readonly locks: Locks;
  readonly queues: QueuesRoom;
  readonly keys: Keys;
  audit(filter?: AuditFilter, options?: CallOptions): Pages<AuditEntry>;
  /**
   * What changes from now on, or behind `lastEventId`. A connection that is lost is made again, and goes on where it was.
   * @throws ApiError where the server refuses; the reason of the signal.
   */
  watch(filter?: WatchFilter, options?: WatchOptions): AsyncIterable<ServerEvent>;
}

const TIMEOUT_MS = 30_000;

export function createClient(options: ClientOptions): Client {
  const caller = createCaller(wireOf(options), { ...RETRY, ...options.retry });
  return {
    async start(workflow, input, { signal, idempotencyKey, ...start } = {}) {
      const body = { ...start, workflow, input };
      const started = await caller.call('startRun', { body, ...acting({ signal, idempotencyKey }) });
      return { ...runHandle(caller, started.runId), ...started };
    },
    startMany: (starts, act = {}) => caller.call('startRuns', { body: starts, ...acting(act) }),
    run: (ref) => runHandle(caller, ref),
    runs: (filter = {}, { signal } = {}) => list(caller, 'listRuns', { query: filter, signal }),
    definitions: definitionsOf(caller),
    cluster: clusterOf(caller),
    locks: locksOf(caller),
    queues: queuesOf(caller),
    keys: keysOf(caller),
    audit: (filter = {}, call = {}) => auditOf(caller, filter, call),
    watch: (query = {}, watch = {}) => watchEvents(caller, 'watchEvents', { query }, watch),
  };
}

function wireOf({ url, key, headers = {}, timeoutMs = TIMEOUT_MS, ...options }: ClientOptions): Wire {
  const { protocol, origin, pathname } = new URL(url);
  if (!['http:', 'https:'].includes(protocol))
    throw new TypeError(`url is "${url.toString()}": give one that begins with http:// or https://`);
  return {
    base: `${origin}${pathname.replace(/\/+$/, '')}`,
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    timeoutMs,
    async headers() {
      const all = new Headers(headers);
      const token = typeof key === 'function' ? await key() : key;
      if (token !== undefined && token !== '') all.set('authorization', `Bearer ${token}`);
      return all;
    },
  };
}

import { acting, list, type ActOptions, type CallOptions, type Caller } from '../call.ts';
import type { WatchOptions } from '../events/watch.ts';
import { ApiError } from '../errors.ts';
import type { Pages } from '../pages.ts';
import type { Graph, HistoryItem, Log, LogLine, Run, RunDetail, Why } from '../shapes.ts';
import { logLines, logPage, type LogPageOptions, type LogsOptions } from './logs.ts';
import { awaitOutput, type ResultOptions } from './result.ts';
import { watchEvents, type ServerEvent } from './watching.ts';

/** A run is named by its id, or by the key that its starter gave it. */
export type RunRef = string | { readonly key: string };

export interface DescribeOptions extends CallOptions {
  /** Of a run of a definition its nodes, too. */
  readonly nodes?: boolean | undefined;
}

/** One run, as far as a caller from outside may look at it and act on it. */
export interface RunHandle {
  /** The id; of a run that is named by its key it is looked up once. @throws ApiError RUN_NOT_FOUND. */
  id(options?: CallOptions): Promise<string>;
  /** The run as it stands. */
  describe(options?: DescribeOptions): Promise<Run>;
  /** The run with its steps, signals, children and timers, and the nodes of a definition. */
  detail(options?: CallOptions): Promise<RunDetail>;
  /** Every recorded event, in order. */
  history(options?: CallOptions): Pages<HistoryItem>;
  /** What it and its steps have said, line by line; with `follow` until it has ended. */
  logs(options?: LogsOptions): AsyncIterable<LogLine>;
  /** A page of it, and whether more may come. */
  logPage(options?: LogPageOptions): Promise<Log>;
  /** What holds it up, and what frees it. */
  why(options?: CallOptions): Promise<Why>;
  /** The nodes of a run of a definition: how they stand, and how far it is. */
  graph(options?: CallOptions): Promise<Graph>;
  /**
   * Waits until the run has ended and gives its output.
   * @throws RunError: it did not complete, or `wait` has passed; ApiError, ConnectionError.
   */
  result<T = unknown>(options?: ResultOptions): Promise<T>;
  /** Sends a signal; when it resolves the signal is durable. @throws ApiError RUN_CLOSED, RUN_NOT_FOUND. */
  signal(name: string, payload?: unknown, options?: ActOptions): Promise<void>;
  /** Asks it to end; its compensations run first. @throws ApiError RUN_CLOSED. */
  cancel(options?: ActOptions & { readonly reason?: string | undefined }): Promise<void>;
  /** Lets it rest where it stands until it is resumed. */
  pause(options?: ActOptions & { readonly reason?: string | undefined }): Promise<void>;
  resume(options?: ActOptions): Promise<void>;
  /** Lets a run that ended badly, or is blocked, go on from its failure; one that has ended also from a step. */
  retry(options?: ActOptions & { readonly from?: string | undefined }): Promise<void>;
  /** What happens to it from now on, or behind `lastEventId`. */
  watch(options?: WatchOptions): AsyncIterable<ServerEvent>;
}

/** The handle of a run; asks the server for nothing. */
export function runHandle(caller: Caller, ref: RunRef): RunHandle {
  let known: Promise<string> | undefined;
  const id = async ({ signal }: CallOptions = {}): Promise<string> => {
    if (typeof ref === 'string') return ref;
    known ??= idOfKey(caller, ref.key, signal);
    try {
      return await known;
    } catch (error) {
      known = undefined; // the next call asks again
      throw error;
    }
  };
  const params = async (options: CallOptions): Promise<{ readonly runId: string }> => ({
    runId: await id(options),
  });
  return {
    id,
    describe: async ({ nodes, ...options }: DescribeOptions = {}) =>
      caller.call('readRun', {
        params: await params(options),
        query: nodes === true ? { nodes: 'true' } : {},
        ...options,
      }),
    detail: async (options = {}) => caller.call('readDetail', { params: await params(options), ...options }),
    history: (options = {}) => historyOf(caller, () => params(options), options),
    async *logs(options = {}) {
      yield* logLines(caller, await id(options), options);
    },
    logPage: async (options = {}) => logPage(caller, await id(options), options),
    why: async (options = {}) => caller.call('readWhy', { params: await params(options), ...options }),
    graph: async (options = {}) => caller.call('readGraph', { params: await params(options), ...options }),
    result: async <T>(options: ResultOptions = {}) => awaitOutput<T>(caller, await id(options), options),
    async signal(name, body, options = {}) {
      await caller.call('signalRun', {
        params: { ...(await params(options)), name },
        body,
        ...acting(options),
      });
    },
    ...actsOf(caller, params),
    async *watch(options = {}) {
      yield* watchEvents(caller, 'watchRun', { params: await params(options) }, options);
    },
  };
}

function actsOf(
  caller: Caller,
  params: (options: CallOptions) => Promise<{ readonly runId: string }>,
): Pick<RunHandle, 'cancel' | 'pause' | 'resume' | 'retry'> {
  const act =
    (name: 'cancelRun' | 'pauseRun' | 'resumeRun' | 'retryRun') =>
    async ({ reason, from, ...options }: ActOptions & { readonly reason?: string; from?: string } = {}) => {
      const body = reason === undefined && from === undefined ? undefined : { reason, from };
      await caller.call(name, { params: await params(options), body, ...acting(options) });
    };
  return {
    cancel: act('cancelRun'),
    pause: act('pauseRun'),
    resume: act('resumeRun'),
    retry: act('retryRun'),
  };
}

function historyOf(
  caller: Caller,
  params: () => Promise<{ readonly runId: string }>,
  { signal }: CallOptions,
): Pages<HistoryItem> {
  const lazy = async (): Promise<Pages<HistoryItem>> =>
    list(caller, 'readHistory', { params: await params(), signal });
  return {
    page: async (cursor) => (await lazy()).page(cursor),
    async *pages() {
      yield* (await lazy()).pages();
    },
    async *[Symbol.asyncIterator]() {
      yield* await lazy();
    },
  };
}

/** The newest run of the key: an older one of the same key has closed. */
async function idOfKey(caller: Caller, key: string, signal: AbortSignal | undefined): Promise<string> {
  const { items } = await caller.call('listRuns', { query: { key, limit: 1 }, signal });
  const [found] = items;
  if (found !== undefined) return found.runId;
  throw new ApiError(`a run with key ${JSON.stringify(key)} does not exist`, {
    code: 'RUN_NOT_FOUND',
    status: 404,
  });
}

import { durationMs, type Duration } from '../core/duration.ts';
import { MillraceError } from '../core/errors.ts';
import { fold } from '../core/reading/fold.ts';
import { describeRun, describeStored, type RunDescription } from '../core/reading/describe-run.ts';
import { eventsIn, historyItems, placedEvents, type HistoryItem } from '../core/reading/history-items.ts';
import { detailRun, type RunDetail } from '../core/reading/run-detail.ts';
import type { RunLogLine } from '../core/lines/line.ts';
import { decodeValue } from '../core/json.ts';
import type { DrawnGraph } from '../core/dag/view/view-graph.ts';
import type { Why } from '../core/policy/why.ts';
import type { RunStatus } from '../core/status.ts';
import type { Signal } from '../core/workflow/signal.ts';
import type { HistoryChunk, RunRow } from '../store/port/store.ts';
import { notFound, type Desk, type RunName } from './desk.ts';
import { readHistoryPage, type HistoryPage, type HistoryPageOptions } from './run/history-page.ts';
import { once } from './run/once.ts';
import { outcomeOf, type OutcomeOptions, type RunOutcome } from './run/outcome.ts';
import { endsOf } from './run/read-runs.ts';
import { readLogPage, type LogPage, type LogPageOptions } from './lines/log-page.ts';
import { readLog, type LogOptions } from './lines/read-log.ts';
import { pauseRun, resumeRun, type PauseOptions } from './pausing/pause.ts';
import { outputOf } from './results.ts';
import { retryRun, type RetryRunOptions } from './retry.ts';
import { sendUpdate } from './update.ts';

/** A run, as its starter or anybody with its id sees it. */
export interface Run<O = unknown> {
  /** Undefined for a handle by key until something has looked it up. */
  readonly runId: string;
  /**
   * Waits until the run has ended (or the run that it continued as) and gives its output.
   * @throws RUN_BLOCKED; RUN_FAILED, CANCELLED, RUN_TIMED_OUT with the run's error as `cause`; TIMEOUT after
   *   `timeout`.
   */
  result(options?: { timeout?: Duration }): Promise<O>;
  /**
   * Durable when it resolves. The same `id` twice is one signal.
   * @throws RUN_CLOSED, RUN_NOT_FOUND.
   */
  signal<T>(signal: Signal<T>, payload: T, options?: { id?: string | undefined }): Promise<void>;
  signal(signal: string, payload?: unknown, options?: { id?: string | undefined }): Promise<void>;
  /**
   * How the run stands, or the run that it continued as: that it failed is an answer here and throws nothing.
   * @param options - `wait`: how long to wait for its end; a blocked run is not waited for.
   */
  outcome(options?: OutcomeOptions): Promise<RunOutcome>;
  /**
   * Asks the run to end; its compensations run first. The same `id` twice is one request. Cancelling a closed run is
   * RUN_CLOSED.
   */
  cancel(reason?: string, options?: { id?: string | undefined }): Promise<void>;
  /**
   * Durable when it resolves: no turn and no attempt begins from then on. Attempts that run may end, and what they bring is
   * kept; so is whatever arrives. The time until the run's deadline goes on. Children are runs of their own and go on.
   * Paused again it stays as it is; a cancel ends the pause.
   * @throws RUN_CLOSED, RUN_NOT_FOUND.
   */
  pause(options?: PauseOptions): Promise<void>;
  /**
   * A paused run goes on where it stood, and what came due meanwhile happens at once. One that is not paused stays as it is.
   * @throws RUN_CLOSED, RUN_NOT_FOUND.
   */
  resume(): Promise<void>;
  /** Sends a request to the run's `ctx.onUpdate` handler and waits for the reply. */
  update<R = unknown>(
    name: string,
    input?: unknown,
    options?: { timeout?: Duration; id?: string },
  ): Promise<R>;
  /** The last committed value of `ctx.publish(key, …)`. */
  published<T = unknown>(key: string): Promise<T | undefined>;
  /**
   * The run as it stands.
   * @param options - `nodes`: of a run of a definition its nodes too; that replays the run.
   */
  describe(options?: { nodes?: boolean }): Promise<RunDescription>;
  /** With everything that its history tells: steps, signals, children, timers; and the nodes of a definition. */
  detail(): Promise<RunDetail>;
  /** @throws PAYLOAD_UNREADABLE, RUN_NOT_FOUND. */
  history(): Promise<HistoryItem[]>;
  /** A page of it, of bounded size. @throws INVALID_ARGUMENT, RUN_NOT_FOUND. */
  historyPage(options?: HistoryPageOptions): Promise<HistoryPage>;
  /**
   * What the run and its steps have said by `ctx.log` and `step.log`, line by line; with `follow` until it has ended.
   * @throws INVALID_ARGUMENT, RUN_NOT_FOUND; the reason of the signal.
   */
  logs(options?: LogOptions): AsyncIterable<RunLogLine>;
  /** A page of it. @throws INVALID_ARGUMENT, RUN_NOT_FOUND. */
  logPage(options?: LogPageOptions): Promise<LogPage>;
  /** The nodes of a run of a definition, how they stand, and what needs what. @throws NO_GRAPH, RUN_NOT_FOUND. */
  graph(): Promise<RunGraph>;
  /** What holds the run up, from itself to the cause, and what can be done about each link. */
  why(): Promise<Why>;
  /**
   * A failed, cancelled or timed-out run goes on from its failure, and so do the children that it waits for; a
   * blocked one is queued again. With `from` it goes on from that step.
   * @throws RUN_CLOSED, RUN_NOT_CLOSED, RUN_COMPENSATED, RUN_NOT_FOUND, STEP_NOT_FOUND.
   */
  retry(options?: RetryRunOptions): Promise<void>;
}

/** The nodes of a run and how they stand. */
export interface RunGraph extends DrawnGraph {
  readonly runId: string;
  readonly status: RunStatus;
}

function noGraph({ runId, workflow }: RunRow): MillraceError {
  return new MillraceError('NO_GRAPH', `run ${runId} is of workflow "${workflow}", which is code`);
}

/**
 * The handle of a run named by id or key.
 * @param isOwn - this process has started it: where only its id is needed, nobody has to look whose it is.
 */
export function runHandle<O>(desk: Desk, name: RunName, isOwn = false): Run<O> {
  return new RunHandle<O>(desk, name, isOwn);
}

// A class, because a handle is made for every run, and a closure for each of its methods is most of what that costs.
class RunHandle<O> implements Run<O> {
  private readonly desk: Desk;
  private readonly ref: RunName;
  private known: string | undefined;
  private isOwn: boolean;

  constructor(desk: Desk, ref: RunName, isOwn: boolean) {
    this.desk = desk;
    this.ref = ref;
    this.known = 'runId' in ref ? ref.runId : undefined;
    this.isOwn = isOwn;
  }

  get runId(): string {
    if (this.known !== undefined) return this.known;
    throw new MillraceError('INVALID_ARGUMENT', 'the handle of a key knows its runId only after a call', {
      remedy: 'Call describe() first.',
    });
  }

  async result(options?: { timeout?: Duration }): Promise<O> {
    const timeout = options?.timeout;
    const timeoutMs = timeout === undefined ? undefined : durationMs(timeout, 'result, timeout');
    const runId = this.known ?? (await this.row()).runId;
    return outputOf(runId, await this.desk.results.ending(runId, timeoutMs)) as O;
  }

  async signal(
    signal: string | Signal<unknown>,
    payload?: unknown,
    { id }: { id?: string | undefined } = {},
  ): Promise<void> {
    const { desk, ref } = this;
    const name = typeof signal === 'string' ? signal : signal.signal;
    const message = {
      kind: 'signal',
      id: id ?? desk.ports.uuid(),
      name: desk.checkedName('signal', name),
      payload: desk.encode(payload, `payload of signal "${name}"`),
    } as const;
    await once(desk, ref, { type: 'signal-received', id }, () => desk.send(ref, message));
  }

  async outcome(options: OutcomeOptions = {}): Promise<RunOutcome> {
    return outcomeOf(this.desk, this.known ?? (await this.row()).runId, options);
  }

  async cancel(reason?: string, { id }: { id?: string | undefined } = {}): Promise<void> {
    const { desk, ref } = this;
    const payload = reason === undefined ? undefined : desk.encode(String(reason), 'reason of cancel');
    const message = { kind: 'cancel', id: id ?? desk.ports.uuid(), payload } as const;
    await once(desk, ref, { type: 'cancel-requested', id }, () => desk.send(ref, message));
  }

  async pause(options: PauseOptions = {}): Promise<void> {
    await pauseRun(this.desk, this.ref, options);
  }

  async resume(): Promise<void> {
    await resumeRun(this.desk, this.ref);
  }

  async update<R>(
    name: string,
    input?: unknown,
    options: { timeout?: Duration; id?: string } = {},
  ): Promise<R> {
    return sendUpdate<R>(this.desk, this.known ?? (await this.row()).runId, { name, input }, options);
  }

  async published<T = unknown>(key: string): Promise<T | undefined> {
    const payload = fold(placedEvents(await this.chunks())).published.get(key);
    return (payload === undefined ? undefined : decodeValue(payload)) as T | undefined;
  }

  async describe({ nodes = false }: { nodes?: boolean } = {}): Promise<RunDescription> {
    const row = await this.row();
    if (!nodes) return describeStored(row, endsOf(row));
    const chunks = await this.chunks();
    const { history, unreadable } = eventsIn(chunks);
    if (unreadable !== undefined) return describeStored(row, chunks);
    return describeRun(row, history, await this.desk.view(row, history));
  }

  async graph(): Promise<RunGraph> {
    const row = await this.row();
    const view = await this.desk.view(row, placedEvents(await this.chunks()));
    if (view === undefined) throw noGraph(row);
    const { nodes, edges, progress, criticalPath } = view;
    return { runId: row.runId, status: row.status, nodes, edges, progress, criticalPath };
  }

  async detail(): Promise<RunDetail> {
    const row = await this.row();
    const { history, unreadable } = eventsIn(await this.chunks());
    if (unreadable !== undefined) return { ...detailRun(row, history), unreadable: unreadable.message };
    return detailRun(row, history, await this.desk.view(row, history));
  }

  async history(): Promise<HistoryItem[]> {
    return historyItems(await this.chunks());
  }

  async historyPage(options: HistoryPageOptions = {}): Promise<HistoryPage> {
    const { runId } = await this.row();
    return readHistoryPage(this.desk, runId, options);
  }

  logs(options: LogOptions = {}): AsyncIterable<RunLogLine> {
    return readLog((page) => this.logPage(page), options);
  }

  async logPage(options: LogPageOptions = {}): Promise<LogPage> {
    return readLogPage(this.desk, this.known ?? (await this.row()).runId, options);
  }

  async why(): Promise<Why> {
    const told = await this.desk.why(await this.row());
    if (told === undefined) throw notFound(this.ref);
    return told;
  }

  async retry(options: RetryRunOptions = {}): Promise<void> {
    const { desk, ref } = this;
    const deed = { type: 'retried', id: options.id } as const;
    await once(desk, ref, deed, async () => retryRun(desk, await this.row(), options));
  }

  private async row(): Promise<RunRow> {
    const found = await this.desk.readRun(this.ref);
    this.known ??= found.runId;
    this.isOwn = true;
    return found;
  }

  /** Histories are found by id alone: whose the run is has been seen before. */
  private async chunks(): Promise<HistoryChunk[]> {
    const known = this.isOwn ? this.known : undefined;
    const found = await this.desk.readHistory(known ?? (await this.row()).runId);
    if (found.length === 0) throw notFound(this.ref); // a run's start is in its history
    return found;
  }
}

import { durationMs, type Duration } from '../core/duration.ts';
import { MillraceError } from '../core/errors.ts';
import { fold } from '../core/reading/fold.ts';
import { describeRun, type RunDescription } from '../core/reading/describe-run.ts';
import { historyItems, placedEvents, type HistoryItem } from '../core/reading/history-items.ts';
import { detailRun, type RunDetail } from '../core/reading/run-detail.ts';
import { decodeValue } from '../core/json.ts';
import type { Why } from '../core/policy/why.ts';
import type { Signal } from '../core/workflow/signal.ts';
import type { HistoryChunk, RunRef, RunRow } from '../store/port/store.ts';
import { notFound, type Desk } from './desk.ts';
import { ask } from './store-failure.ts';
import { outputOf } from './results.ts';
import { retryRun } from './retry.ts';
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
  signal<T>(signal: Signal<T>, payload: T, options?: { id?: string }): Promise<void>;
  signal(signal: string, payload?: unknown, options?: { id?: string }): Promise<void>;
  /** Asks the run to end; its compensations run first. Cancelling a closed run is RUN_CLOSED. */
  cancel(reason?: string): Promise<void>;
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
  history(): Promise<HistoryItem[]>;
  /** What holds the run up, from itself to the cause, and what can be done about each link. */
  why(): Promise<Why>;
  /**
   * A failed, cancelled or timed-out run goes on from its failure, and so do the children that it waits for; a
   * blocked one is queued again.
   * @throws RUN_CLOSED, RUN_NOT_CLOSED, RUN_COMPENSATED, RUN_NOT_FOUND.
   */
  retry(): Promise<void>;
}

/** The handle of a run named by id or key. */
export function runHandle<O>(desk: Desk, ref: RunRef): Run<O> {
  return new RunHandle<O>(desk, ref);
}

// A class, because a handle is made for every run, and a closure for each of its methods is most of what that costs.
class RunHandle<O> implements Run<O> {
  private readonly desk: Desk;
  private readonly ref: RunRef;
  private known: string | undefined;

  constructor(desk: Desk, ref: RunRef) {
    this.desk = desk;
    this.ref = ref;
    this.known = 'runId' in ref ? ref.runId : undefined;
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
    options: { id?: string } = {},
  ): Promise<void> {
    const { desk } = this;
    const name = typeof signal === 'string' ? signal : signal.signal;
    await desk.send(this.ref, {
      kind: 'signal',
      id: options.id ?? desk.ports.uuid(),
      name: desk.checkedName('signal', name),
      payload: desk.encode(payload, `payload of signal "${name}"`),
    });
  }

  async cancel(reason?: string): Promise<void> {
    const { desk } = this;
    const payload = reason === undefined ? undefined : desk.encode(String(reason), 'reason of cancel');
    await desk.send(this.ref, { kind: 'cancel', id: desk.ports.uuid(), payload });
  }

  async update<R>(
    name: string,
    input?: unknown,
    options: { timeout?: Duration; id?: string } = {},
  ): Promise<R> {
    return sendUpdate<R>(this.desk, await this.id(), { name, input }, options);
  }

  async published<T = unknown>(key: string): Promise<T | undefined> {
    const payload = fold(placedEvents(await this.chunks())).published.get(key);
    return (payload === undefined ? undefined : decodeValue(payload)) as T | undefined;
  }

  async describe({ nodes = false }: { nodes?: boolean } = {}): Promise<RunDescription> {
    const row = await this.row();
    const history = placedEvents(await this.chunks());
    return describeRun(row, history, nodes ? await this.desk.view(row, history) : undefined);
  }

  async detail(): Promise<RunDetail> {
    const row = await this.row();
    const history = placedEvents(await this.chunks());
    return detailRun(row, history, await this.desk.view(row, history));
  }

  async history(): Promise<HistoryItem[]> {
    return historyItems(await this.chunks());
  }

  async why(): Promise<Why> {
    const told = await this.desk.why(await this.row());
    if (told === undefined) throw notFound(this.ref);
    return told;
  }

  async retry(): Promise<void> {
    await retryRun(this.desk, await this.row());
  }

  private async row(): Promise<RunRow> {
    const found = await this.desk.readRun(this.ref);
    this.known ??= found.runId;
    return found;
  }

  private async id(): Promise<string> {
    return this.known ?? (await this.row()).runId;
  }

  private async chunks(): Promise<HistoryChunk[]> {
    const of = await this.id();
    const found = await ask(() => this.desk.store.readHistory(of));
    if (found.length === 0) throw notFound(this.ref); // a run's start is in its history
    return found;
  }
}

import { durationMs, type Duration } from '../core/duration.ts';
import { MillraceError } from '../core/errors.ts';
import { fold } from '../core/reading/fold.ts';
import { describeRun, type RunDescription } from '../core/reading/describe-run.ts';
import { historyItems, placedEvents, type HistoryItem } from '../core/reading/history-items.ts';
import { decodeValue } from '../core/json.ts';
import { why, type Why } from '../core/policy/why.ts';
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
  describe(): Promise<RunDescription>;
  history(): Promise<HistoryItem[]>;
  /** What the run waits for, and what can be done about it. */
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
  let runId = 'runId' in ref ? ref.runId : undefined;
  const row = async (): Promise<RunRow> => {
    const found = await desk.readRun(ref);
    runId ??= found.runId;
    return found;
  };
  const id = async (): Promise<string> => runId ?? (await row()).runId;
  const chunks = async (): Promise<HistoryChunk[]> => {
    const of = await id();
    const found = await ask(() => desk.store.readHistory(of));
    if (found.length === 0) throw notFound(ref); // a run's start is in its history
    return found;
  };

  return {
    get runId() {
      if (runId !== undefined) return runId;
      throw new MillraceError('INVALID_ARGUMENT', 'the handle of a key knows its runId only after a call', {
        remedy: 'Call describe() first.',
      });
    },
    async result(options = {}) {
      const timeoutMs =
        options.timeout === undefined ? undefined : durationMs(options.timeout, 'result, timeout');
      const of = await id();
      return outputOf(of, await desk.results.ending(of, timeoutMs)) as O;
    },
    async signal(signal: string | Signal<unknown>, payload?: unknown, options: { id?: string } = {}) {
      const name = typeof signal === 'string' ? signal : signal.signal;
      await desk.send(ref, {
        kind: 'signal',
        id: options.id ?? desk.ports.uuid(),
        name: desk.checkedName('signal', name),
        payload: desk.encode(payload, `payload of signal "${name}"`),
      });
    },
    async cancel(reason) {
      const payload = reason === undefined ? undefined : desk.encode(String(reason), 'reason of cancel');
      await desk.send(ref, { kind: 'cancel', id: desk.ports.uuid(), payload });
    },
    update: async (name, input, options = {}) => sendUpdate(desk, await id(), { name, input }, options),
    async published<T>(key: string) {
      const payload = fold(placedEvents(await chunks())).published.get(key);
      return (payload === undefined ? undefined : decodeValue(payload)) as T | undefined;
    },
    async describe() {
      return describeRun(await row(), placedEvents(await chunks()));
    },
    history: async () => historyItems(await chunks()),
    async why() {
      const found = await row();
      return why(found, await desk.facts(found), placedEvents(await chunks()));
    },
    async retry() {
      await retryRun(desk, await row());
    },
  };
}

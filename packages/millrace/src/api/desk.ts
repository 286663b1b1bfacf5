import { engineView } from '../core/cluster/engine-view.ts';
import { MillraceError } from '../core/errors.ts';
import { checkName } from '../core/names.ts';
import { dedupOf, encodeMessage, type InboxMessage } from '../core/run/message.ts';
import { encodePayload } from '../engine/payload.ts';
import type { Ports } from '../engine/ports.ts';
import type { StoreClock } from '../engine/store-clock.ts';
import type { DeliveryResult, Message, RunRef, RunRow, Store } from '../store/port/store.ts';
import { AHEAD_COUNTED, type TaskFacts, type WhyFacts } from '../core/policy/why.ts';
import type { GraphView } from '../core/dag/view/view-graph.ts';
import type { PlacedEvent } from '../core/run/event.ts';
import { readWaits } from '../core/reading/waits.ts';
import type { Outage } from '../engine/outage.ts';
import { strategySetFor } from './cluster/strategy.ts';
import type { Gateway } from './gateway.ts';
import { ask } from './store-failure.ts';
import type { Replies } from './update.ts';
import type { Results } from './results.ts';

/** What handles need of the process: made by the composition root. */
export interface Desk {
  readonly store: Store;
  readonly ports: Ports;
  readonly results: Results;
  readonly replies: Replies;
  encode(value: unknown, where: string): string;
  checkedName(kind: string, name: string): string;
  newCommitId(): number;
  engineName: string;
  storeTime(): number;
  /** The row, or RUN_NOT_FOUND. */
  readRun(ref: RunRef): Promise<RunRow>;
  /** What `why` must know besides the run. */
  facts(run: RunRow): Promise<WhyFacts>;
  /** Delivers one message with its group; resolves when it is durable. @throws RUN_CLOSED, RUN_NOT_FOUND. */
  send(ref: RunRef, message: InboxMessage): Promise<void>;
  reopen: Gateway['reopen'];
  /** The nodes of a run; undefined: its workflow is no definition. */
  view(run: RunRow, history: readonly PlacedEvent[]): Promise<GraphView | undefined>;
}

/** What a desk is made of. */
export interface DeskParts extends Pick<Desk, 'store' | 'ports' | 'results' | 'replies' | 'engineName'> {
  gateway: Gateway;
  outage: Outage;
  clock: StoreClock;
  maxPayloadBytes: number;
  /** How long runs that a message wakes are kept for the engine that has them in memory. */
  stickyMs: number;
  readNodes(run: RunRow, history: readonly PlacedEvent[], now: number): Promise<GraphView | undefined>;
}

export function createDesk(parts: DeskParts): Desk {
  const { store, ports, results, replies, engineName, gateway, outage, clock, maxPayloadBytes, stickyMs } =
    parts;
  return {
    ...{ store, ports, results, replies, engineName },
    encode: (value, where) => encodePayload(value, where, maxPayloadBytes),
    checkedName(kind, name) {
      checkName(kind, name);
      return name;
    },
    newCommitId: () => Math.floor(ports.random() * Number.MAX_SAFE_INTEGER),
    storeTime: () => clock.lower(),
    async readRun(ref) {
      const [row] = await ask(() => store.readRuns([ref]));
      if (row === undefined) throw notFound(ref);
      return row;
    },
    async facts(row) {
      const { runId, status, queue, version, assignedTo, assignedUntil: until = 0 } = row;
      const { storeTime, engines } = await ask(() => store.listEngines());
      const queued = status === 'queued';
      const ahead = queued ? await ask(() => store.countAhead(runId, AHEAD_COUNTED)) : undefined;
      const limits = queued ? await ask(() => store.limitsOf(runId)) : undefined;
      const tasks = status === 'waiting' ? await ask(() => readTasks(store, row)) : undefined;
      const trouble = outage.current();
      const seen = engines.map((engine) => ({ ...engineView(engine, storeTime), beatAt: engine.beatAt }));
      const since = trouble && { message: trouble.message, since: storeTime - trouble.forMs };
      const assignee = engines.find(({ engineId }) => engineId === assignedTo);
      const isPlaced = assignee !== undefined && version === 0;
      const strategy = isPlaced ? await strategySetFor(store, queue) : undefined;
      const assigned = assignee && { engine: assignee.name, until, strategy };
      return { now: storeTime, engines: seen, tasks, ahead, limits, assigned, outage: since };
    },
    send: (ref, message) =>
      deliverMessage((sent) => gateway.deliver({ ...sent, windowMs: stickyMs }), ref, message),
    reopen: (request) => gateway.reopen(request),
    view: (run, history) => ask(() => parts.readNodes(run, history, clock.upper())),
  };
}

/** More than a person reads. */
const TASKS_READ = 100;

/** Of the tasks that a run waits for, the first ones. */
async function readTasks(store: Store, row: RunRow): Promise<TaskFacts[]> {
  const refs = readWaits(row).flatMap(({ kind, runId }) =>
    kind === 'task' && runId !== undefined ? [{ runId }] : [],
  );
  const rows = refs.length === 0 ? [] : await store.readRuns(refs.slice(0, TASKS_READ));
  return rows.flatMap((task) =>
    task === undefined ? [] : [{ runId: task.runId, status: task.status, engine: task.engineName }],
  );
}

/** Messages leave in groups like plans do; a run that continued as another passes its messages on. */
async function deliverMessage(
  deliver: (message: Message) => Promise<DeliveryResult>,
  ref: RunRef,
  message: InboxMessage,
): Promise<void> {
  let target = ref;
  for (;;) {
    const result = await deliver({ target, dedup: dedupOf(message), body: encodeMessage(message) });
    switch (result.outcome) {
      case 'delivered':
      case 'duplicate':
        return;
      case 'not-found':
        throw notFound(target);
      case 'run-closed':
        if (result.successor === undefined) {
          throw new MillraceError(
            'RUN_CLOSED',
            `run ${result.runId} is ${result.status} and takes no ${message.kind}`,
            {
              details: { runId: result.runId, status: result.status },
            },
          );
        }
        target = { runId: result.successor };
    }
  }
}

export function notFound(ref: RunRef): MillraceError {
  const what =
    'runId' in ref ? `run ${ref.runId}` : `a run with key "${ref.key}" in namespace "${ref.namespace}"`;
  return new MillraceError('RUN_NOT_FOUND', `${what} does not exist`, { details: { ...ref } });
}

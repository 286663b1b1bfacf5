import { MillraceError } from '../core/errors.ts';
import { checkName } from '../core/names.ts';
import { dedupOf, encodeMessage, type InboxMessage } from '../core/run/message.ts';
import type { Library } from '../engine/claim/repertoire.ts';
import { encodePayload } from '../engine/payload.ts';
import type { Ports } from '../engine/ports.ts';
import type { StoreClock } from '../engine/store-clock.ts';
import type { DeliveryResult, Message, RunRef, RunRow, Store } from '../store/port/store.ts';
import type { Why } from '../core/policy/why.ts';
import type { GraphView } from '../core/dag/view/view-graph.ts';
import type { PlacedEvent } from '../core/run/event.ts';
import type { Outage } from '../engine/outage.ts';
import type { Gateway } from './gateway.ts';
import type { Pausing } from './pausing/pause.ts';
import { ask } from './store-failure.ts';
import { readWhy } from './why/read-why.ts';
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
  /** What holds a run up; undefined: it is gone by now. */
  why(run: RunRow): Promise<Why | undefined>;
  /** Delivers one message with its group; resolves when it is durable. @throws RUN_CLOSED, RUN_NOT_FOUND. */
  send(ref: RunRef, message: InboxMessage): Promise<void>;
  reopen: Gateway['reopen'];
  readonly pausing: Pausing;
  /** The nodes of a run; undefined: its workflow is no definition. */
  view(run: RunRow, history: readonly PlacedEvent[]): Promise<GraphView | undefined>;
}

/** What a desk is made of. */
export interface DeskParts extends Pick<
  Desk,
  'store' | 'ports' | 'results' | 'replies' | 'engineName' | 'pausing'
> {
  gateway: Gateway;
  outage: Outage;
  clock: StoreClock;
  /** Whose definitions engines can run besides their code. */
  library: Library;
  maxPayloadBytes: number;
  /** How long runs that a message wakes are kept for the engine that has them in memory. */
  stickyMs: number;
  readNodes(run: RunRow, history: readonly PlacedEvent[], now: number): Promise<GraphView | undefined>;
}

export function createDesk(parts: DeskParts): Desk {
  const { store, ports, results, replies, engineName, gateway, outage, clock, library } = parts;
  const { maxPayloadBytes, stickyMs, pausing } = parts;
  const view: Desk['view'] = (run, history) => ask(() => parts.readNodes(run, history, clock.upper()));
  return {
    ...{ store, ports, results, replies, engineName, pausing },
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
    why: (row) => readWhy({ store, outage, library, nodesOf: view }, row),
    send: (ref, message) =>
      deliverMessage((sent) => gateway.deliver({ ...sent, windowMs: stickyMs }), ref, message),
    reopen: (request) => gateway.reopen(request),
    view,
  };
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

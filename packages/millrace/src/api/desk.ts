import { MillraceError } from '../core/errors.ts';
import { checkName } from '../core/names.ts';
import { dedupOf, encodeMessage, type InboxMessage } from '../core/run/message.ts';
import type { Library } from '../engine/claim/repertoire.ts';
import { encodePayload } from '../engine/payload.ts';
import type { Ports } from '../engine/ports.ts';
import type { StoreClock } from '../engine/store-clock.ts';
import type { DeliveryResult, HistoryChunk, Message, RunRef, RunRow, Store } from '../store/port/store.ts';
import type { Why } from '../core/policy/why.ts';
import type { DrawnGraph } from '../core/dag/view/view-graph.ts';
import type { PlacedEvent } from '../core/run/event.ts';
import type { Outage } from '../engine/outage.ts';
import type { Gateway } from './gateway.ts';
import type { Pausing } from './pausing/pause.ts';
import { createReadRow } from './run/read-runs.ts';
import { ask } from './store-failure.ts';
import { readWhy } from './why/read-why.ts';
import type { Replies } from './update.ts';
import type { Results } from './results.ts';

/** A run as callers name it; its namespace is that of the desk. */
export type RunName = { readonly runId: string } | { readonly key: string };

/**
 * What handles need of the process: made by the composition root. Whatever is asked here by name is looked for within one
 * namespace, by the store, in the same step that finds it.
 */
export interface Desk {
  readonly ports: Ports;
  readonly results: Results;
  readonly replies: Replies;
  encode(value: unknown, where: string): string;
  checkedName(kind: string, name: string): string;
  newCommitId(): number;
  engineName: string;
  storeTime(): number;
  /** The row with the ends of its history, or RUN_NOT_FOUND: the same for one of another namespace as for none. */
  readRun(ref: RunName): Promise<RunRow>;
  /** Of a run that was found before. */
  readHistory(runId: string, fromSeq?: number, limit?: number): Promise<HistoryChunk[]>;
  /** The same. */
  readLines: Store['readLines'];
  /** What holds a run up; undefined: it is gone by now. */
  why(run: RunRow): Promise<Why | undefined>;
  /** Delivers one message with its group; resolves when it is durable. @throws RUN_CLOSED, RUN_NOT_FOUND. */
  send(ref: RunName, message: InboxMessage): Promise<void>;
  reopen: Gateway['reopen'];
  readonly pausing: Pausing;
  /** The nodes of a run; undefined: its workflow is no definition. */
  view(run: RunRow, history: readonly PlacedEvent[]): Promise<DrawnGraph | undefined>;
}

/** What a desk is made of. */
export interface DeskParts extends Pick<Desk, 'ports' | 'results' | 'replies' | 'engineName' | 'pausing'> {
  store: Store;
  namespace: string;
  gateway: Gateway;
  outage: Outage;
  clock: StoreClock;
  /** Whose definitions engines can run besides their code. */
  library: Library;
  maxPayloadBytes: number;
  /** How long runs that a message wakes are kept for the engine that has them in memory. */
  stickyMs: number;
  readNodes(run: RunRow, history: readonly PlacedEvent[], now: number): Promise<DrawnGraph | undefined>;
}

export function createDesk(parts: DeskParts): Desk {
  const { store, ports, results, replies, engineName, gateway, outage, clock, library } = parts;
  const { namespace, maxPayloadBytes, stickyMs, pausing } = parts;
  const readRow = createReadRow(store, ports);
  const view: Desk['view'] = (run, history) => ask(() => parts.readNodes(run, history, clock.upper()));
  const deliver: Deliver = (target, sent) =>
    gateway.deliver({ ...sent, target: within(namespace, target), windowMs: stickyMs });
  return {
    ...{ ports, results, replies, engineName, pausing },
    encode: (value, where) => encodePayload(value, where, maxPayloadBytes),
    checkedName(kind, name) {
      checkName(kind, name);
      return name;
    },
    newCommitId: () => Math.floor(ports.random() * Number.MAX_SAFE_INTEGER),
    storeTime: () => clock.lower(),
    async readRun(ref) {
      const row = await readRow(within(namespace, ref));
      if (row === undefined) throw notFound(ref);
      return row;
    },
    readHistory: (runId, ...part) => ask(() => store.readHistory(runId, ...part)),
    readLines: (request) => ask(() => store.readLines(request)),
    why: (row) => readWhy({ store, outage, library, nodesOf: view }, row),
    send: (ref, message) => deliverMessage(deliver, ref, message),
    reopen: (request) => gateway.reopen(request),
    view,
  };
}

/** Each part is named, so that nothing else that an object has can say what is meant. */
function within(namespace: string, name: RunName): RunRef {
  return 'runId' in name ? { namespace, runId: name.runId } : { namespace, key: name.key };
}

type Deliver = (target: RunName, message: Pick<Message, 'dedup' | 'body'>) => Promise<DeliveryResult>;

/** Messages leave in groups like plans do; a run that continued as another passes its messages on. */
async function deliverMessage(deliver: Deliver, name: RunName, message: InboxMessage): Promise<void> {
  let target = name;
  for (;;) {
    const result = await deliver(target, { dedup: dedupOf(message), body: encodeMessage(message) });
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

export function notFound(name: RunName): MillraceError {
  const [what, details] =
    'runId' in name
      ? [`run ${name.runId}`, { runId: name.runId }]
      : [`a run with key "${name.key}"`, { key: name.key }];
  return new MillraceError('RUN_NOT_FOUND', `${what} does not exist`, { details });
}

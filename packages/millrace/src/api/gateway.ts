import { group } from '../engine/commit/group.ts';
import type { Engine } from '../engine/engine.ts';
import type { Ports } from '../engine/ports.ts';
import { settleDeliveries, settleStarts } from '../engine/turn/effects.ts';
import type {
  DeliveryResult,
  Message,
  ReopenRequest,
  StartRequest,
  StartResult,
  Store,
} from '../store/port/store.ts';
import type { Patience } from './store-failure.ts';

const MAX_ITEMS = 500;
const MAX_BYTES = 4 * 1024 * 1024;

/** The ways in from outside: starts and messages, each gathered into groups like plans are. */
export interface Gateway {
  start(request: StartRequest): Promise<StartResult>;
  deliver(message: Message): Promise<DeliveryResult>;
  reopen(request: ReopenRequest): Promise<ReopenResult>;
  /** Runs became claimable: this process's engine and all others are told. */
  hintReady(): void;
}

type ReopenResult = Awaited<ReturnType<Store['reopen']>>;

/**
 * @param engine - of this process, if it works: runs that a start or message makes its own go on at once.
 * @param answered - for how long callers wait for the store.
 */
export function createGateway(
  store: Store,
  ports: Ports,
  engine: Engine | undefined,
  answered: Patience,
): Gateway {
  const hintReady = (): void => {
    if (engine === undefined) store.hints?.send({ kind: 'ready' });
    else engine.hintReady();
  };
  const limits = { lanes: 1, maxItems: MAX_ITEMS, maxBytes: MAX_BYTES, soon: ports.soon };
  return {
    hintReady,
    async reopen(request) {
      const result = await answered(() => store.reopen(request));
      if (result === 'ok') hintReady();
      return result;
    },
    start: group<StartRequest, StartResult>({
      ...limits,
      weigh: (request) => request.history.byteLength,
      send: async (requests) => {
        ports.crashPoint('start.before-commit');
        limitOwned(requests, engine?.freeSlots() ?? 0);
        const results = await answered(() => store.startRuns(requests));
        ports.crashPoint('start.after-commit-before-reply');
        if (engine !== undefined) settleStarts(engine, requests, results);
        else hintStarts(store, requests, results);
        return results;
      },
    }),
    deliver: group<Message, DeliveryResult>({
      ...limits,
      weigh: (message) => message.body.byteLength,
      send: async (messages) => {
        const results = await answered(() => store.deliver(messages, engine?.adopter()));
        ports.crashPoint('signal.after-commit-before-reply');
        if (engine !== undefined) settleDeliveries(engine, messages, results);
        else hintDeliveries(store, results);
        return results;
      },
    }),
  };
}

/** Eager ownership only for as many as there is room: the others queue. */
function limitOwned(requests: readonly StartRequest[], freeSlots: number): void {
  let room = freeSlots;
  for (const request of requests) if (request.owner !== undefined && room-- <= 0) request.owner = undefined;
}

/** The engine that a client placed a run at is told, and of the others everybody. */
function hintStarts(store: Store, requests: readonly StartRequest[], results: readonly StartResult[]): void {
  results.forEach((result, at) => {
    if (result.outcome !== 'started') return;
    const { namespace, queue } = requests[at] as StartRequest;
    const { assignedTo: engineId } = result;
    if (engineId !== undefined) store.hints?.send({ kind: 'assigned', engineId });
    else store.hints?.send({ kind: 'ready', place: { namespace, queue } });
  });
  hintDeliveries(
    store,
    results.flatMap((result) => ('delivery' in result && result.delivery ? [result.delivery] : [])),
  );
}

function hintDeliveries(store: Store, results: readonly DeliveryResult[]): void {
  for (const result of results) {
    if (result.outcome !== 'delivered') continue;
    const { ownerId, assignedTo, runId, seq } = result;
    if (ownerId !== undefined)
      store.hints?.send({ kind: 'inbox', engineId: ownerId, message: { runId, seq } });
    else if (assignedTo !== undefined) store.hints?.send({ kind: 'assigned', engineId: assignedTo });
    else store.hints?.send({ kind: 'ready' });
  }
}

import type { Hint, Hints, ReadyPlace } from '../../port/store.ts';
import { openLine, type LineOptions } from './line.ts';

/*
 * Hints by LISTEN and NOTIFY. A transaction that notifies holds a lock of the whole server while it commits;
 * so hints gather for some milliseconds and go in a transaction that waits for no disk. Whatever goes wrong
 * here is silent: a hint is lost, polling finds the rest.
 */
export interface NotifyOptions {
  /** Where to listen: directly at the server, not through a transaction-mode pooler. */
  newClient: LineOptions['newClient'];
  /** How long hints gather, ms. Default 5. */
  gatherMs?: number;
  /** How often the connection is heard, and how long it may be silent then, ms. Default 15,000 and 5,000. */
  probeMs?: number;
  silenceMs?: number;
}

export interface NotifyHints extends Hints {
  /** Whether notifications arrive at present; for health reports and tests. */
  isListening(): boolean;
  /** From now on this process's connection, while there is one, tells that the incarnation's process is there. */
  vouch(engineId: string): void;
  /** The incarnation is no more. */
  disown(engineId: string): void;
  /** The server answers: whoever waits to try it again need not. */
  hurry(): void;
  close(): Promise<void>;
}

export function notifyHints(options: NotifyOptions): NotifyHints {
  const { newClient, gatherMs = 5, probeMs = 15_000, silenceMs = 5000 } = options;
  const receivers = new Set<(hint: Hint) => void>();
  const waiting = new Gathering();
  let timer: NodeJS.Timeout | undefined;
  let saidAt = Number.NEGATIVE_INFINITY;

  function tell(hint: Hint | undefined): void {
    if (hint !== undefined) for (const receiver of receivers) receiver(hint);
  }

  function flush(): void {
    timer = undefined;
    saidAt = performance.now();
    if (waiting.size > 0 && line.speak(waiting.payloads())) waiting.clear();
  }

  const line = openLine({
    newClient,
    probeMs,
    silenceMs,
    onConnect: flush,
    onPayload: (payload) => tell(decode(payload)),
    onListening: () => {
      tell({ kind: 'ready' });
      tell({ kind: 'closed' });
      tell({ kind: 'locks' });
    },
  });

  return {
    isListening: () => line.isListening(),
    vouch: (engineId) => line.vouch(engineId),
    disown: (engineId) => line.disown(engineId),
    hurry: () => line.hurry(),
    send: (hint) => {
      waiting.add(hint);
      line.open(false);
      // The first after a silence goes at once: nobody waits for company that does not come.
      timer ??= setTimeout(flush, Math.max(0, saidAt + gatherMs - performance.now())).unref();
    },
    receive: (receiver) => {
      receivers.add(receiver);
      line.open(true);
      return () => void receivers.delete(receiver);
    },
    close: async () => {
      clearTimeout(timer);
      receivers.clear();
      await line.close();
    },
  };
}

/** So many runs an engine is told of; where messages arrived for more, that there are some: then it looks. */
const MOST_RUNS = 16;
/** So many queues are named; where runs are claimable in more, it is said that there are some. */
const MOST_PLACES = 16;

/** What is to be said, each once: of messages to a run the last one, after which the others are found too. */
class Gathering {
  private readonly plain = new Set<string>();
  /** Where runs are claimable. */
  private readonly places = new Set<string>();
  /** By engine, by run: the last message that arrived. */
  private readonly messages = new Map<string, Map<string, number>>();

  get size(): number {
    return this.plain.size + this.places.size + this.messages.size;
  }
  add(hint: Hint): void {
    if (hint.kind === 'ready' && hint.place !== undefined)
      return void this.places.add(JSON.stringify([hint.place.namespace, hint.place.queue]));
    if (hint.kind !== 'inbox' || hint.message === undefined)
      return void this.plain.add('engineId' in hint ? `${hint.kind}:${hint.engineId}` : hint.kind);
    const { runId, seq } = hint.message;
    const runs = this.messages.get(hint.engineId) ?? new Map<string, number>();
    this.messages.set(hint.engineId, runs);
    runs.set(runId, Math.max(seq, runs.get(runId) ?? 0));
  }
  payloads(): string[] {
    const told = [...this.messages].flatMap(([engineId, runs]) =>
      runs.size > MOST_RUNS
        ? [`inbox:${engineId}`]
        : [...runs].map(([runId, seq]) => `inbox:${engineId}:${runId}:${seq}`),
    );
    return [...new Set([...this.plain, ...this.ready(), ...told])];
  }
  private ready(): string[] {
    if (this.plain.has('ready')) return [];
    return this.places.size > MOST_PLACES ? ['ready'] : [...this.places].map((place) => `ready:${place}`);
  }
  clear(): void {
    this.plain.clear();
    this.places.clear();
    this.messages.clear();
  }
}

function decode(payload: string): Hint | undefined {
  if (payload === 'ready' || payload === 'closed' || payload === 'locks') return { kind: payload };
  if (payload.startsWith('ready:')) return { kind: 'ready', place: placeIn(payload.slice('ready:'.length)) };
  const [kind, engineId, runId, seq] = payload.split(':', 4);
  if (engineId === undefined) return undefined;
  if (kind === 'assigned') return { kind, engineId };
  if (kind !== 'inbox') return undefined;
  return runId === undefined ? { kind, engineId } : { kind, engineId, message: { runId, seq: Number(seq) } };
}

/** Whatever is not understood counts as said of all. */
function placeIn(text: string): ReadyPlace | undefined {
  try {
    const [namespace, queue] = JSON.parse(text) as string[];
    return namespace === undefined || queue === undefined ? undefined : { namespace, queue };
  } catch {
    return undefined;
  }
}

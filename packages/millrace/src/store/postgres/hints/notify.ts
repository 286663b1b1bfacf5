import type { Hint, Hints } from '../../port/store.ts';
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
  const waiting = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let saidAt = Number.NEGATIVE_INFINITY;

  function tell(hint: Hint | undefined): void {
    if (hint !== undefined) for (const receiver of receivers) receiver(hint);
  }

  function flush(): void {
    timer = undefined;
    saidAt = performance.now();
    if (waiting.size > 0 && line.speak([...waiting])) waiting.clear();
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
      waiting.add(encode(hint));
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

function encode(hint: Hint): string {
  return 'engineId' in hint ? `${hint.kind}:${hint.engineId}` : hint.kind;
}

function decode(payload: string): Hint | undefined {
  if (payload === 'ready' || payload === 'closed' || payload === 'locks') return { kind: payload };
  const [kind, engineId] = payload.split(':', 2);
  if (engineId === undefined) return undefined;
  return kind === 'inbox' || kind === 'assigned' ? { kind, engineId } : undefined;
}

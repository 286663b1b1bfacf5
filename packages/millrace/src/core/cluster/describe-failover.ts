import { instant, instantOrNull } from '../reading/instant.ts';

/** A failover as the store has it. */
export interface StoredFailover {
  readonly eventId: string;
  readonly kind: 'declared' | 'detected';
  readonly engineName: string;
  readonly takeoverId: string | undefined;
  readonly takeoverName: string | undefined;
  readonly detectedAt: number;
  readonly finishedAt: number | undefined;
  readonly silentMs: number | undefined;
  readonly runs: number;
  readonly runIds: readonly string[];
  readonly quarantined: readonly string[];
  readonly locks: readonly string[];
}

/** A failover as every surface shows it. */
export interface FailoverDescription {
  readonly eventId: string;
  /** `declared` by an operator, or `detected` by another engine. */
  readonly kind: 'declared' | 'detected';
  readonly failedEngine: string;
  readonly failedIncarnation: string;
  /** Who took over; null: an operator, or an engine that serves another namespace. */
  readonly takeoverEngine: string | null;
  readonly takeoverIncarnation: string | null;
  readonly detectedAt: string;
  /** Null while runs are still being requeued. */
  readonly finishedAt: string | null;
  /** How long it had been silent when it was found so. */
  readonly silentMs: number | null;
  /** How many runs were requeued, and the first 1,000 of them. */
  readonly runs: number;
  readonly runIds: readonly string[];
  /** Runs that were blocked because their process died too often. */
  readonly quarantined: readonly string[];
  /** Locks that it held and that were released, each after its namespace and a slash. */
  readonly locks: readonly string[];
}

export function describeFailover(event: StoredFailover): FailoverDescription {
  const { eventId, kind, runs, runIds, quarantined, locks } = event;
  return {
    ...{ eventId, kind },
    failedEngine: event.engineName,
    failedIncarnation: eventId,
    takeoverEngine: event.takeoverName ?? null,
    takeoverIncarnation: event.takeoverId ?? null,
    detectedAt: instant(event.detectedAt),
    finishedAt: instantOrNull(event.finishedAt),
    silentMs: event.silentMs ?? null,
    ...{ runs, runIds, quarantined, locks },
  };
}

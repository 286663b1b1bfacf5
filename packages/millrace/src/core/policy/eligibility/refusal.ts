import type { EngineView } from '../../cluster/engine-view.ts';

/** Why one engine does not take one piece of work. */
export interface Refusal {
  readonly kind: RefusalKind;
  readonly engine: EngineView;
  /** What the engine lacks or is, as the end of a sentence that begins with its name. */
  readonly message: string;
  /** Labels that it lacks; empty for every other kind. */
  readonly missing: readonly string[];
}

/** In the order of the questions: a refusal further down comes from an engine that was nearer to a yes. */
export const REFUSAL_KINDS = [
  'namespace',
  'queue',
  'executor',
  'version',
  'label',
  'draining',
  'suspect',
  'full',
  'unhealthy',
] as const;
export type RefusalKind = (typeof REFUSAL_KINDS)[number];

/** Codes of `why` for work that no engine takes. */
export type ShortageCode = (typeof CODES)[RefusalKind];

/**
 * One code for each kind. An engine that is leaving, or that is not heard, is no engine; neither is one of another
 * namespace, of which a tenant must not even learn that it exists.
 */
export const CODES = {
  namespace: 'NO_ENGINE',
  queue: 'NO_ENGINE_FOR_QUEUE',
  executor: 'NO_ENGINE_FOR_EXECUTOR',
  version: 'NO_ENGINE_FOR_VERSION',
  label: 'NO_ENGINE_WITH_LABEL',
  draining: 'NO_ENGINE',
  suspect: 'NO_ENGINE',
  full: 'QUEUE_BACKLOG',
  unhealthy: 'NO_ENGINE_HEALTHY',
} as const satisfies Record<RefusalKind, string>;

export function refuse(
  kind: RefusalKind,
  engine: EngineView,
  message: string,
  missing: readonly string[] = [],
): Refusal {
  return { kind, engine, message, missing };
}

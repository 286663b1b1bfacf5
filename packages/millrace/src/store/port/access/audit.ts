import type { ActOutcome } from '../../../core/audit/act.ts';

/** The most entries in one `appendAudit`. */
export const MAX_AUDIT_ENTRIES = 500;

/** Who did what to what, or tried to. Texts have been cut to size by whoever made them (core/audit/act.ts). */
export interface AuditEntry {
  /** A UUID of version 7, made when it was done. */
  readonly id: string;
  readonly namespace: string;
  readonly actor: string;
  readonly action: string;
  readonly target: string | undefined;
  readonly outcome: ActOutcome;
  /** Of the refusal. */
  readonly code: string | undefined;
  readonly remote: string | undefined;
  readonly reason: string | undefined;
  readonly requestId: string | undefined;
  /** JSON. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** An entry with the instant at which it was written. */
export interface StoredAuditEntry extends AuditEntry {
  readonly at: number;
}

export interface AuditFilter {
  namespace: string;
  actor?: string | undefined;
  action?: string | undefined;
  target?: string | undefined;
  /** Store times: from the first on, up to and without the second. */
  from?: number | undefined;
  to?: number | undefined;
  /** The id of an entry: only older ones. */
  before?: string | undefined;
  limit: number;
}

/**
 * The log of who did what.
 *
 *   A1  An entry is written once and never changed: there is no act that could, and a database refuses to.
 *   A2  An entry that is sent twice is there once, as it was sent first.
 *   A3  What is deleted is the oldest, and is older than was asked for.
 */
export interface AuditStore {
  /** All of them or none. */
  appendAudit(entries: readonly AuditEntry[]): Promise<void>;
  /** Newest first; those of one call in the order of their ids. */
  listAudit(filter: AuditFilter): Promise<StoredAuditEntry[]>;
  /** Deletes at most `limit` entries that are older than `auditMs`; returns how many. */
  pruneAudit(request: { auditMs: number; limit: number }): Promise<number>;
}

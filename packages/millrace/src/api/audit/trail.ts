import { textsOf, type Act } from '../../core/audit/act.ts';
import { runIdOf } from '../../core/ids.ts';
import type { Ports } from '../../engine/ports.ts';
import { type AuditEntry, MAX_AUDIT_ENTRIES } from '../../store/port/access/audit.ts';
import { StoreError } from '../../store/port/errors.ts';
import type { Store } from '../../store/port/store.ts';

/** Writes down who did what. */
export interface Trail {
  /**
   * Resolves when it is written; where the store does not take it soon, when it is clear that it is written later. It
   * never rejects: what was done is done.
   */
  record(act: Act): Promise<void>;
  /** The entry of an act that the store writes together with what was done. */
  entryOf(act: Act): AuditEntry;
  /** Writes what is left, if the store takes it now; what it does not take is logged, word by word. */
  stop(): Promise<void>;
}

export interface TrailParts {
  readonly store: Pick<Store, 'appendAudit'>;
  readonly ports: Ports;
  readonly namespace: string;
  storeTime(): number;
  /** Entries in memory at most. Default 10,000. */
  readonly mostKept?: number;
}

const MOST_KEPT = 10_000;
/** How long whoever did something waits for its entry. */
const PATIENCE_MS = 2_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
/** Entries of one millisecond are told apart by 12 bits of their ids. */
const MOST_IN_A_MS = 4_096;

interface Waiting {
  readonly entry: AuditEntry;
  readonly told: () => void;
}

export function createTrail(parts: TrailParts): Trail {
  return new StoreTrail(parts);
}

/**
 * Owns the entries that the store does not have yet, in the order in which they were made.
 *
 *   T1  An entry leaves only when the store has it, or when the log has it in full.
 *   T2  It is sent under one id until then, so that one whose answer was lost is there once.
 *   T3  While the store does not take entries nobody waits for it.
 */
class StoreTrail implements Trail {
  private readonly parts: TrailParts;
  private readonly newId: () => string;
  private kept: Waiting[] = [];
  private sending: Promise<void> | undefined;
  private scheduled = false;
  private isBehind = false;
  private pauseMs = FIRST_PAUSE_MS;
  private cancelPause: (() => void) | undefined;

  constructor(parts: TrailParts) {
    this.parts = parts;
    this.newId = idsInOrder(parts);
  }

  entryOf(act: Act): AuditEntry {
    return { id: this.newId(), namespace: this.parts.namespace, ...textsOf(act) };
  }

  record(act: Act): Promise<void> {
    const { mostKept = MOST_KEPT } = this.parts;
    return new Promise((told) => {
      const waiting = { entry: this.entryOf(act), told };
      if (this.kept.length >= mostKept)
        return this.give([waiting], `${this.kept.length} others wait for the store`);
      this.kept.push(waiting);
      this.schedule();
      if (this.isBehind) told();
    });
  }

  async stop(): Promise<void> {
    await this.sending;
    if (this.kept.length > 0) {
      this.begin();
      await this.sending;
    }
    this.cancelPause?.();
    this.give(this.kept.splice(0), 'the process ends');
  }

  /** Those of one burst leave together; then what gathers while a batch is under way is the next one. */
  private schedule(): void {
    if (this.scheduled || this.sending !== undefined || this.cancelPause !== undefined) return;
    this.scheduled = true;
    this.parts.ports.soon(() => {
      this.scheduled = false;
      this.begin();
    });
  }

  private begin(): void {
    this.cancelPause?.();
    this.cancelPause = undefined;
    this.sending ??= this.send();
  }

  private async send(): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- one batch after the other keeps their order
    while (this.kept.length > 0) if ((await this.sendBatch()) === 'failed') break;
    this.sending = undefined;
    if (this.kept.length === 0) return;
    const { ports } = this.parts;
    this.cancelPause = ports.after(this.pauseMs * (0.5 + ports.random() / 2), () => this.begin());
    this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
  }

  private async sendBatch(): Promise<'over' | 'failed'> {
    const { store, ports } = this.parts;
    const batch = this.kept.slice(0, MAX_AUDIT_ENTRIES);
    const cancel = ports.after(PATIENCE_MS, () => this.fallBehind(`no answer within ${PATIENCE_MS} ms`));
    try {
      await store.appendAudit(batch.map(({ entry }) => entry));
      this.kept = this.kept.slice(batch.length);
      for (const { told } of batch) told();
      this.catchUp();
      return 'over';
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (error instanceof StoreError && (error.failure !== 'definite' || error.retryable)) {
        this.fallBehind(message);
        return 'failed';
      }
      // Sent again it would be refused again, and hold up those behind it.
      this.kept = this.kept.slice(batch.length);
      this.give(batch, message);
      return 'over';
    } finally {
      cancel();
    }
  }

  /** From now on nobody waits, until entries are taken again. */
  private fallBehind(why: string): void {
    if (!this.isBehind)
      this.say('warn', `the audit log is not written at present, entries are kept in memory: ${why}`);
    this.isBehind = true;
    for (const { told } of this.kept) told();
  }

  private catchUp(): void {
    this.pauseMs = FIRST_PAUSE_MS;
    if (this.isBehind) this.say('info', 'the audit log is written again');
    this.isBehind = false;
  }

  /** The log is the last that can keep it. */
  private give(lost: readonly Waiting[], why: string): void {
    for (const { entry, told } of lost) {
      const message = `an entry of the audit log was not stored (${why})`;
      this.parts.ports.log({ source: 'engine', level: 'error', message, fields: { ...entry } });
      told();
    }
  }

  private say(level: 'info' | 'warn', message: string): void {
    const { ports, namespace } = this.parts;
    ports.log({ source: 'engine', level, message, fields: { namespace, entries: this.kept.length } });
  }
}

/** Ids in the order in which they are made, also within a millisecond. */
function idsInOrder({ ports, storeTime }: Pick<TrailParts, 'ports' | 'storeTime'>): () => string {
  let at = 0;
  let count = 0;
  return () => {
    const now = Math.max(at, Math.floor(storeTime()));
    if (now > at) count = 0;
    else if (++count === MOST_IN_A_MS) count = 0;
    // A full millisecond borrows the next.
    at = now > at || count > 0 ? now : at + 1;
    return runIdOf(at, count, () => ports.random());
  };
}

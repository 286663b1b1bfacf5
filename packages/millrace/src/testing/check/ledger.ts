import type { StepContext } from '../../core/workflow/context.ts';
import type { Tally } from './tally.ts';
import { violated } from './violation.ts';

/** One attempt of a step, as the outside world saw it. */
export interface LedgerEntry {
  readonly nonce: string;
  readonly runId: string;
  readonly name: string;
  readonly attempt: number;
  readonly epoch: number;
  /** Store time. */
  readonly begunAt: number;
  readonly incarnation: string;
  ended: boolean;
}

/** What steps did outside the system under test: the witness against which recorded outcomes are held. */
export interface Ledger {
  begin(step: StepContext, storeTime: number, incarnation: string): LedgerEntry;
  find(nonce: string): LedgerEntry | undefined;
  /** A recorded outcome claims this nonce: it must be of one attempt, of that step, and claimed once. */
  claim(nonce: string, runId: string, name: string, attempt: number): void;
  readonly size: number;
  unclaimed(): number;
}

export function createLedger(tally: Tally): Ledger {
  const entries = new Map<string, LedgerEntry>();
  const tokens = new Map<string, LedgerEntry>();
  const running = new Map<string, LedgerEntry>();
  const claimed = new Set<string>();
  return {
    begin(step, storeTime, incarnation) {
      const { epoch, attempt, value } = step.fencingToken;
      const place = `${step.runId} ${step.idempotencyKey}`;
      const token = `${place} ${value}`;
      const twin = tokens.get(token);
      if (twin !== undefined) {
        const what = `step "${step.name}" of run ${step.runId}, epoch ${epoch}, attempt ${attempt}`;
        violated('fencing token twice', `${what}: by ${twin.incarnation} and ${incarnation}`);
      }
      const nonce = `n${entries.size}`;
      const entry = {
        ...{ nonce, runId: step.runId, name: step.name, attempt, epoch, begunAt: storeTime, incarnation },
        ended: false,
      };
      const other = running.get(place);
      if (other !== undefined && !other.ended) tally.add('attempt overlapped');
      running.set(place, entry);
      tokens.set(token, entry);
      entries.set(nonce, entry);
      return entry;
    },
    find: (nonce) => entries.get(nonce),
    claim(nonce, runId, name, attempt) {
      const where = `step "${name}" of run ${runId}, attempt ${attempt}, nonce ${nonce}`;
      const entry = entries.get(nonce);
      if (entry === undefined) violated('outcome of nobody', where);
      if (entry.runId !== runId || entry.name !== name || entry.attempt !== attempt) {
        violated(
          'foreign outcome',
          `${where} is of "${entry.name}" of ${entry.runId}, attempt ${entry.attempt}`,
        );
      }
      if (claimed.has(nonce)) violated('outcome twice', where);
      claimed.add(nonce);
    },
    get size() {
      return entries.size;
    },
    unclaimed: () => entries.size - claimed.size,
  };
}

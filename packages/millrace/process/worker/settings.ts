import type { JourneyPlan } from './timed-workflows.ts';
import type { Item } from './workload.ts';

/** What a worker is told, as JSON in its first argument. */
export interface WorkerSettings {
  store: string;
  /** What SQL it speaks, when a proxy stands before it too. */
  dialect: 'sqlite' | 'postgres';
  /** The file that it writes. */
  ledger: string;
  /** Ledgers of those before it: what they were told need not be asked again. */
  earlier: readonly string[];
  name: string;
  /** The machine that it claims to run on, so that nobody looks for its pid. */
  host?: string | undefined;
  beatMs: number;
  leaseMs: number;
  suspectMs: number;
  concurrency: number;
  /** It has the workflows, the executors, or both. */
  offers: 'all' | 'workflows' | 'executors';
  /** Runs that it starts itself. It ends when nothing is open any more; without items it works until SIGTERM. */
  items: readonly Item[];
  graceMs: number;
  /** Runs that it starts itself and that are its own; it goes on working until SIGTERM. */
  journeys?: JourneyPlan | undefined;
  /** While this file exists, one step under limits and one with a lock do not end here. */
  hold?: string | undefined;
  /** False: many lines are written, and only processes die. */
  sync?: boolean | undefined;
}

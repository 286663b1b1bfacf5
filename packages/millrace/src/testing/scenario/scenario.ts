import type { LimitTarget, QueueChange } from '../../api/limits/change.ts';
import type { KeyLimit } from '../../core/limits/limit.ts';
import type { StrategyName } from '../../core/placement/strategy.ts';
import type { CrashPoint } from '../../engine/ports.ts';
import type { Op } from '../program/program.ts';

/** Kinds of faults that happen to store calls, each with its probability. */
export const CALL_FAULTS = [
  'refused',
  'deadlock',
  'ambiguous-applied',
  'ambiguous-lost',
  'late',
  'slow',
] as const;
export type CallFault = (typeof CALL_FAULTS)[number];

export const HINT_FAULTS = ['hint-lost', 'hint-doubled', 'hint-late'] as const;
export type HintFault = (typeof HINT_FAULTS)[number];

/** Something that happens to a process, or to the store, at an instant of phase A. */
export type Incident =
  | { kind: 'crash'; atMs: number; node: number; downMs: number }
  | { kind: 'crash-point'; atMs: number; node: number; point: CrashPoint; pass: number; downMs: number }
  /** Stops and goes on: shorter than the lease a stall, longer a zombie. */
  | { kind: 'pause'; atMs: number; node: number; forMs: number }
  | { kind: 'drain'; atMs: number; node: number; graceMs: number; downMs: number }
  /** Drains and never comes back. */
  | { kind: 'leave'; atMs: number; node: number; graceMs: number }
  /** As many processes, from this one on, cannot reach the store: neither calls nor answers nor hints come through. */
  | { kind: 'partition'; atMs: number; node: number; count: number; forMs: number }
  | { kind: 'clock-step'; atMs: number; node: number; byMs: number }
  /** All engines are to place by another strategy. */
  | { kind: 'strategy'; atMs: number; node: number; strategy: StrategyName; shadow: StrategyName | undefined }
  /** Every store call waits until it is over. */
  | { kind: 'store-stall'; atMs: number; forMs: number }
  /** Every store call is refused until it is over. */
  | { kind: 'store-away'; atMs: number; forMs: number };

/** Somebody changes a limit; what it leaves out stays. When everything heals all of these are lifted. */
export interface LimitStep {
  atMs: number;
  target: LimitTarget;
  change: QueueChange;
}

/** One client's dealings with one run. Times in virtual ms from the beginning. */
export interface Story {
  id: number;
  program: Op[];
  startAtMs: number;
  keyed: boolean;
  /** How many clients start it at about the same time (with the same key). */
  starters: number;
  /** It is started by its first signal, where it has a key and a signal. */
  bySignal: boolean;
  delayMs: number;
  timeoutMs: number | undefined;
  /** What its start brings along. */
  limits: KeyLimit[];
  updates: number[];
  queries: number[];
  cancelAtMs: number | undefined;
  /** Somebody pauses its run, and resumes it so much later. When everything heals it is resumed once more. */
  pauses: { atMs: number; forMs: number }[];
  /** From when on somebody looks whether it has ended badly and retries it, so often in all. */
  retryAtMs: number | undefined;
  retries: number;
  /** Each signal is sent this often. */
  signalRepeats: number;
  signalPauseMs: number;
  awaited: boolean;
}

export interface NodeSettings {
  concurrency: number;
  stepConcurrency: number;
  cacheSize: number;
  /** Whether it has the executors; the first node has. */
  executes: boolean;
  /** It has the one label that there is; the first node has. */
  labelled: boolean;
  /** Share by which the monotonic clock is fast. */
  drift: number;
  wallOffsetMs: number;
  /** When its process starts first; undefined: with the others. */
  joinsAtMs?: number;
}

/** Everything that a simulation does, as data: made from a seed, cut down by the shrinker. */
export interface Scenario {
  seed: number;
  nodes: NodeSettings[];
  latencyMs: number;
  callFaults: Partial<Record<CallFault, number>>;
  hintFaults: Partial<Record<HintFault, number>>;
  hints: boolean;
  /** Claims, wakes and retirements do at most this many runs at once: limits are reached that load never reaches. */
  batchLimit: number | undefined;
  leaseMs: number;
  /** How long woken runs are kept for the engine that has them in memory. */
  stickyMs: number;
  beatMs: number;
  incidents: Incident[];
  limits: LimitStep[];
  stories: Story[];
  /** End of phase A: then everything heals. */
  healAtMs: number;
}

/**
 * Workflow programs as data, so that a generator can make them, a workflow can play them and an oracle can say what
 * must come out. Ids are unique within a story.
 */
export type Op =
  | StepOp
  | { op: 'sleep'; ms: number }
  | { op: 'signal'; name: string; timeoutMs?: number }
  | { op: 'child'; id: string; body: Op[]; detached: boolean; keyed: boolean; caught: boolean }
  | { op: 'all' | 'race' | 'any'; branches: Op[][] }
  | { op: 'publish'; key: string; value: number }
  | { op: 'patch'; id: string }
  | { op: 'record'; what: 'now' | 'random' | 'uuid' }
  | { op: 'external'; id: string; ok: boolean; timeoutMs?: number }
  | { op: 'transaction'; id: string }
  /** What is in it happens while the lock is held; other runs want the same few. */
  | { op: 'lock'; name: string; body: Op[]; holdMs: number; waitMs?: number }
  | { op: 'compensate'; id: string }
  | FlowOp
  /** continueAsNew; only as the last of a run's own sequence. */
  | { op: 'again'; body: Op[] };

/** A graph of calls, as the interpreter of definitions plays it within the run. */
export interface FlowOp {
  op: 'flow';
  id: string;
  /** Undefined: computed in the turn. Needs are positions before their own. */
  nodes: { step: StepOp | undefined; needs: number[] }[];
  concurrency: number;
}

/** What some engines carry, and some calls require. */
export const LABEL = 'gpu';

export interface StepOp {
  op: 'step';
  id: string;
  /** Attempts that fail before one succeeds. */
  fails: number;
  /** Fails for good at its first attempt. */
  terminal: boolean;
  attempts: number;
  pauseMs: number;
  slowMs: number;
  /** Every attempt runs into its timeout. */
  tooSlow: boolean;
  checkpoint: boolean;
  /** Through a registered executor. */
  call: boolean;
  /** By an engine with the label only, where it is a call. */
  picky: boolean;
  /** The workflow goes on after its failure. */
  caught: boolean;
}

/** The input of every simulated run. */
export interface ProgramInput {
  story: number;
  body: Op[];
  /** Answers updates. */
  updates: boolean;
  /** What earlier runs of the chain have produced. */
  carried: string[];
}

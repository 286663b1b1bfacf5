import type { Failure } from '../core/failure.ts';
import type { FencingToken, Log } from '../core/workflow/context.ts';

/*
 * What a pool and its workers say to each other. Values travel as the codec writes them, so that a job receives
 * and returns exactly what an executor of the engine would; encoding a result costs the worker's time.
 */

/** Plain facts of an attempt. */
export interface AttemptFacts {
  readonly runId: string;
  readonly name: string;
  readonly attempt: number;
  readonly idempotencyKey: string;
  readonly traceparent?: string | undefined;
  readonly fencingToken: FencingToken;
  readonly lastCheckpoint: string;
}

export interface ExportAddress {
  readonly module: string;
  readonly exportName: string;
}

export type ToWorker =
  /** Answered by `done` when the export is there and a function. */
  | ({ readonly type: 'check'; readonly id: number } & ExportAddress)
  | ({
      readonly type: 'run';
      readonly id: number;
      readonly input: string;
      readonly facts: AttemptFacts;
    } & ExportAddress)
  | { readonly type: 'abort'; readonly id: number; readonly failure: Failure }
  | {
      readonly type: 'checkpointed';
      readonly id: number;
      readonly seq: number;
      readonly failure: Failure | undefined;
    }
  | { readonly type: 'ping' }
  | { readonly type: 'leave' };

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'pong'; readonly usage: Usage }
  | { readonly type: 'done'; readonly id: number; readonly output: string }
  | { readonly type: 'failed'; readonly id: number; readonly failure: Failure }
  | { readonly type: 'heartbeat'; readonly id: number }
  | { readonly type: 'checkpoint'; readonly id: number; readonly seq: number; readonly value: string }
  | {
      readonly type: 'log';
      readonly id: number;
      readonly level: keyof Log;
      readonly message: string;
      readonly fields: Readonly<Record<string, string>> | undefined;
    };

/** What a process has used since its start, and uses. */
export interface Usage {
  readonly cpuMs: number;
  readonly rssMb: number;
}

import type { FromWorker, ToWorker, Usage } from './protocol.ts';

/** Everything that a pool needs from the world. */
export interface PoolPorts {
  /** `wall` for display; `mono` for every duration. Milliseconds. */
  readonly clock: { wall(): number; mono(): number };
  /** Calls back once after at least `ms`; returns the undo. */
  after(ms: number, callback: () => void): () => void;
  log(level: 'debug' | 'info' | 'warn', message: string, fields: Readonly<Record<string, unknown>>): void;
  /** Starts a worker process. Never throws: what cannot be started has ended. */
  launch(heapMb: number, events: ProcessEvents): WorkerProcess;
  /** What a process of this machine uses, asked past the process; undefined where it cannot be known. */
  usage(pid: number): Usage | undefined;
}

/** A started process, as its supervisor holds it. */
export interface WorkerProcess {
  /** 0: it could not be started. */
  readonly pid: number;
  /** False once its end has begun. */
  isConnected(): boolean;
  /** To a process that is gone: nothing happens. */
  send(message: ToWorker): void;
  /** Ends it at once. */
  kill(): void;
}

export interface ProcessEvents {
  message(message: FromWorker): void;
  /** Once, after its last message. */
  ended(exit: ProcessExit): void;
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The end of what it wrote to its error stream, or why it could not be started. */
  readonly stderr: string;
}

import type { MillraceError } from '../core/errors.ts';
import { errorOf, failureOf, type Failure } from '../core/failure.ts';
import { decodeValue, encodeValue } from '../core/json.ts';
import type { IsolatedExecutor } from '../core/pool/isolated.ts';
import type { StepContext } from '../core/workflow/context.ts';
import type { FromWorker, ToWorker } from './protocol.ts';

/** One try of an isolated step, or the check that a worker can load one. Settles once. */
export interface Job {
  readonly id: number;
  readonly executor: IsolatedExecutor;
  /** What a worker is told to do. */
  readonly order: ToWorker;
  /** Undefined for a check. */
  readonly step: StepContext | undefined;
  /** Why nobody wants the result any more. */
  abortedBy: Error | undefined;
  resolve(output: unknown): void;
  reject(error: Error): void;
}

type Settle = Pick<Job, 'resolve' | 'reject'>;

export function stepJob(
  id: number,
  executor: IsolatedExecutor,
  work: { input: unknown; step: StepContext } & Settle,
): Job {
  const { step, resolve, reject } = work;
  const { runId, name, attempt, idempotencyKey, traceparent, fencingToken } = step;
  const { module, exportName } = executor;
  const input = encodeValue(work.input, `input of step "${name}"`, 'input');
  const lastCheckpoint = encodeValue(step.lastCheckpoint, `last checkpoint of step "${name}"`);
  const facts = { runId, name, attempt, idempotencyKey, traceparent, fencingToken, lastCheckpoint };
  const order: ToWorker = { type: 'run', id, module, exportName, input, facts };
  return { id, executor, order, step, abortedBy: undefined, resolve, reject };
}

export function checkJob(id: number, executor: IsolatedExecutor, { resolve, reject }: Settle): Job {
  const { module, exportName } = executor;
  const order: ToWorker = { type: 'check', id, module, exportName };
  return { id, executor, order, step: undefined, abortedBy: undefined, resolve, reject };
}

/** What a worker says about a job. */
export type JobMessage = Extract<FromWorker, { id: number }>;

/**
 * Passes on what a job says while it runs.
 * @param send - to its worker.
 * @returns true when it has ended.
 */
export function hear(job: Job, message: JobMessage, send: (message: ToWorker) => void): boolean {
  switch (message.type) {
    case 'done':
      job.resolve(job.step === undefined ? undefined : decodeValue(message.output));
      return true;
    case 'failed':
      job.reject(errorOf(message.failure));
      return true;
    case 'heartbeat':
      job.step?.heartbeat();
      return false;
    case 'log':
      job.step?.log[message.level](message.message, decodedFields(message.fields));
      return false;
    case 'checkpoint':
      void keepCheckpoint(job, message, send);
      return false;
    default:
      return message satisfies never;
  }
}

async function keepCheckpoint(
  { id, step }: Job,
  { seq, value }: JobMessage & { type: 'checkpoint' },
  send: (message: ToWorker) => void,
): Promise<void> {
  let failure: Failure | undefined;
  try {
    await step?.checkpoint(decodeValue(value));
  } catch (error) {
    failure = failureOf(error);
  }
  send({ type: 'checkpointed', id, seq, failure });
}

function decodedFields(
  fields: Readonly<Record<string, string>> | undefined,
): Record<string, unknown> | undefined {
  if (fields === undefined) return undefined;
  return Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, decodeValue(text)]));
}

/** A worker that ends takes its jobs with it; one that was aborted got what its caller wanted. */
export function bury(job: Job, crash: (job: Job) => MillraceError): void {
  job.reject(job.abortedBy ?? crash(job));
}

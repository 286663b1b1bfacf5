import { LOG_LEVELS } from '../core/lines/line.ts';
import type { Executor, StepContext } from '../core/workflow/context.ts';
import { line, oneOf, optional, readInput, recordOf, text, anything, wholeNumber } from './input.ts';
import { beating, type After } from './outside.ts';

/** What takes longer should sleep: that costs nothing while it lasts. */
const LONGEST_DELAY_MS = 86_400_000;

/** Gives back what it is given. */
export const noop: Executor<unknown> = (input) => input ?? null;

/** Waits inside the step, and ends early when the attempt is aborted. */
export function delay(after: After): Executor<unknown> {
  return async (input, step) => {
    const { ms } = readInput<{ ms: number }>('delay', input, { ms: wholeNumber(0, LONGEST_DELAY_MS) });
    using _ = beating(step, after);
    await pause(ms, step.signal, after);
    return null;
  };
}

function pause(ms: number, signal: AbortSignal, after: After): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = (): void => {
      undo();
      reject(signal.reason as Error);
    };
    const undo = after(ms, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    signal.addEventListener('abort', stop, { once: true });
  });
}

interface LogInput {
  message: string;
  level: 'debug' | 'info' | 'warn' | 'error' | undefined;
  fields: Readonly<Record<string, unknown>> | undefined;
}

/** Writes a line to the engine's log. */
export const log: Executor<unknown> = (input, step) => {
  const { message, level, fields } = readInput<LogInput>('log', input, {
    message: text,
    level: optional(oneOf(...LOG_LEVELS)),
    fields: optional(recordOf(anything)),
  });
  step.log[level ?? 'info'](message, fields);
  return null;
};

interface FailInput {
  code: string | undefined;
  message: string | undefined;
  attempts: number | undefined;
}

/** Fails its first attempts, or all: for trying out what follows. Retries apply as to any failure. */
export const fail: Executor<unknown> = (input, { attempt }: StepContext) => {
  const { code, message, attempts } = readInput<FailInput>('fail', input, {
    code: optional(line),
    message: optional(text),
    attempts: optional(wholeNumber(0, 1_000_000)),
  });
  if (attempts !== undefined && attempt > attempts) return { attempt };
  throw Object.assign(new Error(message ?? 'it was told to fail'), { code: code ?? 'FAILED' });
};

import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { TerminalError, type StepContext } from '../../src/index.ts';

/* What isolated executors of the tests do. Each runs in a worker process. */

export function whoami(input: unknown, step: StepContext) {
  const { attempt, idempotencyKey, fencingToken, runId } = step;
  return { pid: process.pid, input, attempt, idempotencyKey, fencingToken, runId };
}

/** Keeps its loop busy; `beatMs`: and says so. */
export function block({ ms, beatMs = Infinity }: { ms: number; beatMs?: number }, step: StepContext): number {
  const end = performance.now() + ms;
  let nextBeat = performance.now() + beatMs;
  while (performance.now() < end) {
    if (performance.now() < nextBeat) continue;
    step.heartbeat();
    nextBeat += beatMs;
  }
  return process.pid;
}

/** The first attempt takes memory until there is none: on the heap, or outside of it. */
export async function eat({ where }: { where: 'heap' | 'buffers' }, step: StepContext): Promise<string> {
  if (step.attempt > 1) return 'frugal';
  const eaten: unknown[] = [];
  for (;;) {
    eaten.push(where === 'heap' ? Array.from({ length: 10_000 }, () => ({})) : Buffer.alloc(4 << 20, 1));
    // oxlint-disable-next-line no-await-in-loop -- bite by bite
    if (where === 'buffers') await pause(5);
  }
}

/** Lasts until the file `gate` exists. */
export async function untilOpen({ gate }: { gate: string }, step: StepContext): Promise<object> {
  step.log.info('waiting', { pid: process.pid, attempt: step.attempt });
  // oxlint-disable-next-line no-await-in-loop -- looks until the gate opens
  while (!existsSync(gate)) await pause(5);
  return { pid: process.pid, attempt: step.attempt };
}

/** Ends its process after each line of its work, and goes on where it had been. */
export async function lineByLine({ lines }: { lines: number }, step: StepContext): Promise<object> {
  const { line } = (step.lastCheckpoint ?? { line: 0 }) as { line: number };
  if (line === lines) return { line, attempt: step.attempt };
  await step.checkpoint({ line: line + 1 });
  process.exit(7);
}

export function decline(): never {
  throw new TerminalError('card declined', { code: 'DECLINED', details: { limit: 17n.toString() } });
}

export function unstorable(): unknown {
  return { callback: () => 1 };
}

export async function obey(_input: unknown, { signal }: StepContext): Promise<string> {
  while (!signal.aborted) await pause(5); // oxlint-disable-line no-await-in-loop
  return 'stopped';
}

/** Leaves something behind that computes for nobody. */
export function leave(): void {
  setInterval(() => {
    const end = performance.now() + 45;
    while (performance.now() < end);
  }, 50);
}

export const notFunction = 17;

import type { FencingToken } from '../../core/workflow/context.ts';

const MAX_ATTEMPTS_PER_EPOCH = 1_000_000;
/** An engine that dies with a task makes it a suspect, and few deaths are survived: an attempt has few takers. */
const MAX_TAKERS = 1_000;

/** @param taker - grows with each engine that makes the attempt elsewhere, from 1; 0: the run's owner makes it. */
export function fencingToken(epoch: number, attempt: number, taker: number): FencingToken {
  const rank = epoch * MAX_ATTEMPTS_PER_EPOCH + attempt;
  return { epoch, attempt, taker, value: rank * MAX_TAKERS + Math.min(taker, MAX_TAKERS - 1) };
}

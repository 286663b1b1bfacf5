import { existsSync, readFileSync } from 'node:fs';
import type { FailoverDescription } from 'millrace';
import type { Delivery } from '../parcel.ts';

const STEPS = 3;

/** What was asked for, and what came of it. */
export interface Outcome {
  /** Of all parcels that were sent. */
  readonly total: number;
  readonly pence: number;
  readonly deliveries: readonly Delivery[];
  /** Runs that did not end well, as they say themselves. */
  readonly failures: readonly string[];
  readonly failover: FailoverDescription | undefined;
  /** The steps that began, by their idempotency keys. */
  readonly begun: readonly string[];
}

/** Lines that steps left: each begins with the step's idempotency key. */
export function readBegun(log: string): string[] {
  if (!existsSync(log)) return [];
  const lines = readFileSync(log, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => line.split(' ', 1)[0] ?? '');
}

export function agrees({ total, pence, deliveries, failures, begun }: Outcome): boolean {
  const numbers = new Set(deliveries.map(({ number }) => number));
  const sum = deliveries.reduce((all, delivery) => all + delivery.pence, 0);
  const steps = new Set(begun).size;
  return (
    failures.length === 0 &&
    deliveries.length === total &&
    numbers.size === total &&
    sum === pence &&
    steps === total * STEPS
  );
}

export function report(outcome: Outcome): string {
  const { total, deliveries, failures, failover, begun } = outcome;
  const moved = deliveries.filter(({ depots }) => new Set(depots).size > 1).length;
  const repeated = begun.length - new Set(begun).size;
  return [
    `parcels sent       ${total}`,
    `parcels delivered  ${deliveries.length}`,
    `moved on the way   ${moved}, between engines`,
    `steps recorded     ${deliveries.length * STEPS}, once each`,
    `steps begun twice  ${repeated}${repeated > 0 ? ', which the dead engine had begun' : ''}`,
    ...(failover === undefined ? [] : [failoverLine(failover)]),
    ...failures.map((failure) => `lost: ${failure}`),
    '',
    agrees(outcome) ? 'All totals agree.' : 'The totals DIFFER.',
    '',
  ].join('\n');
}

export function failoverLine({ failedEngine, takeoverEngine, silentMs, runs }: FailoverDescription): string {
  const silence = silentMs === null ? '' : ` after ${Math.round(silentMs)} ms of silence`;
  return `${takeoverEngine ?? 'an operator'} declared ${failedEngine} dead${silence}: ${runs} runs go on elsewhere`;
}

import type { Wait } from '../../src/core/run/command.ts';
import type { PlacedEvent, RunEvent } from '../../src/core/run/event.ts';
import type { ReadableRun } from '../../src/core/reading/readable-run.ts';

/** Store time of the first event of every built history: 2026-01-01T00:00:00Z. */
export const T0 = Date.UTC(2026, 0, 1);

export const STARTED: RunEvent = {
  type: 'started',
  workflow: 'order',
  version: '1',
  priority: 'normal',
  queue: 'default',
  payload: '{"id":17}',
};

/**
 * A history from events, each with how many ms after the start it was recorded (default: one second after the
 * last).
 */
export function historyOf(
  ...events: readonly (RunEvent | [afterMs: number, event: RunEvent])[]
): PlacedEvent[] {
  let at = T0 - 1000;
  return events.map((entry, seq) => {
    const [afterMs, event] = Array.isArray(entry) ? entry : [at - T0 + 1000, entry];
    at = T0 + afterMs;
    return { seq, at, engine: 'engine-1', event };
  });
}

/** A run row: waiting, after its first turn, with what the test cares about on top. */
export function aRun(own: Partial<ReadableRun> = {}): ReadableRun {
  return {
    runId: '0199b0a0-0000-7000-8000-000000000001',
    namespace: 'default',
    workflow: 'order',
    workflowVersion: '1',
    queue: 'default',
    priority: 'normal',
    key: undefined,
    tags: [],
    parentRunId: undefined,
    createdAt: T0,
    deadlineAt: undefined,
    version: 1,
    status: 'waiting',
    ownerId: undefined,
    engineName: undefined,
    wakeAt: undefined,
    waits: undefined,
    blockCode: undefined,
    readyAt: undefined,
    startedAt: undefined,
    closedAt: undefined,
    suspectGroup: undefined,
    deaths: 0,
    successor: undefined,
    ...own,
  };
}

/** The stored form of a run's waits, or of what blocks it. */
export function waitsOf(waits: readonly Wait[] | object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(waits));
}

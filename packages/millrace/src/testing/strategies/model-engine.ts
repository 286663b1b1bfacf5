import type { EngineView } from '../../core/policy/eligibility.ts';
import type { Job } from './workload.ts';

/** An engine of the model: so many slots, one queue before them in order of arrival, and a memory for keys. */
export interface ModelEngine {
  readonly engineId: string;
  readonly region: string;
  /** When it could begin with something new. */
  freeAtMs(): number;
  /** Takes a job now; tells how long it waits for a slot, and whether its key had to be loaded. */
  take(job: Job): { readonly waitMs: number; readonly cold: boolean };
  /** What its beat says at this instant. */
  beat(nowMs: number): EngineView;
  /** Time that its slots were busy. */
  busyMs(): number;
}

export interface ModelEngineOptions {
  readonly at: number;
  readonly speed: number;
  readonly slots: number;
}

/** How long it takes to load a key. */
const COLD_MS = 5;
const KEYS_KEPT = 400;
/** It takes in far more than it executes at once, as engines do whose runs mostly wait. */
const CAPACITY = 500;
const REGIONS = ['eu-west-1', 'us-east-1'];
const BEAT_MS = 1000;

export function createModelEngine({ at, speed, slots }: ModelEngineOptions): ModelEngine {
  const engineId = `engine-${String(at).padStart(2, '0')}`;
  const region = REGIONS[at % REGIONS.length] as string;
  const freeAt = new Array<number>(slots).fill(0);
  const keys = new Set<string>();
  let beats = 0;
  let busy = 0;
  let spans: { readonly startMs: number; readonly endMs: number }[] = [];

  const isCold = (key: string | undefined): boolean => {
    if (key === undefined) return false;
    const known = keys.delete(key);
    keys.add(key);
    const [oldest] = keys;
    if (keys.size > KEYS_KEPT && oldest !== undefined) keys.delete(oldest);
    return !known;
  };
  return {
    engineId,
    region,
    freeAtMs: () => Math.min(...freeAt),
    take: ({ atMs, serviceMs, key }) => {
      const cold = isCold(key);
      const slot = freeAt.indexOf(Math.min(...freeAt));
      const startMs = Math.max(atMs, freeAt[slot] as number);
      const endMs = startMs + (serviceMs + (cold ? COLD_MS : 0)) / speed;
      freeAt[slot] = endMs;
      busy += endMs - startMs;
      spans.push({ startMs, endMs });
      return { waitMs: startMs - atMs, cold };
    },
    beat: (nowMs) => {
      const used = spans.reduce((sum, { startMs, endMs }) => {
        return sum + Math.max(0, Math.min(endMs, nowMs) - Math.max(startMs, nowMs - BEAT_MS));
      }, 0);
      spans = spans.filter(({ endMs }) => endMs > nowMs);
      return {
        engineId,
        name: engineId,
        namespace: 'default',
        state: 'alive',
        beat: beats++,
        region,
        labels: [],
        weight: 1,
        executors: [],
        workflows: [{ workflow: 'job', version: '1' }],
        definitions: false,
        load: {
          state: 'running',
          cpuUsage: (used / (BEAT_MS * slots)) * 100,
          memoryUsage: 30,
          activeWorkflows: spans.length,
          activeTasks: 0,
          loopLagMs: 0,
          latencyMs: 2,
          failureRate: 0,
          storeFailing: false,
          shadow: undefined,
          pool: undefined,
        },
        capacity: { workflows: CAPACITY, tasks: 0 },
        ...{ queues: undefined, beatMs: BEAT_MS, leaseMs: 5 * BEAT_MS, expected: [] },
      };
    },
    busyMs: () => busy,
  };
}

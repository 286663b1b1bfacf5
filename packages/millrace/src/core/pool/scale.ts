/** What a pool looks like when its size is decided. */
export interface PoolLoad {
  /** Jobs that wait for a worker. */
  readonly queued: number;
  /** Jobs that workers execute. */
  readonly running: number;
  /** Workers that the pool wants to have now, those included that are starting. */
  readonly workers: number;
}

export interface ScaleRule {
  readonly min: number;
  readonly max: number;
  readonly scaleUpThreshold: number;
  readonly scaleDownThreshold: number;
  readonly jobsPerWorker: number;
}

/** How many workers there should be, and why, as a person reads it. */
export interface ScaleVerdict {
  readonly kind: 'grow' | 'shrink' | 'stay' | 'at-maximum';
  readonly target: number;
  readonly reason: string;
}

/**
 * The size of a pool by the length of its queue.
 *
 * It grows by as many workers as there are full thresholds waiting, so that a queue of hundreds does not take
 * as many checks; it shrinks by one, and only when the jobs that run fit into one worker less: ten long jobs and
 * an empty queue are no reason to give up the workers that execute them.
 *
 * @returns a target from `min` to `max`.
 */
export function decideScale({ queued, running, workers }: PoolLoad, rule: ScaleRule): ScaleVerdict {
  const { min, max, scaleUpThreshold, scaleDownThreshold, jobsPerWorker } = rule;
  if (workers < min) return { kind: 'grow', target: min, reason: `fewer than the minimum of ${min}` };
  if (workers > max) return { kind: 'shrink', target: max, reason: `more than the maximum of ${max}` };
  const stay = (reason: string): ScaleVerdict => ({ kind: 'stay', target: workers, reason });
  // With no worker at all, whatever waits would wait for ever.
  if (workers === 0 && queued > 0)
    return { kind: 'grow', target: 1, reason: `${queued} queued and no worker` };
  if (queued > scaleUpThreshold) {
    const reason = `${queued} queued, more than ${scaleUpThreshold}`;
    if (workers === max)
      return { kind: 'at-maximum', target: max, reason: `${reason}, but the maximum is ${max}` };
    const more = Math.max(1, Math.ceil(queued / scaleUpThreshold) - 1);
    return { kind: 'grow', target: Math.min(max, workers + more), reason };
  }
  if (queued >= scaleDownThreshold && queued > 0)
    return stay(`${queued} queued, between ${scaleDownThreshold} and ${scaleUpThreshold}`);
  if (workers === min) return stay(`the minimum is ${min}`);
  if (queued + running > (workers - 1) * jobsPerWorker)
    return stay(`${running} running, as many as there is room for`);
  return {
    kind: 'shrink',
    target: workers - 1,
    reason: `${queued} queued, fewer than ${scaleDownThreshold}`,
  };
}

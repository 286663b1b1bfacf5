import { list, type ActOptions, type CallOptions, type Caller } from '../call.ts';
import type { Pages } from '../pages.ts';
import type { Autoscaling, Queue, QueueChange, Queues, Redriven, Run } from '../shapes.ts';

/** What waits to be worked on, and how fast it is. */
export interface QueuesRoom {
  /** The queues that have open runs or limits, and all limits. */
  list(options?: CallOptions): Promise<Queues>;
  /** Pauses, resumes or limits a queue; what is left out stays, `null` takes a limit away. */
  change(name: string, change: QueueChange, options?: CallOptions): Promise<Queue>;
  /** Runs of a queue that failed or were quarantined, newest first. */
  dead(name: string, options?: CallOptions & { readonly limit?: number }): Pages<Run>;
  /** Lets them go on from their failure. */
  redrive(name: string, options?: ActOptions & { readonly limit?: number }): Promise<Redriven>;
  /** How many engines the queue could use. */
  autoscaling(queue?: string, options?: CallOptions): Promise<Autoscaling>;
}

export function queuesOf(caller: Caller): QueuesRoom {
  const { call } = caller;
  return {
    list: (options = {}) => call('listQueues', options),
    change: (queue, body, options = {}) => call('changeQueue', { params: { queue }, body, ...options }),
    dead: (queue, { limit, signal } = {}) =>
      list(caller, 'listDead', { params: { queue }, query: { limit }, signal }),
    redrive: (queue, { limit, ...options } = {}) =>
      call('redriveDead', {
        params: { queue },
        body: limit === undefined ? undefined : { limit },
        ...options,
      }),
    autoscaling: (queue, options = {}) => call('readAutoscaling', { query: { queue }, ...options }),
  };
}

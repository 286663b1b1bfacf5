import { list, type ActOptions, type CallOptions, type Caller } from '../call.ts';
import type { Pages } from '../pages.ts';
import type {
  Autoscaling,
  Limit,
  LimitChange,
  Queue,
  QueueChange,
  Queues,
  Redriven,
  Run,
} from '../shapes.ts';

/** What waits to be worked on, and how fast it is. */
export interface QueuesRoom {
  /** The queues that have open runs or limits. */
  list(options?: CallOptions): Promise<Queues>;
  /** Pauses, resumes or limits a queue; what is left out stays, `null` takes a limit away. */
  change(name: string, change: QueueChange, options?: CallOptions): Promise<Queue>;
  /** Limits of everything, of queues, of workflows and of keys. */
  limits(options?: CallOptions): Promise<readonly Limit[]>;
  /** Changes one; null: nothing is limited there any more. */
  changeLimit(change: LimitChange, options?: CallOptions): Promise<Limit | null>;
  /** Runs of a queue that failed or were quarantined, newest first. */
  dead(name: string, options?: CallOptions & { readonly limit?: number | undefined }): Pages<Run>;
  /** Lets them go on from their failure. */
  redrive(name: string, options?: ActOptions & { readonly limit?: number | undefined }): Promise<Redriven>;
  /** How many engines the queue could use. */
  autoscaling(queue?: string, options?: CallOptions): Promise<Autoscaling>;
}

export function queuesOf(caller: Caller): QueuesRoom {
  const { call } = caller;
  return {
    list: (options = {}) => call('listQueues', options),
    change: (queue, body, options = {}) => call('changeQueue', { params: { queue }, body, ...options }),
    limits: async (options = {}) => (await call('listLimits', options)).items,
    changeLimit: async (body, options = {}) => (await call('changeLimit', { body, ...options })).limit,
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

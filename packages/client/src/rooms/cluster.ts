import { list, type AnswerOf, type BodyOf, type CallOptions, type Caller } from '../call.ts';
import type { Pages } from '../pages.ts';
import type { Cluster, Failover, Lock, Strategy } from '../shapes.ts';

/** The engines, and how work is given to them. */
export interface ClusterRoom {
  read(options?: CallOptions): Promise<Cluster>;
  /** Tells an engine to leave in good order. @param engine - its name, its incarnation, or the beginning of that. */
  drain(engine: string, options?: CallOptions): Promise<AnswerOf<'drainEngine'>>;
  /** Declares an engine dead: its runs are queued again. */
  declareDead(engine: string, options?: CallOptions): Promise<AnswerOf<'declareDead'>>;
  strategy(options?: CallOptions): Promise<Strategy>;
  /** Sets the strategy of all engines; null: each goes by its own again. */
  setStrategy(rule: BodyOf<'setStrategy'>, options?: CallOptions): Promise<Strategy>;
  /** Engines that were declared dead, newest first. */
  failovers(options?: CallOptions & { readonly limit?: number | undefined }): Pages<Failover>;
}

export interface Locks {
  /** Those that are held or waited for. */
  list(options?: CallOptions): Promise<readonly Lock[]>;
  /** Takes a lock from whoever holds it and gives it to whoever waits. @throws ApiError LOCK_NOT_HELD. */
  release(name: string, options?: CallOptions): Promise<void>;
}

export function clusterOf(caller: Caller): ClusterRoom {
  const { call } = caller;
  return {
    read: (options = {}) => call('readCluster', options),
    drain: (engine, options = {}) => call('drainEngine', { params: { engine }, ...options }),
    declareDead: (engine, options = {}) => call('declareDead', { params: { engine }, ...options }),
    strategy: (options = {}) => call('readStrategy', options),
    setStrategy: (body, options = {}) => call('setStrategy', { body, ...options }),
    failovers: ({ limit, signal } = {}) => list(caller, 'listFailovers', { query: { limit }, signal }),
  };
}

export function locksOf({ call }: Caller): Locks {
  return {
    list: async (options = {}) => (await call('listLocks', options)).items,
    async release(name, options = {}) {
      await call('releaseLock', { params: { name }, ...options });
    },
  };
}

import type { Client } from '@millrace/client';
import type { LimitTarget } from '../../../api/limits/change.ts';
import { durationMs } from '../../../core/duration.ts';
import type { GuardOptions } from '../../../core/versions/guard.ts';
import type { DefinitionDocument } from '../../../core/dag/definition.ts';
import type { RuleOptions } from '../../../core/placement/rule.ts';
import type { RolloutOptions } from '../../../versions/publisher.ts';
import type { House } from '../house.ts';
import { answerOf } from '../refusal.ts';

type Asked = Omit<House, 'findRun' | 'findKey' | 'runs' | 'withValues' | 'run' | 'start' | 'keys'>;

/** What a server says of its cluster, its queues and its definitions, and changes in them. */
export function remoteCluster(client: Client): Asked {
  const { cluster, locks } = client;
  return {
    cluster: () => answerOf(cluster.read()),
    strategy: () => answerOf(cluster.strategy()),
    // oxlint-disable-next-line no-useless-default-assignment -- commands leave it out
    setStrategy: (strategy, { shadow, queues }: RuleOptions = {}) =>
      answerOf(
        cluster.setStrategy({ strategy, shadow, queues } as Parameters<typeof cluster.setStrategy>[0]),
      ),
    async failovers({ limit, before } = {}) {
      const { items, nextCursor } = await answerOf<Paged>(cluster.failovers({ limit }).page(before));
      return { failovers: items as never, next: nextCursor ?? undefined };
    },
    drain: (engine) => answerOf(cluster.drain(engine)),
    failover: (engine) => answerOf(cluster.declareDead(engine)),
    locks: () => answerOf(locks.list()),
    releaseLock: (name) => answerOf(locks.release(name)),
    ...queuesOf(client),
    ...versionsOf(client),
  };
}

interface Paged {
  readonly items: readonly unknown[];
  readonly nextCursor: string | null;
}

function queuesOf({
  queues,
}: Client): Pick<Asked, 'queues' | 'limits' | 'setQueue' | 'setLimit' | 'deadLetters' | 'redrive'> {
  return {
    queues: async () => (await answerOf<{ items: never }>(queues.list())).items,
    limits: () => answerOf(queues.limits()),
    setQueue: (queue, change) => answerOf(queues.change(queue, change)),
    setLimit: (scope, change) => answerOf(queues.changeLimit({ of: scopeOf(scope), ...change })),
    async deadLetters(queue, { limit, before } = {}) {
      const { items, nextCursor } = await answerOf<Paged>(queues.dead(queue, { limit }).page(before));
      return { runs: items as never, next: nextCursor ?? undefined };
    },
    // oxlint-disable-next-line no-useless-default-assignment -- commands leave it out
    redrive: (queue, { limit }: { limit?: number } = {}) => answerOf(queues.redrive(queue, { limit })),
  };
}

function scopeOf(target: LimitTarget): { kind: 'all' | 'queue' | 'workflow' | 'key'; name?: string } {
  if (target === 'all') return { kind: 'all' };
  if ('queue' in target) return { kind: 'queue', name: target.queue };
  return 'workflow' in target
    ? { kind: 'workflow', name: target.workflow }
    : { kind: 'key', name: target.key };
}

function versionsOf({
  definitions,
}: Client): Pick<Asked, 'definitions' | 'definition' | 'deploy' | 'activate' | 'rollout' | 'rollback'> {
  return {
    definitions: () => answerOf(all(definitions.list())),
    definition: (name) => answerOf(definitions.read(name)),
    // Commands have read and checked the file; who deploys it is whose key it is.
    deploy: (document) => answerOf(definitions.deploy(document as DefinitionDocument)),
    activate: (name, version) => answerOf(definitions.activate(name, version)),
    // oxlint-disable-next-line no-useless-default-assignment -- commands leave it out
    rollout: (name, weights, { guard }: RolloutOptions = {}) =>
      answerOf(definitions.rollOut(name, { weights, guard: guardOf(guard) })),
    rollback: (name) => answerOf(definitions.rollBack(name)),
  };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

function guardOf(guard: GuardOptions | boolean | undefined) {
  if (typeof guard !== 'object') return guard;
  const { window, ...others } = guard;
  return window === undefined ? others : { ...others, window: durationMs(window, '--window') };
}

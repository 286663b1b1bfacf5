import { z } from 'zod';
import { route, type Route } from '../http/route.ts';
import * as schemas from '../schemas/cluster.ts';
import { pageQuery } from '../schemas/page.ts';
import { queueName } from '../schemas/queue.ts';

const one = z.object({ engine: schemas.engineName });

const readCluster = route({
  method: 'get',
  path: '/cluster',
  name: 'readCluster',
  summary: "The engines of the caller's namespace, who leads, and who is missing.",
  tag: 'cluster',
  permission: 'read',
  answers: { 200: { description: 'The cluster', schema: schemas.cluster } },
  polled: true,
  async handle(_, { millrace }) {
    return { status: 200, body: await millrace.cluster() };
  },
});

const drainEngine = route({
  method: 'post',
  path: '/cluster/engines/{engine}/drain',
  name: 'drainEngine',
  summary: 'Tells an engine to leave in good order: within a beat it takes nothing new.',
  tag: 'cluster',
  permission: 'operate',
  params: one,
  answers: { 202: { description: 'It was told', schema: schemas.told } },
  async handle({ params }, { millrace }) {
    return { status: 202, body: await millrace.drain(params.engine) };
  },
});

const declareDead = route({
  method: 'post',
  path: '/cluster/engines/{engine}/failover',
  name: 'declareDead',
  summary: 'Declares an engine dead: what it owns is queued again, and what it still writes is refused.',
  tag: 'cluster',
  permission: 'operate',
  params: one,
  answers: { 200: { description: 'It is dead', schema: schemas.declared } },
  async handle({ params }, { millrace }) {
    return { status: 200, body: await millrace.failover(params.engine) };
  },
});

const listFailovers = route({
  method: 'get',
  path: '/cluster/failovers',
  name: 'listFailovers',
  summary: 'Engines that were declared dead, newest first.',
  tag: 'cluster',
  permission: 'read',
  query: z.strictObject(pageQuery),
  answers: { 200: { description: 'A page of failovers', schema: schemas.failovers } },
  async handle({ query }, { millrace }) {
    const { failovers, next } = await millrace.failovers({ limit: query.limit, before: query.cursor });
    return { status: 200, body: { items: failovers, nextCursor: next ?? null } };
  },
});

const readStrategy = route({
  method: 'get',
  path: '/cluster/strategy',
  name: 'readStrategy',
  summary: 'By which strategy runs are placed, and how the one in the shadow compares with it.',
  tag: 'cluster',
  permission: 'read',
  answers: { 200: { description: 'The strategy', schema: schemas.strategy } },
  async handle(_, { millrace }) {
    return { status: 200, body: await millrace.strategy() };
  },
});

const setStrategy = route({
  method: 'put',
  path: '/cluster/strategy',
  name: 'setStrategy',
  summary: 'Sets the strategy of all engines; what is left out is not set.',
  tag: 'cluster',
  permission: 'operate',
  body: schemas.strategyChange,
  answers: { 200: { description: 'The strategy as it is then', schema: schemas.strategy } },
  async handle({ body: { strategy, shadow, queues } }, { millrace }) {
    return { status: 200, body: await millrace.setStrategy(strategy, { shadow, queues }) };
  },
});

const wish = z.strictObject({
  workflow: z.string().optional(),
  version: z.string().optional(),
  executor: z.string().optional(),
  queue: queueName.optional(),
  requires: z.union([z.string(), z.array(z.string())]).optional(),
  region: z.string().optional(),
  near: z.string().optional(),
  key: z.string().optional(),
  strategy: schemas.strategyName.optional(),
});

const selectInstance = route({
  method: 'get',
  path: '/cluster/select',
  name: 'selectInstance',
  summary: 'Which engine the strategy would give a piece of work to, and why. Nothing is reserved.',
  tag: 'cluster',
  permission: 'read',
  query: wish,
  answers: { 200: { description: 'The choice', schema: schemas.choice } },
  async handle({ query: { workflow: name, version = '1', requires, ...more } }, { millrace }) {
    const workflow = name === undefined ? undefined : { name, version };
    const labels = requires === undefined ? undefined : [requires].flat();
    return { status: 200, body: await millrace.selectInstance({ ...more, workflow, requires: labels }) };
  },
});

const listLocks = route({
  method: 'get',
  path: '/cluster/locks',
  name: 'listLocks',
  summary: 'Locks that are held or waited for, by name.',
  tag: 'cluster',
  permission: 'read',
  answers: { 200: { description: 'The locks, at most 1,000', schema: schemas.locks } },
  async handle(_, { millrace }) {
    return { status: 200, body: { items: await millrace.locks(), nextCursor: null } };
  },
});

const releaseLock = route({
  method: 'delete',
  path: '/cluster/locks/{name}',
  name: 'releaseLock',
  summary: 'Takes a lock from whoever holds it and gives it to whoever waits; its holder is not stopped.',
  tag: 'cluster',
  permission: 'operate',
  params: z.object({ name: z.string().min(1).max(256) }),
  answers: { 204: { description: 'It is released' } },
  async handle({ params }, { millrace }) {
    await millrace.releaseLock(params.name);
    return { status: 204 };
  },
});

export const CLUSTER_ROUTES: readonly Route[] = [
  ...[readCluster, drainEngine, declareDead, listFailovers],
  ...[readStrategy, setStrategy, selectInstance, listLocks, releaseLock],
];

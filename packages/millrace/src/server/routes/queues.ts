import { z } from 'zod';
import type { Principal } from '../access/principal.ts';
import { route, type Route } from '../http/route.ts';
import { pageQuery } from '../schemas/page.ts';
import * as schemas from '../schemas/queue.ts';

const one = z.object({ queue: schemas.queueName });

const listQueues = route({
  method: 'get',
  path: '/queues',
  name: 'listQueues',
  summary: 'The queues that have open runs or limits, by name.',
  tag: 'queues',
  permission: 'read',
  answers: { 200: { description: 'All of them', schema: schemas.queues } },
  polled: true,
  async handle(_, { millrace }) {
    return { status: 200, body: { items: await millrace.queues(), nextCursor: null } };
  },
});

const changeQueue = route({
  method: 'patch',
  path: '/queues/{queue}',
  name: 'changeQueue',
  summary: 'Pauses a queue or limits it, at once and on all engines.',
  tag: 'queues',
  permission: 'operate',
  params: one,
  body: schemas.queueChange,
  answers: { 200: { description: 'The queue as it is then', schema: schemas.queue } },
  async handle({ params, body }, { millrace, principal }) {
    return { status: 200, body: await millrace.setQueue(params.queue, body, { by: nameOf(principal) }) };
  },
});

const listDead = route({
  method: 'get',
  path: '/queues/{queue}/dead',
  name: 'listDead',
  summary: 'Runs of a queue that failed, or were quarantined; newest first.',
  tag: 'queues',
  permission: 'read',
  params: one,
  query: z.strictObject(pageQuery),
  answers: { 200: { description: 'A page of runs, without input and output', schema: schemas.deadRuns } },
  async handle({ params, query: { limit, cursor: before } }, { millrace }) {
    const { runs, next } = await millrace.deadLetters(params.queue, { limit, before });
    return { status: 200, body: { items: runs, nextCursor: next ?? null } };
  },
});

const redriveDead = route({
  method: 'post',
  path: '/queues/{queue}/redrive',
  name: 'redriveDead',
  summary: 'Lets the dead letters of a queue go on, the newest first; at most 1,000.',
  tag: 'queues',
  permission: 'operate',
  params: one,
  body: schemas.redrive,
  optionalBody: true,
  answers: { 200: { description: 'What became of them', schema: schemas.redriven } },
  async handle({ params, body }, { millrace }) {
    // The type of an optional body does not say that it may be missing.
    const { limit } = (body as typeof body | undefined) ?? {};
    return {
      status: 200,
      body: await millrace.redrive(params.queue, limit === undefined ? {} : { limit }),
    };
  },
});

const readAutoscaling = route({
  method: 'get',
  path: '/autoscaling',
  name: 'readAutoscaling',
  summary: 'How many engines a queue wants, for an autoscaler.',
  tag: 'queues',
  permission: 'read',
  query: z.strictObject({ queue: schemas.queueName.optional() }),
  answers: { 200: { description: 'The queue, and the number', schema: schemas.autoscaling } },
  async handle({ query }, { millrace }) {
    return { status: 200, body: await millrace.autoscaling(query.queue) };
  },
});

export const QUEUE_ROUTES: readonly Route[] = [
  ...[listQueues, changeQueue, listDead, redriveDead, readAutoscaling],
];

/** Undefined: whoever nobody asked is told of by the name of the engine. */
function nameOf({ kind, id }: Principal): string | undefined {
  return kind === 'local' ? undefined : id;
}

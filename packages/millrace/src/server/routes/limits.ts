import { z } from 'zod';
import type { LimitTarget } from '../../api/limits/change.ts';
import { route, type Route } from '../http/route.ts';

const name = z.string().min(1).max(256);
const count = z.int().min(1).nullable();

const limit = z
  .looseObject({
    kind: z.string(),
    name: z.string(),
    maxConcurrent: count,
    ratePerSecond: z.number().nullable(),
    maxDepth: count,
    inUse: z.int(),
    paused: z.boolean(),
    pausedBy: z.string().nullable(),
    pausedAt: z.string().nullable(),
    holders: z.array(z.string()),
  })
  .meta({ id: 'Limit' });

const listLimits = route({
  method: 'get',
  path: '/limits',
  name: 'listLimits',
  summary: 'The limits of everything, of queues, of workflows and of keys.',
  tag: 'queues',
  permission: 'read',
  answers: {
    200: {
      description: 'All of them',
      schema: z.looseObject({ items: z.array(limit), nextCursor: z.null() }),
    },
  },
  polled: true,
  async handle(_, { millrace }) {
    return { status: 200, body: { items: await millrace.limits(), nextCursor: null } };
  },
});

const of = z.strictObject({ kind: z.enum(['all', 'queue', 'workflow', 'key']), name: name.optional() });

const changeLimit = route({
  method: 'patch',
  path: '/limits',
  name: 'changeLimit',
  summary: 'Pauses or limits everything, a queue, a workflow, or a key that starts bring along.',
  tag: 'queues',
  permission: 'operate',
  body: z.strictObject({
    of: of.meta({ description: 'What it is a limit of; `name` of everything but `all`' }),
    paused: z.boolean().optional(),
    maxConcurrent: count.optional(),
    ratePerSecond: z.number().positive().nullable().optional(),
    maxDepth: count.optional(),
  }),
  answers: {
    200: {
      description: 'The limit as it is then; null: nothing is limited there any more',
      schema: z.looseObject({ limit: limit.nullable() }),
    },
  },
  async handle({ body: { of: target, ...change } }, { millrace }) {
    return { status: 200, body: { limit: await millrace.setLimit(targetOf(target), change) } };
  },
});

/** A name that is missing or too much is the library's to refuse. */
function targetOf({ kind, name: given = '' }: z.output<typeof of>): LimitTarget {
  switch (kind) {
    case 'all':
      return 'all';
    case 'queue':
      return { queue: given };
    case 'workflow':
      return { workflow: given };
    case 'key':
      return { key: given };
  }
}

export const LIMIT_ROUTES: readonly Route[] = [listLimits, changeLimit];

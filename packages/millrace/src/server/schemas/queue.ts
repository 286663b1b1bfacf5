import { z } from 'zod';
import { page } from './page.ts';
import { instant, run } from './runs/run.ts';

export const queueName = z.string().min(1).max(128).meta({ description: 'Name of a queue' });

const count = z.int().min(1).nullable();

export const queue = z
  .looseObject({
    queue: z.string(),
    depth: z.int(),
    oldestAgeSeconds: z.number().nullable(),
    running: z.int(),
    paused: z.boolean(),
    pausedBy: z.string().nullable(),
    pausedAt: instant.nullable(),
    limits: z.looseObject({
      maxConcurrent: count,
      ratePerSecond: z.number().nullable(),
      maxDepth: count,
      inUse: z.int().nullable(),
    }),
  })
  .meta({ id: 'Queue' });

export const queues = page(queue).meta({ id: 'QueueList' });

/** What is left out stays, null takes a limit away. */
export const queueChange = z
  .strictObject({
    paused: z.boolean().optional(),
    maxConcurrent: count.optional(),
    ratePerSecond: z.number().positive().nullable().optional(),
    maxDepth: count.optional(),
  })
  .meta({ id: 'QueueChange' });

export const deadRuns = page(run).meta({ id: 'DeadRunList' });

export const redrive = z.strictObject({ limit: z.int().min(1).max(1_000).optional() });

export const redriven = z
  .looseObject({
    done: z.int(),
    failed: z.array(z.looseObject({ runId: z.string(), code: z.string(), message: z.string() })),
  })
  .meta({ id: 'Redriven' });

export const autoscaling = z
  .looseObject({
    queue: z.string(),
    depth: z.int(),
    oldestAgeSeconds: z.number().nullable(),
    desired: z.int().meta({ description: 'How many engines the queue wants' }),
  })
  .meta({ id: 'Autoscaling' });

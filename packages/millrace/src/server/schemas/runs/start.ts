import { z } from 'zod';
import { problem } from '../problem.ts';
import { priority, runId, status } from './run.ts';

const duration = z
  .union([z.number().min(0), z.string().max(200)])
  .meta({ description: "Milliseconds, or text such as '30s', '1h 30m', '7 days', 'PT15M'" });

/** A start. What the names in it may be, the library says. */
export const start = z
  .strictObject({
    workflow: z.string().meta({ description: 'NAME, or NAME@VERSION' }),
    version: z.union([z.int().positive(), z.string()]).optional(),
    input: z.unknown().optional(),
    key: z
      .string()
      .optional()
      .meta({ description: 'The same key names the same run. Default: the Idempotency-Key of the request' }),
    priority: priority.optional(),
    tags: z.array(z.string()).max(64).optional(),
    queue: z.string().optional(),
    startAt: z.iso.datetime({ offset: true }).optional().meta({ description: 'Not before this instant' }),
    delay: duration.optional(),
    timeout: duration.optional().meta({ description: 'From start to end' }),
    limits: z
      .array(z.strictObject({ key: z.string(), max: z.int().positive() }))
      .max(10)
      .optional(),
    near: z.string().optional().meta({ description: 'The region where it is best executed' }),
    requires: z.array(z.string()).max(64).optional(),
    region: z.string().optional(),
    reuse: z
      .enum(['return', 'allow', 'allow-failed', 'refuse'])
      .optional()
      .meta({ description: "What a start does when its key's run has closed" }),
  })
  .meta({ id: 'Start' });

export type Start = z.output<typeof start>;

export const acknowledgement = z
  .looseObject({
    runId,
    jobId: runId.meta({ description: 'The same as runId' }),
    status,
    success: z.literal(true),
    queued: z.boolean(),
  })
  .meta({ id: 'Acknowledgement' });

/** A start of several that was refused. */
export const refusedStart = problem.extend({ success: z.literal(false) }).meta({ id: 'RefusedStart' });

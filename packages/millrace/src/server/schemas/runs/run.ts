import { z } from 'zod';
import { CLOSED_STATUSES, OPEN_STATUSES, PRIORITIES } from '../../../core/status.ts';
import { page } from '../page.ts';

/** An instant, ISO 8601 in UTC. */
export const instant = z.iso.datetime().meta({ description: 'ISO 8601, UTC' });

export const runId = z.uuid().meta({ description: 'Id of a run' });

export const status = z.enum([...OPEN_STATUSES, ...CLOSED_STATUSES]);

export const priority = z.enum(PRIORITIES);

const error = z.looseObject({ code: z.string().nullable(), message: z.string() });

export const node = z
  .looseObject({
    status: z.string(),
    attempts: z.int(),
    startedAt: instant.nullable(),
    endedAt: instant.nullable(),
    engineId: z.string().nullable(),
    output: z.unknown(),
    error: error.nullable(),
    retryAt: instant.nullable(),
    waitsFor: z.array(z.string()).meta({ description: 'What it needs and has not ended; at most 20' }),
    items: z.looseObject({ total: z.int(), completed: z.int(), failed: z.int() }).optional(),
  })
  .meta({ id: 'Node' });

export const progress = z
  .looseObject({
    total: z.int(),
    completed: z.int(),
    failed: z.int(),
    skipped: z.int(),
    running: z.int(),
    waiting: z.int(),
  })
  .meta({ id: 'Progress' });

export const run = z
  .looseObject({
    runId,
    workflow: z.string(),
    version: z.string(),
    requires: z.array(z.string()),
    namespace: z.string(),
    key: z.string().nullable(),
    status,
    priority,
    tags: z.array(z.string()),
    queue: z.string(),
    input: z.unknown(),
    output: z.unknown(),
    error: error.nullable(),
    createdAt: instant,
    startedAt: instant.nullable(),
    closedAt: instant.nullable(),
    deadlineAt: instant.nullable(),
    engineId: z.string().nullable(),
    parentRunId: runId.nullable(),
    successorRunId: runId.nullable(),
    unreadable: z.string().optional(),
    pause: z
      .looseObject({ since: instant, by: z.string().nullable(), reason: z.string().nullable() })
      .optional(),
    nodes: z.record(z.string(), node).optional(),
    progress: progress.optional(),
    criticalPath: z.array(z.string()).optional(),
  })
  .meta({ id: 'Run' });

export const runPage = page(run).meta({ id: 'RunPage' });

export const outcome = z
  .looseObject({
    runId: runId.meta({ description: 'Of a run that continued as another one, that one' }),
    status,
    output: z.unknown(),
    error: error.nullable(),
  })
  .meta({ id: 'Outcome' });

/** That something was given to a run, durably. */
export const given = z.looseObject({ runId, success: z.literal(true) }).meta({ id: 'Given' });

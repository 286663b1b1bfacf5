import { z } from 'zod';
import { CLOSED_STATUSES, OPEN_STATUSES, PRIORITIES } from '../../core/status.ts';

/** An instant, ISO 8601 in UTC. */
export const instant = z.iso.datetime().meta({ description: 'ISO 8601, UTC' });

export const runId = z.uuid().meta({ description: 'Id of a run' });

export const status = z.enum([...OPEN_STATUSES, ...CLOSED_STATUSES]);

export const priority = z.enum(PRIORITIES);

const error = z.looseObject({ code: z.string().nullable(), message: z.string() });

const node = z.looseObject({
  status: z.string(),
  attempts: z.int(),
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  engineId: z.string().nullable(),
  output: z.unknown(),
  error: error.nullable(),
});

export const run = z
  .looseObject({
    runId,
    workflow: z.string(),
    version: z.string(),
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
    engineId: z.string().nullable(),
    parentRunId: runId.nullable(),
    pause: z
      .looseObject({ since: instant, by: z.string().nullable(), reason: z.string().nullable() })
      .optional(),
    nodes: z.record(z.string(), node).optional(),
  })
  .meta({ id: 'Run' });

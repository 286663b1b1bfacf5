import { z } from 'zod';
import { CHANGE_TYPES } from '../../core/changes/change.ts';
import { instant, priority, runId, status } from './runs/run.ts';

const told = { id: z.string().meta({ description: 'The same each time it is told' }), at: instant };
const limit = z.number().nullable();

const runChange = z.looseObject({
  ...told,
  kind: z.literal('run'),
  type: z.enum(CHANGE_TYPES.run),
  runId,
  workflow: z.string(),
  version: z.string(),
  status,
  priority,
  queue: z.string(),
  key: z.string().nullable(),
  tags: z.array(z.string()),
  parentRunId: runId.nullable(),
  code: z.string().optional(),
});

const engineChange = z.looseObject({
  ...told,
  kind: z.literal('engine'),
  type: z.enum(CHANGE_TYPES.engine),
  engineId: z.string(),
  incarnation: z.string(),
  region: z.string().nullable(),
});

const queueChange = z.looseObject({
  ...told,
  kind: z.literal('queue'),
  type: z.enum(CHANGE_TYPES.queue),
  queue: z.string(),
  paused: z.boolean(),
  pausedBy: z.string().nullable(),
  limits: z.looseObject({ maxConcurrent: limit, ratePerSecond: limit, maxDepth: limit }),
});

/** The data of an event of `/events`. */
export const change = z
  .discriminatedUnion('kind', [runChange, engineChange, queueChange])
  .meta({ id: 'ChangeEvent', description: 'The JSON in `data` of each event' });

/** The data of an event of `/runs/{runId}/events`. */
export const historyChange = z
  .looseObject({
    ...told,
    kind: z.literal('run'),
    type: z.string(),
    runId,
    seq: z.int(),
    name: z.string().optional(),
    attempt: z.int().optional(),
    engineId: z.string().optional(),
    status: status.optional(),
  })
  .meta({ id: 'HistoryChange', description: 'The JSON in `data` of each event' });

import { z } from 'zod';
import { page } from '../page.ts';
import { instant, node, progress, runId, status } from './run.ts';

const historyItem = z
  .looseObject({
    seq: z.int(),
    type: z.string(),
    at: instant,
    name: z.string().optional(),
    attempt: z.int().optional(),
    engineId: z.string().optional(),
    data: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'HistoryItem' });

export const history = page(historyItem).meta({ id: 'History' });

const reason = z
  .looseObject({
    code: z.string(),
    message: z.string(),
    since: instant,
    refs: z.record(z.string(), z.union([z.string(), z.number()])),
    remedy: z.looseObject({ message: z.string(), command: z.string().nullable() }),
    get causes() {
      return z.array(cause).optional();
    },
  })
  .meta({ id: 'Reason' });

const cause: z.ZodType = z
  .looseObject({
    runId,
    workflow: z.string(),
    status,
    engineId: z.string().nullable(),
    told: z.boolean().meta({ description: 'Its reasons stand elsewhere in this answer' }),
    reasons: z.array(reason),
  })
  .meta({ id: 'Cause' });

export const why = z
  .looseObject({
    runId,
    at: instant,
    status,
    reasons: z.array(reason),
    complete: z.boolean(),
    time: z.looseObject({
      queuedMs: z.number(),
      blockedMs: z.number(),
      runningMs: z.number(),
      backoffMs: z.number(),
      waitingMs: z.number(),
    }),
    timeBySteps: z.array(
      z.looseObject({
        name: z.string(),
        queuedMs: z.number(),
        runningMs: z.number(),
        backoffMs: z.number(),
        attempts: z.int(),
      }),
    ),
  })
  .meta({ id: 'Why' });

export const runGraph = z
  .looseObject({
    runId,
    status,
    nodes: z.record(z.string(), node),
    edges: z.array(z.looseObject({ from: z.string(), to: z.string() })).meta({
      description: 'What needs what: `to` needs `from`',
    }),
    progress,
    criticalPath: z.array(z.string()),
  })
  .meta({ id: 'RunGraph' });

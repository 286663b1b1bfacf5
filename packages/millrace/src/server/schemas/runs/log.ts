import { z } from 'zod';
import { LOG_LEVELS } from '../../../core/lines/line.ts';
import { page } from '../page.ts';
import { instant } from './run.ts';

const line = z
  .looseObject({
    seq: z.int().meta({ description: 'Its place in the log, from 1' }),
    at: instant,
    level: z.enum(LOG_LEVELS),
    message: z.string(),
    step: z.string().optional(),
    attempt: z.int().optional(),
    engineId: z.string().optional(),
    fields: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'LogLine' });

export const runLog = page(line)
  .extend({
    last: z
      .int()
      .meta({ description: 'The `cursor` of what comes behind this page, also if it is not there yet' }),
    open: z.boolean().meta({ description: 'More may come: the run has not ended, or only just now' }),
    dropped: z.int().meta({ description: 'Lines that are not stored, because the log of the run was full' }),
  })
  .meta({ id: 'Log' });

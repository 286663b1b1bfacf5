import { z } from 'zod';
import { LOG_LEVELS } from '../../../core/lines/line.ts';
import { durationMs } from '../../../core/duration.ts';
import { route, type Route } from '../../http/route.ts';
import { runLog } from '../../schemas/runs/log.ts';
import { limitOf, positionOf } from '../../schemas/page.ts';
import { runId } from '../../schemas/runs/run.ts';
import { text } from '../../schemas/text.ts';

/** Longer than that no proxy keeps a request that is not answered. */
const LONGEST_WAIT_MS = 60_000;

const readLogs = route({
  method: 'get',
  path: '/runs/{runId}/logs',
  name: 'readLogs',
  summary: 'What a run and its steps have said, in order, a page at a time; with `wait` what they say next.',
  tag: 'runs',
  permission: 'read',
  waits: true,
  params: z.object({ runId }),
  query: z.strictObject({
    cursor: positionOf().meta({ description: 'The `last` of the page before: only lines behind it' }),
    tail: limitOf(1_000_000).meta({ description: 'Only of the last so many lines' }),
    limit: limitOf(1_000),
    level: z.enum(LOG_LEVELS).optional().meta({ description: 'The least important lines that are wanted' }),
    step: text(256).optional().meta({ description: 'Only what this step says' }),
    wait: z.string().max(200).optional().meta({
      description:
        "How long to wait for a line while there is none: a duration such as '30s'. Default: not at all",
    }),
  }),
  answers: { 200: { description: 'A page of it', schema: runLog } },
  async handle({ params, query: { cursor, wait, ...wish } }, context) {
    const waitMs = Math.min(durationMs(wait ?? 0, 'wait'), LONGEST_WAIT_MS);
    const { signal } = context;
    const page = await context.millrace
      .run(params.runId)
      .logPage({ ...wish, after: cursor, wait: waitMs, signal });
    const { items, last, more, open, dropped } = page;
    return { status: 200, body: { items, nextCursor: more ? String(last) : null, last, open, dropped } };
  },
});

export const RUN_LOGS: readonly Route[] = [readLogs];

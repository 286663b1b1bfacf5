import { z } from 'zod';
import { route, type Route } from '../http/route.ts';
import { run, runId } from '../schemas/runs/run.ts';

const some = z.looseObject;
const text = z.string();
const error = some({ code: text.nullable(), message: text });

const step = some({
  name: text,
  status: text,
  attempts: z.int(),
  startedAt: text.nullable(),
  endedAt: text.nullable(),
  engineId: text.nullable(),
  taskRunId: text.nullable(),
  output: z.unknown(),
  error: error.nullable(),
  retries: z.array(
    some({
      attempt: z.int(),
      at: text,
      engineId: text,
      error,
      retryAt: text.nullable(),
      superseded: z.boolean(),
    }),
  ),
});

const detail = run
  .extend({
    steps: z.array(step),
    signals: z.array(some({ id: text, name: text, at: text, payload: z.unknown() })),
    children: z.array(some({ name: text, runId: text, workflow: text, status: text, startedAt: text })),
    timers: z.array(some({ name: text, setAt: text, fireAt: text })),
    published: z.record(text, z.unknown()),
    retriedAt: z.array(text),
  })
  .meta({ id: 'RunDetail' });

const readDetail = route({
  method: 'get',
  path: '/runs/{runId}/detail',
  name: 'readDetail',
  summary:
    'A run with everything that its history tells: steps with their attempts, signals, children, timers.',
  tag: 'runs',
  permission: 'read',
  params: z.object({ runId }),
  answers: { 200: { description: 'The run', schema: detail } },
  polled: true,
  async handle({ params }, { millrace }) {
    return { status: 200, body: await millrace.run(params.runId).detail() };
  },
});

export const DETAIL_ROUTES: readonly Route[] = [readDetail];

import { z } from 'zod';
import { route, type Route } from '../http/route.ts';
import { run, runId } from '../schemas/runs/run.ts';

const one = z.object({ runId });

const pauseRun = route({
  method: 'post',
  path: '/runs/{runId}/pause',
  name: 'pauseRun',
  summary: 'Begins nothing of a run any more until it is resumed; attempts that run may end.',
  tag: 'runs',
  permission: 'operate',
  repeatable: true,
  params: one,
  body: z.strictObject({ reason: z.string().max(1_000).optional() }),
  optionalBody: true,
  answers: {
    200: { description: 'The run as it stands now; paused already it stays as it is', schema: run },
  },
  async handle({ params, body }, { millrace, principal }) {
    const handle = millrace.run(params.runId);
    await handle.pause({ reason: body?.reason, by: principal.id });
    return { status: 200, body: await handle.describe() };
  },
});

const resumeRun = route({
  method: 'post',
  path: '/runs/{runId}/resume',
  name: 'resumeRun',
  summary: 'Lets a paused run go on where it stood.',
  tag: 'runs',
  permission: 'operate',
  repeatable: true,
  params: one,
  answers: { 200: { description: 'The run as it stands now; not paused it stays as it is', schema: run } },
  async handle({ params }, { millrace }) {
    const handle = millrace.run(params.runId);
    await handle.resume();
    return { status: 200, body: await handle.describe() };
  },
});

export const PAUSING_ROUTES: readonly Route[] = [pauseRun, resumeRun];

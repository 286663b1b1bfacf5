import { z } from 'zod';
import { route, type Route } from '../http/route.ts';
import { run, runId } from '../schemas/run.ts';

const one = z.object({ runId });

const readRun = route({
  method: 'get',
  path: '/runs/{runId}',
  name: 'readRun',
  summary: 'A run as it stands.',
  tag: 'runs',
  permission: 'read',
  params: one,
  query: z.strictObject({ nodes: z.stringbool().optional() }),
  answers: { 200: { description: 'The run', schema: run } },
  polled: true,
  async handle({ params, query }, { millrace }) {
    return { status: 200, body: await millrace.run(params.runId).describe({ nodes: query.nodes ?? false }) };
  },
});

export const RUN_ROUTES: readonly Route[] = [readRun];

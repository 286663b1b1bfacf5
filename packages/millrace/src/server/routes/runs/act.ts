import { z } from 'zod';
import { idempotencyKeyOf } from '../../http/request.ts';
import { route, type Route } from '../../http/route.ts';
import { given, runId } from '../../schemas/runs/run.ts';
import { text } from '../../schemas/text.ts';

const one = z.object({ runId });
const accepted = { 202: { description: 'It is durable, and the run will take it', schema: given } } as const;

const signalRun = route({
  method: 'post',
  path: '/runs/{runId}/signals/{name}',
  name: 'signalRun',
  summary: 'Gives a signal to a run; the body is its payload.',
  tag: 'runs',
  permission: 'start',
  repeatable: true,
  params: one.extend({ name: text(256) }),
  body: z.unknown().meta({ description: 'The payload: any JSON' }),
  optionalBody: true,
  answers: accepted,
  async handle({ params, body }, { millrace, headers }) {
    await millrace.run(params.runId).signal(params.name, body, { id: idempotencyKeyOf(headers) });
    return { status: 202, body: { runId: params.runId, success: true } };
  },
});

const cancelRun = route({
  method: 'post',
  path: '/runs/{runId}/cancel',
  name: 'cancelRun',
  summary: 'Asks a run to end; its compensations run first.',
  tag: 'runs',
  permission: 'operate',
  repeatable: true,
  params: one,
  body: z.strictObject({ reason: z.string().max(1_000).optional() }),
  optionalBody: true,
  answers: accepted,
  async handle({ params, body }, { millrace, headers }) {
    // The body may be left out.
    const { reason } = (body ?? {}) as { reason?: string };
    await millrace.run(params.runId).cancel(reason, { id: idempotencyKeyOf(headers) });
    return { status: 202, body: { runId: params.runId, success: true } };
  },
});

const retryRun = route({
  method: 'post',
  path: '/runs/{runId}/retry',
  name: 'retryRun',
  summary:
    'Lets a failed, cancelled or timed-out run go on from its failure or a step, or a blocked one try again.',
  tag: 'runs',
  permission: 'operate',
  repeatable: true,
  params: one,
  body: z.strictObject({
    from: text(256).optional().meta({
      description: 'A step or node: that and all that was asked for after it is done again',
    }),
  }),
  optionalBody: true,
  answers: { 202: { description: 'It is queued again', schema: given } },
  async handle({ params, body }, { millrace, headers }) {
    // The body may be left out.
    const { from } = (body ?? {}) as { from?: string };
    await millrace.run(params.runId).retry({ id: idempotencyKeyOf(headers), from });
    return { status: 202, body: { runId: params.runId, success: true } };
  },
});

export const RUN_ACTS: readonly Route[] = [signalRun, cancelRun, retryRun];

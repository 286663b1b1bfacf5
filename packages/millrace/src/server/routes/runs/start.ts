import { z } from 'zod';
import type { StartItem, StartName, StartOutcome } from '../../../index.ts';
import { idempotencyKeyOf } from '../../http/request.ts';
import { problemOf } from '../../http/problem.ts';
import type { RequestContext } from '../../http/request.ts';
import { route, type Route } from '../../http/route.ts';
import { acknowledgement, refusedStart, start, type Start } from '../../schemas/runs/start.ts';

const startRun = route({
  method: 'post',
  path: '/runs',
  name: 'startRun',
  summary: 'Starts a run. When it is answered the run is durable.',
  tag: 'runs',
  permission: 'start',
  repeatable: true,
  body: start,
  starts: () => 1,
  answers: {
    201: { description: 'It is started', schema: acknowledgement },
    200: {
      description: 'Its key had this run already, with the same workflow and input',
      schema: acknowledgement,
    },
  },
  async handle({ body }, context) {
    const key = idempotencyKeyOf(context.headers);
    const item = { ...itemOf(body, key, context), audit: context.origin };
    const [outcome] = await context.millrace.startEach([item]);
    const started = outcome as StartOutcome; // one of each item
    if ('refusal' in started) throw started.refusal;
    const { isNew } = started;
    return { status: isNew ? 201 : 200, body: acknowledged(started), recorded: isNew };
  },
});

const MOST_STARTS = 1_000;

const startRuns = route({
  method: 'post',
  path: '/runs/batch',
  name: 'startRuns',
  summary: 'Starts several runs, each of which is refused alone.',
  tag: 'runs',
  permission: 'start',
  repeatable: true,
  body: z.array(start).min(1).max(MOST_STARTS),
  starts: (items) => items.length,
  answers: {
    200: {
      description: 'In the order of the starts, what became of each',
      schema: z.array(z.union([acknowledgement, refusedStart])),
    },
  },
  async handle({ body }, context) {
    const key = idempotencyKeyOf(context.headers);
    const items = body.map((each, at) => itemOf(each, key && `${key}:${at}`, context));
    const outcomes = await context.millrace.startEach(items);
    return { status: 200, body: outcomes.map((outcome) => told(outcome, context)) };
  },
});

/** @param fallback - its key, where it names none. */
function itemOf(
  { workflow, version, input, startAt, ...options }: Start,
  fallback: string | undefined,
  { traceparent }: RequestContext,
): StartItem<StartName> {
  return {
    // Durations are texts of the caller, which the library reads.
    ...(options as Pick<StartItem, keyof typeof options>),
    key: options.key ?? fallback,
    workflow: version === undefined ? workflow : { name: workflow, version: String(version) },
    input,
    traceparent,
    startAt: startAt === undefined ? undefined : new Date(startAt),
  };
}

type Started = Exclude<StartOutcome, { refusal: unknown }>;

function acknowledged({ run: { runId }, status }: Started) {
  return { runId, jobId: runId, status, success: true, queued: status === 'queued' };
}

function told(outcome: StartOutcome, { requestId }: RequestContext) {
  if (!('refusal' in outcome)) return acknowledged(outcome);
  return { ...problemOf(outcome.refusal, requestId), success: false };
}

export const START_ROUTES: readonly Route[] = [startRun, startRuns];

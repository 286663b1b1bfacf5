import { z } from 'zod';
import { createHeart } from '../events/heart.ts';
import { EVENT_HEADERS, eventStream, type EventSource } from '../events/stream.ts';
import { route, type Answer, type Route } from '../http/route.ts';
import { change, historyChange } from '../schemas/change.ts';
import { runId } from '../schemas/runs/run.ts';
import type { HeaderReader } from '../wire/exchange.ts';

/** Connections that are silent for longer are closed by what stands between. */
const HEARTBEAT_MS = 15_000;
const heart = createHeart(HEARTBEAT_MS);

const words = z
  .union([z.string(), z.array(z.string())])
  .transform((given) => [given].flat().flatMap((text) => text.split(',')))
  .meta({ description: 'Separated by commas, or given more than once' });

const after = z
  .string()
  .optional()
  .meta({ description: 'As the header Last-Event-ID, which goes before it' });

const watchEvents = route({
  method: 'get',
  path: '/events',
  name: 'watchEvents',
  summary: 'What becomes of runs, engines and queues, as Server-Sent Events.',
  tag: 'events',
  permission: 'read',
  query: z.strictObject({
    types: words.optional(),
    workflow: z.string().optional(),
    tag: z.string().optional(),
    runId: runId.optional(),
    queue: z.string().optional(),
    after,
  }),
  answers: { 200: { description: 'Events', type: 'text/event-stream', schema: change } },
  async handle({ query }, { millrace, headers }) {
    const subscription = await millrace.observatory.follow({ ...query, after: lastId(headers, query.after) });
    return streamed({
      next: async () => (await subscription.next())?.changes,
      place: () => subscription.place(),
      close: () => subscription.close(),
    });
  },
});

const watchRun = route({
  method: 'get',
  path: '/runs/{runId}/events',
  name: 'watchRun',
  summary: 'The history of a run as it is recorded, as Server-Sent Events. Ends with the run.',
  tag: 'events',
  permission: 'read',
  params: z.object({ runId }),
  query: z.strictObject({ after }),
  answers: {
    200: { description: 'Events', type: 'text/event-stream', schema: historyChange },
    204: { description: 'The run has ended, and all of it was told' },
  },
  async handle({ params, query }, { millrace, headers }) {
    const last = lastId(headers, query.after);
    const subscription = await millrace.observatory.followRun(params.runId, last);
    if (!subscription.isOver)
      return streamed({
        next: () => subscription.next(),
        place: () => undefined,
        close: () => subscription.close(),
      });
    subscription.close();
    return { status: 204 };
  },
});

function lastId(headers: HeaderReader, given: string | undefined): string | undefined {
  // Clients that have none yet may say so with an empty one.
  return headers.get('last-event-id') || given || undefined;
}

function streamed(source: EventSource): Answer {
  return { status: 200, headers: EVENT_HEADERS, stream: eventStream(source, heart) };
}

export const EVENT_ROUTES: readonly Route[] = [watchEvents, watchRun];

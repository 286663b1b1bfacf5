import { z } from 'zod';
import { route, type Route } from '../../http/route.ts';
import { history, runGraph, why } from '../../schemas/runs/look.ts';
import { limitOf, positionOf, several } from '../../schemas/page.ts';
import { outcome, run, runId, runPage, status } from '../../schemas/runs/run.ts';
import { text } from '../../schemas/text.ts';
import { isClosed } from '../../../core/status.ts';
import { durationMs } from '../../../core/duration.ts';

const one = z.object({ runId });

const listRuns = route({
  method: 'get',
  path: '/runs',
  name: 'listRuns',
  summary: 'Runs, newest first; `input`, `output` and `error` are null here.',
  tag: 'runs',
  permission: 'read',
  query: z.strictObject({
    status: several(status).optional(),
    workflow: text(128).optional(),
    version: text(64).optional(),
    queue: text(128).optional(),
    tag: text(128).optional(),
    key: text(512).optional(),
    parentRunId: runId.optional(),
    q: text(512).optional().meta({
      description: 'Words in the workflow, the key or a tag, or how the id begins; capitals do not matter',
    }),
    cursor: runId.optional().meta({ description: 'The `nextCursor` of the page before' }),
    limit: limitOf(1_000),
  }),
  answers: { 200: { description: 'A page of them', schema: runPage } },
  polled: true,
  async handle({ query: { version, cursor, limit = 50, ...filter } }, { millrace }) {
    const page = await millrace.runs({ ...filter, workflowVersion: version, before: cursor, limit });
    return { status: 200, body: { items: page.runs, nextCursor: page.next ?? null } };
  },
});

const readRun = route({
  method: 'get',
  path: '/runs/{runId}',
  name: 'readRun',
  summary: 'A run as it stands; with `nodes`, of a run of a definition its nodes too.',
  tag: 'runs',
  permission: 'read',
  params: one,
  query: z.strictObject({
    nodes: z
      .enum(['true', 'false'])
      .transform((given) => given === 'true')
      .optional(),
  }),
  answers: { 200: { description: 'The run', schema: run } },
  polled: true,
  async handle({ params, query }, { millrace }) {
    return { status: 200, body: await millrace.run(params.runId).describe({ nodes: query.nodes ?? false }) };
  },
});

const readHistory = route({
  method: 'get',
  path: '/runs/{runId}/history',
  name: 'readHistory',
  summary: 'What is recorded of a run, in order, a page at a time.',
  tag: 'runs',
  permission: 'read',
  params: one,
  query: z.strictObject({
    cursor: positionOf().meta({ description: 'Position of the first event, from 0' }),
    limit: limitOf(1_000),
  }),
  answers: { 200: { description: 'A page of it', schema: history } },
  polled: true,
  async handle({ params, query: { cursor, limit } }, { millrace }) {
    const { items, next } = await millrace.run(params.runId).historyPage({ from: cursor, limit });
    return { status: 200, body: { items, nextCursor: next === undefined ? null : String(next) } };
  },
});

const readWhy = route({
  method: 'get',
  path: '/runs/{runId}/why',
  name: 'readWhy',
  summary: 'What holds a run up, from itself to the cause, and what can be done about it.',
  tag: 'runs',
  permission: 'read',
  params: one,
  answers: { 200: { description: 'The reasons; none: it has ended', schema: why } },
  async handle({ params }, { millrace }) {
    return { status: 200, body: await millrace.run(params.runId).why() };
  },
});

const readGraph = route({
  method: 'get',
  path: '/runs/{runId}/graph',
  name: 'readGraph',
  summary: 'The graph of a run of a definition: its nodes, how they stand, and what needs what.',
  tag: 'runs',
  permission: 'read',
  params: one,
  answers: { 200: { description: 'The graph', schema: runGraph } },
  polled: true,
  async handle({ params }, { millrace }) {
    return { status: 200, body: await millrace.run(params.runId).graph() };
  },
});

/** Longer than that no proxy keeps a request that is not answered. */
const LONGEST_WAIT_MS = 60_000;

const awaitResult = route({
  method: 'get',
  path: '/runs/{runId}/result',
  name: 'awaitResult',
  summary: 'How a run ended. Until it has, the answer waits for as long as `wait` says, at most 60 s.',
  tag: 'runs',
  permission: 'read',
  waits: true,
  params: one,
  query: z.strictObject({
    wait: z.string().max(200).optional().meta({ description: "A duration such as '30s'. Default: no wait" }),
  }),
  answers: {
    200: { description: 'It has ended', schema: outcome },
    202: { description: 'It is still open. A blocked run is not waited for', schema: outcome },
  },
  async handle({ params, query }, context) {
    const wait = Math.min(durationMs(query.wait ?? 0, 'wait'), LONGEST_WAIT_MS);
    const signal = wait === 0 ? undefined : context.signal;
    const body = await context.millrace.run(params.runId).outcome({ wait, signal });
    return { status: isClosed(body.status) ? 200 : 202, body };
  },
});

export const RUN_READS: readonly Route[] = [listRuns, readRun, readHistory, readWhy, readGraph, awaitResult];

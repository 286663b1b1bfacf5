import { z } from 'zod';
import type { RolloutOptions } from '../../../index.ts';
import { idempotencyKeyOf } from '../../http/request.ts';
import type { RequestContext } from '../../http/request.ts';
import { route, type Route } from '../../http/route.ts';
import { definition, rollOut as rollOutBody, versionName, workflowName } from '../../schemas/definition.ts';

const named = z.object({ name: workflowName });
const answers = { 200: { description: 'The workflow as it is now', schema: definition } } as const;

const activateVersion = route({
  method: 'post',
  path: '/definitions/{name}/activate',
  name: 'activateVersion',
  summary: 'Lets all new runs of a workflow get this version; a roll-out ends.',
  tag: 'definitions',
  permission: 'operate',
  repeatable: true,
  params: named,
  body: z.strictObject({ version: z.union([z.int().positive(), versionName]) }),
  answers,
  async handle({ params, body }, context) {
    return { status: 200, body: await context.millrace.activate(params.name, body.version, who(context)) };
  },
});

const rollOut = route({
  method: 'post',
  path: '/definitions/{name}/rollout',
  name: 'rollOut',
  summary: 'Lets parts of the new runs of a workflow get other versions, drawn by their keys.',
  tag: 'definitions',
  permission: 'operate',
  repeatable: true,
  params: named,
  body: rollOutBody,
  answers,
  async handle({ params, body: { weights, guard } }, context) {
    // Durations are texts of the caller, which the library reads.
    const options = { ...who(context), guard: guard as RolloutOptions['guard'] };
    return { status: 200, body: await context.millrace.rollout(params.name, weights, options) };
  },
});

const rollBack = route({
  method: 'post',
  path: '/definitions/{name}/rollback',
  name: 'rollBack',
  summary: 'Ends the roll-out; where there is none, the version that was active before is active again.',
  tag: 'definitions',
  permission: 'operate',
  repeatable: true,
  params: named,
  answers,
  async handle({ params }, context) {
    return { status: 200, body: await context.millrace.rollback(params.name, who(context)) };
  },
});

function who({ principal, headers }: RequestContext) {
  return { by: principal.id, id: idempotencyKeyOf(headers) };
}

export const REROUTE_ROUTES: readonly Route[] = [activateVersion, rollOut, rollBack];

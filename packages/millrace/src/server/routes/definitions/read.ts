import { z } from 'zod';
import { route, type Route } from '../../http/route.ts';
import { definition, storedDocument, versionName, workflowName } from '../../schemas/definition.ts';
import { limitOf, page } from '../../schemas/page.ts';

const listDefinitions = route({
  method: 'get',
  path: '/definitions',
  name: 'listDefinitions',
  summary: 'Workflows by name, deployed ones and code, with their versions and how many runs are on each.',
  tag: 'definitions',
  permission: 'read',
  query: z.strictObject({
    cursor: workflowName.optional().meta({ description: 'The `nextCursor` of the page before' }),
    limit: limitOf(1_000),
  }),
  answers: {
    200: { description: 'A page of them', schema: page(definition).meta({ id: 'DefinitionPage' }) },
  },
  polled: true,
  async handle({ query: { cursor = '', limit = 100 } }, { millrace }) {
    const all = await millrace.definitions();
    const rest = all.filter(({ name }) => name > cursor);
    const items = rest.slice(0, limit);
    const nextCursor = rest.length > limit ? (items.at(-1)?.name ?? null) : null;
    return { status: 200, body: { items, nextCursor } };
  },
});

const readDefinition = route({
  method: 'get',
  path: '/definitions/{name}',
  name: 'readDefinition',
  summary: 'A workflow with its versions, who gets them and how their runs ended.',
  tag: 'definitions',
  permission: 'read',
  params: z.object({ name: workflowName }),
  answers: { 200: { description: 'The workflow', schema: definition } },
  polled: true,
  async handle({ params }, { millrace }) {
    return { status: 200, body: await millrace.definition(params.name) };
  },
});

const readVersion = route({
  method: 'get',
  path: '/definitions/{name}/versions/{version}',
  name: 'readVersion',
  summary: 'A version of a definition, as it was deployed.',
  tag: 'definitions',
  permission: 'read',
  params: z.object({ name: workflowName, version: versionName }),
  answers: { 200: { description: 'It, with its document', schema: storedDocument } },
  polled: true,
  async handle({ params }, { millrace }) {
    return { status: 200, body: await millrace.definitionVersion(params.name, params.version) };
  },
});

export const DEFINITION_READS: readonly Route[] = [listDefinitions, readDefinition, readVersion];

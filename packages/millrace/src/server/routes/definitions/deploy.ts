import { z } from 'zod';
import { MAX_DOCUMENT_BYTES } from '../../../core/dag/reading/source/caps.ts';
import { route, type Route } from '../../http/route.ts';
import { definitionProblem, deployed, versionName, workflowName } from '../../schemas/definition.ts';

/** A definition is read as the text that it is, so that problems say where in it they are. */
const text = {
  body: z.string().meta({ description: 'A definition: YAML 1.2 or JSON' }),
  textTypes: ['application/json', 'application/yaml', 'application/x-yaml', 'text/yaml'],
  maxBodyBytes: MAX_DOCUMENT_BYTES,
} as const;

const deployDefinition = route({
  method: 'put',
  path: '/definitions/{name}/versions/{version}',
  name: 'deployDefinition',
  summary: 'Stores a version of a definition, which never changes from then on.',
  tag: 'definitions',
  permission: 'operate',
  params: z.object({ name: workflowName, version: versionName }),
  ...text,
  answers: {
    201: { description: 'It is stored', schema: deployed },
    200: { description: 'It was there already, with this content', schema: deployed },
  },
  async handle({ params: expect, body }, { millrace, principal }) {
    const done = await millrace.deploy(body, { by: principal.id, expect });
    return { status: done.outcome === 'stored' ? 201 : 200, body: done };
  },
});

const validateDefinition = route({
  method: 'post',
  path: '/definitions/validate',
  name: 'validateDefinition',
  summary: 'Lists everything that is wrong with a definition; nothing is stored.',
  tag: 'definitions',
  permission: 'operate',
  query: z.strictObject({
    file: z.string().max(512).optional().meta({ description: 'What problems call it' }),
  }),
  ...text,
  answers: {
    200: { description: 'The problems, none if it may be deployed', schema: z.array(definitionProblem) },
  },
  async handle({ query, body }, { millrace }) {
    return { status: 200, body: await millrace.validate(body, query) };
  },
});

export const DEPLOY_ROUTES: readonly Route[] = [deployDefinition, validateDefinition];

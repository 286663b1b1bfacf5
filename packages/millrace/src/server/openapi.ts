import { z } from 'zod';
import { problem } from './schemas/problem.ts';
import { PROBLEM_TYPE } from './http/problem.ts';
import { addressOf, type AnswerSpec, type Route } from './http/route.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * The OpenAPI 3.1 document of these routes: the schemas in it are those that check requests, and that answers are held
 * against in tests. Schemas with an id stand among the components, under it.
 */
export function openApiDocument(routes: readonly Route[], version: string): Json {
  const components = new Map<string, unknown>();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = addressOf(route);
    paths[path] = { ...paths[path], [route.method]: operationOf(route, components) };
  }
  const refused = problemResponse(components);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Millrace',
      version,
      description:
        'Durable workflows: start runs, look at them, act on them, and operate the cluster that executes them.',
    },
    security: [{ bearer: [] }],
    paths,
    components: {
      schemas: Object.fromEntries([...components].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      responses: { Problem: refused },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    },
  };
}

const IDEMPOTENCY_KEY: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'Of the caller: what is sent again under the same is not done again',
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]+$' },
};

function operationOf(route: Route, components: Map<string, unknown>): Json {
  const { name, summary, tag, permission, params, query, body, optionalBody, answers } = route;
  const { textTypes = ['application/json'], repeatable, polled } = route;
  return {
    operationId: name,
    summary,
    tags: [tag],
    'x-permission': permission,
    parameters: [
      ...parametersOf(params, 'path', components),
      ...parametersOf(query, 'query', components),
      ...(repeatable === true ? [IDEMPOTENCY_KEY] : []),
    ],
    ...(body !== undefined && {
      requestBody: {
        required: optionalBody !== true,
        content: Object.fromEntries(
          textTypes.map((type) => [type, { schema: schemaOf(body, 'input', components) }]),
        ),
      },
    }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, spec]) => [status, responseOf(spec, components)]),
      ),
      ...(polled === true && {
        304: { description: 'The caller has it already, as its If-None-Match says' },
      }),
      default: { $ref: '#/components/responses/Problem' },
    },
  };
}

function parametersOf(
  fields: z.ZodObject | undefined,
  place: 'path' | 'query',
  components: Map<string, unknown>,
): Json[] {
  if (fields === undefined) return [];
  return Object.entries(fields.shape).map(([name, schema]) => ({
    name,
    in: place,
    required: place === 'path' || !z.safeParse(schema as z.ZodType, undefined).success,
    schema: schemaOf(schema as z.ZodType, 'input', components),
  }));
}

function responseOf(
  { description, schema, type = 'application/json' }: AnswerSpec,
  components: Map<string, unknown>,
): Json {
  if (schema !== undefined)
    return { description, content: { [type]: { schema: schemaOf(schema, 'output', components) } } };
  return type === 'application/json' ? { description } : { description, content: { [type]: {} } };
}

function problemResponse(components: Map<string, unknown>): Json {
  return {
    description: 'A refusal, or a failure of the server',
    content: { [PROBLEM_TYPE]: { schema: schemaOf(problem, 'output', components) } },
  };
}

/** The schema as JSON Schema 2020-12, which OpenAPI 3.1 speaks; what has an id goes among the components. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', components: Map<string, unknown>): unknown {
  const made = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Record<string, unknown>;
  const { $schema: _, $defs = {}, ...own } = made;
  for (const [id, definition] of Object.entries($defs as Json)) components.set(id, referring(definition));
  const { id } = schema.meta() ?? {};
  if (id === undefined) return referring(own);
  // What refers to itself stands among its own definitions already.
  if (!(id in ($defs as Json))) components.set(id, referring(own));
  return { $ref: `#/components/schemas/${id}` };
}

/** With references to components in the place of those to the schema's own definitions. */
function referring(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(referring);
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key, value]) => !(key === 'id' && typeof value === 'string'))
      .map(([key, value]) => [
        key,
        key === '$ref' && typeof value === 'string'
          ? value.replace('#/$defs/', '#/components/schemas/')
          : referring(value),
      ]),
  );
}

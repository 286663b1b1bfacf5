import { typeText, type Schema } from './schema-text.ts';

/** An OpenAPI document as far as the client needs it. */
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly schema: Schema;
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

interface Called extends Operation {
  readonly method: string;
  readonly path: string;
}

/** The source of the client's types: every schema by name, every operation, and where each is to be found. */
export function operationsText({ paths, components }: OpenApi): string {
  const operations = Object.entries(paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]): Called => ({ ...operation, method, path })),
    )
    .toSorted((a, b) => (a.operationId < b.operationId ? -1 : 1));
  const schemas = Object.entries(components.schemas).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return indented([
    '// Made by packages/client/generate from the routes of the server. Change those, then `npm run generate`.',
    ...schemas.map(([name, schema]) => `\nexport type ${name} = ${typeText(schema)};`),
    '\n/** What each operation takes and answers. */',
    `export interface Operations {\n${operations.map(operationText).join('\n')}\n}`,
    '\n/** Where each operation is to be found. */',
    `export const OPERATIONS = {\n${operations.map(placeText).join('\n')}\n} as const;`,
  ]);
}

/** Lines set in by the braces around them. */
function indented(parts: readonly string[]): string {
  let depth = 0;
  const lines = parts
    .join('\n')
    .split('\n')
    .map((line) => {
      if (line.startsWith('}')) depth -= 1;
      const text = line === '' ? '' : `${'  '.repeat(depth)}${line}`;
      if (line.endsWith('{')) depth += 1;
      return text;
    });
  return `${lines.join('\n')}\n`;
}

function operationText({ operationId, summary, parameters = [], requestBody, responses }: Called): string {
  const fields = [
    `readonly params: ${parametersText(parameters.filter((one) => one.in === 'path'))};`,
    `readonly query: ${parametersText(parameters.filter((one) => one.in === 'query'))};`,
    `readonly body: ${bodyText(requestBody)};`,
    `readonly answer: ${answerText(responses)};`,
  ];
  return `/** ${summary} */\nreadonly ${operationId}: {\n${fields.join('\n')}\n};`;
}

function parametersText(parameters: readonly Parameter[]): string {
  if (parameters.length === 0) return 'Readonly<Record<string, never>>';
  const properties = Object.fromEntries(parameters.map(({ name, schema }) => [name, schema]));
  const required = parameters.filter((one) => one.required).map(({ name }) => name);
  return typeText({ type: 'object', properties, required });
}

function bodyText(body: Operation['requestBody']): string {
  if (body === undefined) return 'undefined';
  const text = typeText(body.content['application/json']?.schema);
  return body.required || text === 'unknown' ? text : `${text} | undefined`;
}

/** Of all answers that are no refusal. */
function answerText(responses: Operation['responses']): string {
  const texts = Object.entries(responses)
    .filter(([status]) => status.startsWith('2'))
    .map(([, { content = {} }]) => {
      const { schema } = content['application/json'] ?? {};
      return schema === undefined ? 'undefined' : typeText(schema);
    });
  return [...new Set(texts)].join(' | ') || 'undefined';
}

/** Of a body that is sent as the text that it is. */
const TEXT = 'application/yaml';

function placeText({ operationId, method, path, requestBody }: Called): string {
  const text = requestBody !== undefined && TEXT in requestBody.content ? `, text: '${TEXT}'` : '';
  return `${operationId}: { method: '${method.toUpperCase()}', path: '${path}'${text} },`;
}

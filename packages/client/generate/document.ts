import { readFileSync } from 'node:fs';
import { openApiDocument } from '../../millrace/src/server/http/openapi.ts';
import { ROUTES } from '../../millrace/src/server/routes/table.ts';
import { operationsText, type OpenApi } from './operations.ts';

/** Where the result is committed. */
export const OUTPUT = new URL('../src/generated/operations.ts', import.meta.url);

/** Operations whose routes the server does not have yet. */
const PLANNED = new URL('planned.json', import.meta.url);

/** The types of the client, as the routes of the server are now. */
export function generated(): string {
  // The document is plain JSON; its maker knows no type of it.
  return operationsText(withPlanned(openApiDocument(ROUTES, '0.0.0') as unknown as OpenApi));
}

function withPlanned({ paths, components }: OpenApi): OpenApi {
  const planned = JSON.parse(readFileSync(PLANNED, 'utf8')) as OpenApi; // its own file
  const names = Object.values(paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );
  const all: Record<string, OpenApi['paths'][string]> = { ...paths };
  for (const [path, methods] of Object.entries(planned.paths))
    for (const [method, operation] of Object.entries(methods))
      if (!names.includes(operation.operationId)) all[path] = { ...all[path], [method]: operation };
  return { paths: all, components: { schemas: { ...planned.components.schemas, ...components.schemas } } };
}

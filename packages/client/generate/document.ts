import { openApiDocument } from '../../millrace/src/server/openapi.ts';
import { ROUTES } from '../../millrace/src/server/routes/table.ts';
import { operationsText, type OpenApi } from './operations.ts';

/** Where the result is committed. */
export const OUTPUT = new URL('../src/generated/operations.ts', import.meta.url);

/** The types of the client, as the routes of the server are now. */
export function generated(): string {
  // The document is plain JSON; its maker knows no type of it.
  return operationsText(openApiDocument(ROUTES, '0.0.0') as unknown as OpenApi);
}

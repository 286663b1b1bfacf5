import { Hono } from 'hono';
import type { Doorkeeper } from './access/principal.ts';
import { createApi } from './http/app.ts';
import { remoteOf } from './http/listen.ts';
import { openApiDocument } from './http/openapi.ts';
import type { Health } from './health/health.ts';
import { healthRoutes } from './health/routes.ts';
import { ROUTES } from './routes/table.ts';
import type { Tenants } from './tenants.ts';

/** What a server is made of. */
export interface ServerParts {
  readonly tenants: Tenants;
  readonly doorkeeper: Doorkeeper;
  /** Of this package, for the document. */
  readonly version: string;
  readonly uuid: () => string;
  readonly maxBodyBytes: number;
  readonly reportBug: (error: unknown, requestId: string) => void;
  /** Aborted when the server is about to close. */
  readonly stopping?: AbortSignal;
  /** Undefined: nobody asks this server how it stands. */
  readonly health?: Health;
}

/** The whole HTTP application: also for tests, and for applications that mount it into a server of their own. */
export function createApp(parts: ServerParts): Hono {
  const app = new Hono();
  app.route('/api/v1', createApi({ ...parts, routes: ROUTES, remoteOf }));
  if (parts.health !== undefined) app.route('/', healthRoutes(parts.health));
  const document = JSON.stringify(openApiDocument(ROUTES, parts.version));
  app.get('/openapi.json', () => new Response(document, { headers: { 'content-type': 'application/json' } }));
  return app;
}

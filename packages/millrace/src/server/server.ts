import { Hono } from 'hono';
import type { Doorkeeper } from './access/principal.ts';
import { createAuditor } from './audit/auditor.ts';
import { createApi } from './http/app.ts';
import { type Listening, listen, remoteOf } from './http/listen.ts';
import { openApiDocument } from './http/openapi.ts';
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
}

/** The whole HTTP application: also for tests, and for applications that mount it into a server of their own. */
export function createApp(parts: ServerParts): Hono {
  const app = new Hono();
  const onEnd = createAuditor(parts);
  app.route('/api/v1', createApi({ ...parts, routes: ROUTES, remoteOf, onEnd }));
  const document = JSON.stringify(openApiDocument(ROUTES, parts.version));
  app.get('/openapi.json', () => new Response(document, { headers: { 'content-type': 'application/json' } }));
  return app;
}

/** Opens the port. */
export function openServer(parts: ServerParts, at: { host: string; port: number }): Promise<Listening> {
  const app = createApp(parts);
  return listen((request) => app.fetch(request), at);
}

import { Hono, type MiddlewareHandler } from 'hono';
import type { Doorkeeper } from './access/principal.ts';
import { createAuditor } from './audit/auditor.ts';
import { createApi } from './http/app.ts';
import { type Listening, listen, type ListenOptions, peerOf, readBytes } from './http/listen.ts';
import type { Health } from './health/health.ts';
import { healthRoutes } from './health/routes.ts';
import { openApiDocument } from './openapi.ts';
import type { Route } from './http/route.ts';
import type { Gate } from './quota/gate.ts';
import { callerOf, readNetworks } from './remote.ts';
import { ROUTES } from './routes/table.ts';
import type { Tenants } from './tenants.ts';

/** What a server is made of. */
export interface ServerParts {
  readonly tenants: Tenants;
  readonly doorkeeper: Doorkeeper;
  /** Whom it has room for; undefined: everybody. */
  readonly gate?: Gate | undefined;
  /** Of this package, for the document. */
  readonly version: string;
  readonly uuid: () => string;
  readonly maxBodyBytes: number;
  readonly reportBug: (error: unknown, requestId: string) => void;
  /** Default: all that there are. */
  readonly routes?: readonly Route[];
  /** Networks of proxies that say truly for whom they ask. Default: none. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Aborted when the server is about to close. */
  readonly stopping?: AbortSignal;
  /** Undefined: nobody asks this server how it stands. */
  readonly health?: Health;
}

/** The whole HTTP application: also for tests, and for applications that mount it into a server of their own. */
export function createApp(parts: ServerParts): Hono {
  const app = new Hono();
  const onEnd = createAuditor(parts);
  app.use(keepInert);
  app.route('/api/v1', createApi({ routes: ROUTES, ...parts, remoteOf: callerIn(parts), readBytes, onEnd }));
  if (parts.health !== undefined) app.route('/', healthRoutes(parts.health));
  const document = JSON.stringify(openApiDocument(ROUTES, parts.version));
  app.get('/openapi.json', () => new Response(document, { headers: { 'content-type': 'application/json' } }));
  return app;
}

function callerIn({ trustedProxies = [] }: ServerParts): (request: Request) => string {
  if (trustedProxies.length === 0) return peerOf;
  const ours = readNetworks(trustedProxies);
  return (request) => callerOf(peerOf(request), request.headers.get('x-forwarded-for'), ours);
}

/** Whatever an answer holds, no browser runs or frames it. */
const INERT = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
} as const;

const keepInert: MiddlewareHandler = async (c, next) => {
  await next();
  for (const [name, value] of Object.entries(INERT)) c.res.headers.set(name, value);
};

/** Opens the port. */
export function openServer(parts: ServerParts, at: ListenOptions): Promise<Listening> {
  const app = createApp(parts);
  return listen((request) => app.fetch(request), at);
}

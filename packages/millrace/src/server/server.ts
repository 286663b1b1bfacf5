import { MillraceError } from '../core/errors.ts';
import type { Doorkeeper } from './access/principal.ts';
import { createAuditor } from './audit/auditor.ts';
import { createApi, refused } from './http/app.ts';
import type { Asked, Handler } from './wire/exchange.ts';
import { type Listening, listen, type ListenOptions } from './wire/listen.ts';
import { jsonReply } from './http/reply.ts';
import { traceOf } from './http/trace.ts';
import type { Health } from './health/health.ts';
import { countRequests } from './metrics/count.ts';
import { healthPages, type Pages } from './health/routes.ts';
import { openApiDocument } from './openapi.ts';
import { addressOf, API, type Route } from './http/route.ts';
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

/** The whole HTTP application. */
export function createApp(parts: ServerParts): Handler {
  const remoteOf = callerIn(parts);
  const { routes = ROUTES } = parts;
  const shared = {
    ...parts,
    ...(remoteOf && { remoteOf }),
    onEnd: createAuditor(parts),
    onAnswer: countRequests(parts.tenants),
  };
  const atRoot = routes.filter((route) => route.atRoot === true);
  const roots = new Set(atRoot.map(addressOf));
  const root = createApi({ ...shared, routes: atRoot });
  const api = createApi({ ...shared, routes: routes.filter((route) => route.atRoot !== true) });
  const document = JSON.stringify(openApiDocument(ROUTES, parts.version));
  const pages: Pages = new Map([
    ...(parts.health === undefined ? [] : healthPages(parts.health)),
    ['/openapi.json', () => jsonReply(200, document)],
  ]);
  return async (asked) => {
    const { path, method } = asked;
    if (path.startsWith(`${API}/`)) return api(asked, path.slice(API.length));
    if (roots.has(path)) return root(asked, path);
    const page = method === 'GET' || method === 'HEAD' ? pages.get(path) : undefined;
    const trace = traceOf(asked.headers, parts.uuid);
    try {
      if (page === undefined) throw new MillraceError('NO_SUCH_ROUTE', `there is no ${method} ${path}`);
      return await page();
    } catch (error) {
      return refused(parts, error, trace);
    }
  };
}

function callerIn({ trustedProxies = [] }: ServerParts): ((asked: Asked) => string) | undefined {
  if (trustedProxies.length === 0) return undefined;
  const ours = readNetworks(trustedProxies);
  return ({ peer, headers }) => callerOf(peer, headers.get('x-forwarded-for'), ours);
}

/** Opens the port. */
export function openServer(parts: ServerParts, at: ListenOptions): Promise<Listening> {
  return listen(createApp(parts), at);
}

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Millrace } from '../millrace.ts';
import { refuseExposure } from './access/exposure.ts';
import { openDoor } from './access/local.ts';
import type { Doorkeeper } from './access/principal.ts';
import { createHealth } from './health/health.ts';
import { openService } from './service.ts';
import { createTenants } from './tenants.ts';

export { openMetrics, type Metrics } from '../observe/metrics.ts';
export type { Doorkeeper, Permission, Principal, Role } from './access/principal.ts';

/** Largest body of a request that is read. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024;

export interface HttpOptions {
  /** Default 127.0.0.1. */
  host?: string | undefined;
  /** Default 7400; 0: any that is free. */
  port?: number | undefined;
  /** Says who calls. Without one everybody may do everything, and the server listens on loopback only. */
  doorkeeper?: Doorkeeper | undefined;
  /** Of this package, for the API's document. */
  version?: string | undefined;
  /** Hears of errors that are nobody's mistake but ours. Default: standard error. */
  reportBug?: ((error: unknown, requestId: string) => void) | undefined;
}

/** The HTTP API of engines that live in this process. */
export interface HttpServer {
  /** Such as `http://127.0.0.1:7400`. */
  readonly url: string;
  /** Lets requests end for at most `graceMs` (default 10,000). The engines are their owner's affair. */
  close(graceMs?: number): Promise<void>;
}

/**
 * Serves the HTTP API of one Millrace of the namespace `default`, or of several by namespace.
 * @throws LISTEN_FAILED, UNPROTECTED_ADDRESS.
 */
export async function serveHttp(
  millrace: Millrace | ReadonlyMap<string, Millrace>,
  options: HttpOptions = {},
): Promise<HttpServer> {
  const { host = '127.0.0.1', port = 7400, doorkeeper, version = '0.0.0', reportBug = tell } = options;
  refuseExposure(host, doorkeeper !== undefined);
  const byNamespace = millrace instanceof Map ? millrace : new Map([['default', millrace as Millrace]]);
  const tenants = createTenants(byNamespace);
  const [first] = tenants;
  const health = createHealth(first?.engine?.options.name ?? `${hostname()}-${process.pid}`);
  const service = await openService({ host, port, health, uuid: randomUUID });
  service.serve({
    tenants,
    doorkeeper: doorkeeper ?? openDoor(tenants.names[0] ?? 'default'),
    version,
    maxBodyBytes: MAX_BODY_BYTES,
    reportBug,
  });
  return { url: service.url, close: (graceMs = 10_000) => service.close(graceMs) };
}

function tell(error: unknown, requestId: string): void {
  process.stderr.write(`request ${requestId}: ${error instanceof Error ? error.stack : String(error)}\n`);
}

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { MillraceOptions } from '../../../../api/options.ts';
import type { Configuration } from '../../../../core/configuration/settings.ts';
import { openStore } from '../../../../open-store.ts';
import { openTenants, type OpenTenants } from '../../../../open-tenants.ts';
import { isLoopback, refuseExposure } from '../../../../server/access/exposure.ts';
import { openDoor } from '../../../../server/access/local.ts';
import { createHealth } from '../../../../server/health/health.ts';
import { MAX_BODY_BYTES } from '../../../../server/index.ts';
import { openService, type Service } from '../../../../server/service.ts';
import { createTenants, type Tenants } from '../../../../server/tenants.ts';
import type { Store } from '../../../../store/port/store.ts';
import type { Cli } from '../../../cli.ts';
import { answering } from '../../../connect/open-client.ts';
import { workingOptions } from '../../../connect/working-options.ts';
import type { ModuleContents } from '../../../modules/inspect-exports.ts';
import { logTo } from '../../../output/log-line.ts';
import { packageVersion } from '../../../package-version.ts';
import { isGuardedBy, openDoorOf, openGateOf } from './door.ts';

/** What one process of a cluster is made of. */
export interface NodeParts {
  readonly cli: Cli;
  readonly configuration: Configuration;
  readonly store: string;
  readonly contents: ModuleContents;
  /** Undefined: engines alone. */
  readonly at: { readonly host: string; readonly port: number } | undefined;
  readonly options?: Pick<MillraceOptions, 'httpAllowHosts'>;
  /** How long it answers still when it is about to leave: balancers go elsewhere meanwhile. */
  readonly lingerMs?: number;
}

/** A process that works and answers. */
export interface RunningNode {
  readonly name: string;
  readonly tenants: Tenants;
  /** Undefined: it does not answer. */
  readonly url: string | undefined;
  /** Resolves when every engine has left. */
  readonly departed: Promise<void>;
  /**
   * Not ready from now on; running steps, then requests, end for at most so long; then everything is closed.
   */
  close(graceMs: number): Promise<void>;
}

/** Even where steps took all the time, requests that are being answered get so much. */
const LEAST_GRACE_MS = 1_000;

/**
 * Opens the port, the store and the engines. Where nobody is asked for a key, the port is this machine's own.
 * @throws LISTEN_FAILED, UNPROTECTED_ADDRESS, NOT_ALONE, and as `Millrace.open`.
 */
export async function openNode(parts: NodeParts): Promise<RunningNode> {
  const { cli, configuration, at, options } = parts;
  const { engineName, hostName = hostname(), namespaces, distributed } = configuration;
  const name = engineName ?? `${hostName}-${process.pid}`;
  const health = createHealth(name);
  const openPort = async (): Promise<Service | undefined> =>
    at && openService({ ...at, health, uuid: randomUUID });
  // Whether there are keys only the store knows: until then nobody else may reach the port.
  const isEarly = at !== undefined && (isLoopback(at.host) || isGuardedBy(configuration));
  let service = isEarly ? await openPort() : undefined;
  let open: OpenTenants | undefined;
  try {
    const { contents, store: url } = parts;
    const working = { ...workingOptions(cli, configuration), ...contents, ...options };
    const store = await answering(url, openAnswering(url));
    open = await openTenants({ ...working, store, url, name, namespaces, distributed });
    const tenants = createTenants(open.byNamespace);
    const doorkeeper = await openDoorOf(configuration, tenants);
    if (at !== undefined) refuseExposure(at.host, doorkeeper !== undefined);
    service ??= await openPort();
    service?.serve({
      tenants,
      doorkeeper: doorkeeper ?? openDoor(namespaces[0] ?? 'default'),
      gate: openGateOf(configuration, tenants),
      trustedProxies: configuration.trustedProxies,
      version: packageVersion(),
      maxBodyBytes: MAX_BODY_BYTES,
      reportBug: bugReporter(cli, configuration),
    });
    return running({ name, tenants, open, service, lingerMs: parts.lingerMs ?? 0 });
  } catch (error) {
    await service?.close(0);
    await open?.close();
    throw error;
  }
}

/** A store that answers; it may have no schema yet. */
async function openAnswering(url: string): Promise<Store> {
  const store = await openStore(url);
  try {
    await store.migrate({ dryRun: true });
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

interface Opened {
  readonly name: string;
  readonly tenants: Tenants;
  readonly open: OpenTenants;
  readonly service: Service | undefined;
  readonly lingerMs: number;
}

function running({ name, tenants, open, service, lingerMs }: Opened): RunningNode {
  return {
    name,
    tenants,
    url: service?.url,
    departed: open.departed,
    async close(graceMs) {
      const begunAt = performance.now();
      service?.leave();
      const lingered = service === undefined ? undefined : pause(Math.min(lingerMs, graceMs));
      await Promise.all([open.drain(graceMs), lingered]);
      const left = graceMs - (performance.now() - begunAt);
      await service?.close(Math.max(left, LEAST_GRACE_MS));
      await open.close();
    },
  };
}

function bugReporter({ terminal }: Cli, { logLevel, logFormat }: Configuration) {
  const log = logTo(terminal, { level: logLevel, format: logFormat });
  return (error: unknown, requestId: string): void => {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log({ source: 'engine', level: 'error', message, fields: { requestId } });
  };
}

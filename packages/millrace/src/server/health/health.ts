import type { Millrace } from '../../millrace.ts';
import type { Tenants } from '../tenants.ts';
import { createProbe, type Finding } from './probe.ts';

/** What `GET /health` answers while the process lives, whatever else does not. */
export interface HealthReport {
  readonly status: 'healthy' | 'degraded';
  readonly timestamp: string;
  readonly instanceId: string;
  /** Seconds. */
  readonly uptime: number;
  /** Bytes. */
  readonly memory: NodeJS.MemoryUsage;
  /** `activeWorkflows` of all namespaces; the others from 0 to 100. */
  readonly load: {
    readonly activeWorkflows: number;
    readonly cpuUsage: number;
    readonly memoryUsage: number;
  };
  readonly database: { readonly status: 'connected' | 'disconnected'; readonly latencyMs: number | null };
  readonly distributedLock: {
    readonly status: 'healthy' | 'unhealthy';
    readonly latencyMs: number | null;
  };
}

/** One check of `GET /ready`. */
export interface ReadyCheck {
  readonly name: 'database' | 'scheduler' | 'lockManager';
  readonly status: 'fulfilled' | 'rejected';
  readonly error?: string;
}

export interface ReadyReport {
  readonly status: 'ready' | 'not_ready';
  readonly checks: readonly ReadyCheck[];
}

/** How a process stands, for those who watch over it and send it requests. Never throws. */
export interface Health {
  /** Its engines are there. */
  joined(tenants: Tenants): void;
  /** It is about to leave: from now on it is not ready. */
  drains(): void;
  report(): Promise<HealthReport>;
  ready(): Promise<ReadyReport>;
}

const NOT_YET = async (): Promise<Finding> => ({ ok: false, latencyMs: null });

/** @param instanceId - name of this process. */
export function createHealth(instanceId: string): Health {
  let millraces: readonly Millrace[] = [];
  let draining = false;
  let database = NOT_YET;
  let locks = NOT_YET;

  const load = (): HealthReport['load'] => {
    const activeWorkflows = millraces.reduce((sum, { engine }) => sum + (engine?.held.size ?? 0), 0);
    const { cpuUsage = 0, memoryUsage = 0 } = millraces[0]?.engine?.ports.load() ?? {};
    return { activeWorkflows, cpuUsage, memoryUsage };
  };

  return {
    joined(tenants) {
      millraces = [...tenants];
      const [first] = millraces;
      const [namespace] = tenants.names;
      if (first === undefined || namespace === undefined) return;
      database = createProbe(() => first.store.readSettings());
      locks = createProbe(() => first.store.listLocks({ namespace, limit: 1 }));
    },
    drains() {
      draining = true;
    },
    async report() {
      const [stored, locked] = await Promise.all([database(), locks()]);
      const { latencyMs } = stored;
      return {
        status: stored.ok && locked.ok ? 'healthy' : 'degraded',
        timestamp: new Date().toISOString(),
        instanceId,
        uptime: process.uptime(),
        memory: process.memoryUsage(),
        load: load(),
        database: { status: stored.ok ? 'connected' : 'disconnected', latencyMs },
        distributedLock: { status: locked.ok ? 'healthy' : 'unhealthy', latencyMs: locked.latencyMs },
      };
    },
    async ready() {
      const [stored, locked] = await Promise.all([database(), locks()]);
      const checks = [
        check('database', stored.ok ? undefined : 'the database does not answer'),
        check('scheduler', schedulerProblem(millraces, draining)),
        check('lockManager', locked.ok ? undefined : 'locks cannot be read'),
      ];
      const isReady = checks.every(({ status }) => status === 'fulfilled');
      return { status: isReady ? 'ready' : 'not_ready', checks };
    },
  };
}

/** What it says anybody may read: no address, no name. */
function check(name: ReadyCheck['name'], error: string | undefined): ReadyCheck {
  return error === undefined ? { name, status: 'fulfilled' } : { name, status: 'rejected', error };
}

function schedulerProblem(millraces: readonly Millrace[], draining: boolean): string | undefined {
  if (draining) return 'this process is about to leave';
  if (millraces.length === 0) return 'the engine has not joined yet';
  if (millraces.every(({ engine }) => engine?.mayClaim() === true)) return undefined;
  return 'the engine has left, or its beat is not confirmed';
}

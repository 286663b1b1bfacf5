import { setTimeout as pause } from 'node:timers/promises';
import { engineOptions, type MillraceOptions } from './api/options.ts';
import { ask } from './api/store-failure.ts';
import { decodeProfile } from './core/cluster/profile.ts';
import { MillraceError } from './core/errors.ts';
import { Millrace } from './millrace.ts';
import { realPorts } from './ports/real-ports.ts';
import type { EngineRow, Store } from './store/port/store.ts';

/** What all engines of a process have in common. */
export interface TenantOptions extends Omit<MillraceOptions, 'store' | 'namespace' | 'ports' | 'work'> {
  /** Open already; closed with the last engine. */
  readonly store: Store;
  /** Its address, by which others reach it. */
  readonly url: string;
  /** At least one, each once. */
  readonly namespaces: readonly string[];
  /** Of the process. */
  readonly name: string;
  /** False: it ends where another process serves one of these namespaces. Default true. */
  readonly distributed?: boolean;
}

/** An engine for each namespace, all on one store that is open once. */
export interface OpenTenants {
  readonly byNamespace: ReadonlyMap<string, Millrace>;
  /** Resolves when every engine has left. */
  readonly departed: Promise<void>;
  /** Takes nothing new and lets running steps end for at most so long; what is asked through them is answered still. */
  drain(graceMs: number): Promise<void>;
  /** Ends the rest, and closes the store. */
  close(): Promise<void>;
}

/**
 * Opens an engine for each namespace; the store is theirs from now on, whatever comes. Each has a heart of its own, which
 * beats for one incarnation.
 * @throws as `Millrace.open`, NOT_ALONE.
 */
export async function openTenants(options: TenantOptions): Promise<OpenTenants> {
  const { store, url, namespaces, distributed = true, ...shared } = options;
  const byNamespace = new Map<string, Millrace>();
  const close = async (): Promise<void> => {
    await Promise.all([...byNamespace.values()].map((millrace) => millrace.close({ grace: 0 })));
    await store.close();
  };
  try {
    for (const namespace of namespaces) {
      const own = { ...shared, ...namesFor(namespace, options), namespace };
      const ports = realPorts(
        own,
        engineOptions(own, () => own.name),
        url,
      );
      // oxlint-disable-next-line no-await-in-loop -- the first one migrates
      byNamespace.set(namespace, await Millrace.open({ ...own, store, ports }));
    }
    if (!distributed) await insistOnBeingAlone(store, byNamespace);
  } catch (error) {
    await close();
    throw error;
  }
  const engines = [...byNamespace.values()].flatMap(({ engine }) => engine ?? []);
  return {
    byNamespace,
    departed: Promise.all(engines.map(({ departed }) => departed)).then(() => undefined),
    drain: async (graceMs) => {
      await Promise.all(engines.map((engine) => engine.close(graceMs)));
    },
    close,
  };
}

/** Engines of one process have names that differ, and so have those that are expected of processes like it. */
function namesFor(
  namespace: string,
  { name, expectedEngines = [], namespaces }: TenantOptions,
): { name: string; expectedEngines: readonly string[] } {
  if (namespaces.length === 1) return { name, expectedEngines };
  const of = (process: string): string => `${process}.${namespace}`;
  return { name: of(name), expectedEngines: expectedEngines.map(of) };
}

/**
 * Engines whose process is gone are declared dead within a lease, so whoever is there after two is alive. Of two that start
 * at once neither serves: each has found the other.
 */
async function insistOnBeingAlone(store: Store, byNamespace: ReadonlyMap<string, Millrace>): Promise<void> {
  const own = new Set([...byNamespace.values()].map(({ engine }) => engine?.engineId));
  const isOther = ({ engineId, retired, profile }: EngineRow): boolean =>
    !retired && !own.has(engineId) && byNamespace.has(decodeProfile(profile).namespace);
  const [first] = byNamespace.values();
  const { beatMs = 0, leaseMs = 0 } = first?.engine?.options ?? {};
  for (let left = 2 * leaseMs; ; left -= beatMs) {
    // oxlint-disable-next-line no-await-in-loop -- looks until they are gone
    const { engines } = await ask(() => store.listEngines());
    const others = engines.filter(isOther);
    if (others.length === 0) return;
    if (left <= 0) {
      const names = others.map(({ name, host, pid }) => `${name} (process ${pid} on ${host})`).join(', ');
      throw new MillraceError('NOT_ALONE', `DISTRIBUTED_MODE is false, and there is ${names}`);
    }
    // oxlint-disable-next-line no-await-in-loop
    await pause(beatMs);
  }
}

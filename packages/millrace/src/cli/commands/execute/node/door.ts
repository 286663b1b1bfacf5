import { setTimeout as pause } from 'node:timers/promises';
import type { Configuration } from '../../../../core/configuration/settings.ts';
import { createDoorkeeper, isConfigured, issuerOf } from '../../../../server/access/doorkeeper.ts';
import type { Doorkeeper } from '../../../../server/access/principal.ts';
import { createGate, type Gate } from '../../../../server/quota/gate.ts';
import type { Tenants } from '../../../../server/tenants.ts';

/** Whether the configuration alone says who may call, whatever keys the store has. */
export function isGuardedBy(configuration: Configuration): boolean {
  return configuration.apiKeys.length > 0 || issuerOf(configuration) !== undefined;
}

/** Who finds out who calls; undefined: nothing is configured, and no key is in the store. */
export async function openDoorOf(
  configuration: Configuration,
  tenants: Tenants,
): Promise<Doorkeeper | undefined> {
  if (!(await isConfigured(configuration, tenants))) return undefined;
  const [first] = tenants;
  if (first === undefined) return undefined;
  return createDoorkeeper({
    namespaces: tenants.names,
    apiKeys: configuration.apiKeys,
    issuer: issuerOf(configuration),
    // A key is found in all namespaces, and says which is its own.
    verify: (text) => first.keys.verify(text),
    recognise: (text) => first.keys.recognise(text),
  });
}

/** By how much refusals for sending too much come late. */
const LATE_MS = 250;

/** How much of the server a namespace may have. */
export function openGateOf(configuration: Configuration, tenants: Tenants): Gate {
  const { maxRequests, maxNamespaceRequests } = configuration;
  return createGate({
    ...{ maxRequests, maxNamespaceRequests },
    openRuns: configuration.quotaOpenRuns,
    startsPerSecond: configuration.quotaStartsPerSecond,
    payloadBytes: configuration.quotaPayloadBytes,
    countOpen: (namespace, limit) => tenants.of(namespace).countOpen(limit),
    dampen: () => pause(LATE_MS),
  });
}

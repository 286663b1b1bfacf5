import type { Configuration } from '../../../../core/configuration/settings.ts';
import type { Doorkeeper } from '../../../../server/access/principal.ts';
import type { Tenants } from '../../../../server/tenants.ts';

/** Whether the configuration alone says who may call, whatever keys the store has. */
export function isGuardedBy(_configuration: Configuration): boolean {
  return false;
}

/** Who finds out who calls; undefined: nothing is configured, and no key is in the store. */
export async function openDoorOf(
  _configuration: Configuration,
  _tenants: Tenants,
): Promise<Doorkeeper | undefined> {
  return undefined;
}

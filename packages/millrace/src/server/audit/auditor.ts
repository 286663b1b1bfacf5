import { isMillraceError } from '../../core/errors.ts';
import type { Doorkeeper, Known } from '../access/principal.ts';
import type { End, Seen } from '../http/app.ts';
import type { Tenants } from '../tenants.ts';
import { actOf, isAct } from './act-of.ts';

/**
 * Writes down what changes something, from the table of routes alone: whatever needs a permission to change is recorded,
 * whether it was done, refused, or failed on its way.
 */
export function createAuditor(parts: {
  readonly tenants: Tenants;
  readonly doorkeeper: Doorkeeper;
}): (seen: Seen, end: End) => Promise<void> | undefined {
  const { tenants, doorkeeper } = parts;
  async function write(seen: Seen, end: End): Promise<void> {
    const who = seen.principal ?? (await knownOf(doorkeeper, seen, end));
    if (who === undefined || !tenants.names.includes(who.namespace)) return;
    const act = actOf(seen, who, end);
    if (act !== undefined) await tenants.of(who.namespace).record(act);
  }
  return (seen, end) => (isAct(seen.route) ? write(seen, end) : undefined);
}

/** Who tried it with a credential that does not hold any more. */
async function knownOf(doorkeeper: Doorkeeper, { headers }: Seen, end: End): Promise<Known | undefined> {
  const isUnknown = 'error' in end && isMillraceError(end.error) && end.error.code === 'UNAUTHENTICATED';
  if (!isUnknown) return undefined;
  try {
    return await doorkeeper.recognise?.(headers);
  } catch {
    return undefined; // It is refused anyway, and by whom it was tried nobody can say.
  }
}

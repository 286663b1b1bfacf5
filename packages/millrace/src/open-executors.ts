import type { ResolvedOptions } from './api/options.ts';
import { MillraceError } from './core/errors.ts';
import { didYouMean } from './core/suggest.ts';
import type { Executor } from './core/workflow/context.ts';
import type { Ports } from './engine/ports.ts';
import { builtInExecutors } from './executors/built-in.ts';
import { withSecrets, type OpenSealed } from './executors/secrets/with-secrets.ts';
import { openPool } from './open-pool.ts';
import type { Pool } from './pool/pool.ts';

/**
 * All that an engine executes: its own executors, and the built-in ones of which it has none of that name. Each opens what
 * definitions have sealed.
 * @throws INVALID_ARGUMENT, and as `openPool`.
 */
export async function openExecutors(
  ports: Ports,
  options: ResolvedOptions,
): Promise<{ executors: Record<string, Executor>; pool: Pool | undefined }> {
  const { allowShell, httpAllowHosts, smtp, secrets, supportedExecutors, pool: settings } = options;
  const after: Ports['after'] = (ms, callback) => ports.after(ms, callback);
  const builtIn = builtInExecutors({ allowShell, httpAllowHosts, smtp, after });
  const offered = offeredOf({ ...builtIn, ...options.executors }, supportedExecutors);
  const { executors, pool } = await openPool(ports, { executors: offered, pool: settings });
  const opening = Object.entries(executors).map(
    ([name, executor]) => [name, withSecrets(executor, secrets, loadOpen)] as const,
  );
  return { executors: Object.fromEntries(opening), pool };
}

async function loadOpen(): Promise<OpenSealed> {
  const { openSealed } = await import('./core/dag/expression/seal.ts');
  return openSealed;
}

/** @throws INVALID_ARGUMENT for a name that is not registered: it would be missed only when it is called. */
function offeredOf<E>(
  executors: Readonly<Record<string, E>>,
  supported: readonly string[] | undefined,
): Readonly<Record<string, E>> {
  if (supported === undefined) return executors;
  return Object.fromEntries(
    supported.map((name) => {
      const executor = Object.hasOwn(executors, name) ? executors[name] : undefined;
      if (executor !== undefined) return [name, executor];
      const what = `supportedExecutors has "${name}", and no executor of this name is registered`;
      const known = Object.keys(executors);
      const guess = didYouMean(name, known);
      const remedy =
        guess === undefined ? `Registered are: ${known.join(', ')}.` : `Did you mean "${guess}"?`;
      throw new MillraceError('INVALID_ARGUMENT', what, { remedy });
    }),
  );
}

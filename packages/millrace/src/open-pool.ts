import { isIsolated, type IsolatedExecutor } from './core/pool/isolated.ts';
import type { PoolSettings } from './core/pool/pool-options.ts';
import type { Executor } from './core/workflow/context.ts';
import type { Ports } from './engine/ports.ts';
import { nodeProcesses } from './pool/launch.ts';
import { Pool } from './pool/pool.ts';
import type { PoolPorts } from './pool/ports.ts';

interface Registered {
  readonly executors: Readonly<Record<string, Executor | IsolatedExecutor>>;
  readonly pool: PoolSettings;
}

/**
 * Makes ordinary executors of isolated ones: the engine calls them, and does not know that they call a pool.
 * @returns no pool where nothing is isolated. @throws as `Pool.open`.
 */
export async function openPool(
  ports: Ports,
  { executors, pool: settings }: Registered,
): Promise<{ executors: Record<string, Executor>; pool: Pool | undefined }> {
  const functions: Record<string, Executor> = {};
  const isolated = new Map<string, IsolatedExecutor>();
  for (const [name, executor] of Object.entries(executors)) {
    if (isIsolated(executor)) isolated.set(name, executor);
    else functions[name] = executor;
  }
  if (isolated.size === 0) return { executors: functions, pool: undefined };
  const pool = await Pool.open(poolPorts(ports), settings, [...isolated.values()]);
  for (const [name, executor] of isolated) {
    functions[name] = (input: unknown, step) => pool.run(executor, input, step);
  }
  return { executors: functions, pool };
}

function poolPorts(ports: Ports): PoolPorts {
  return {
    ...nodeProcesses,
    clock: ports.clock,
    after: (ms, callback) => ports.after(ms, callback),
    log: (level, message, fields) => ports.log({ source: 'engine', level, message, fields }),
  };
}

import type { Engine } from '../../engine/engine.ts';
import type { EngineOptions } from '../../engine/options.ts';
import type { Meter, Ports } from '../../engine/ports.ts';
import { settleGrants } from '../../engine/turn/locks.ts';
import type { LockGrant, LockHolder, Store } from '../../store/port/store.ts';
import { Keeper } from './keeper.ts';
import { hintGrants } from './look.ts';

interface Parts {
  store: Store;
  ports: Ports;
  options: EngineOptions;
  /** Undefined: this process is a client. */
  engine: Engine | undefined;
  meter: Meter;
}

/** An engine's locks are released when it is declared dead; those of a client when their time is over. */
export function openKeeper({ store, ports, options, engine, meter }: Parts): Keeper {
  const { namespace, name: owner, lockMs } = options;
  const client: LockHolder = { kind: 'client', id: ports.uuid() };
  let left = false;
  void engine?.departed.then(() => (left = true));
  const holder = (): LockHolder =>
    engine === undefined || left ? client : { kind: 'engine', id: engine.engineId };
  return new Keeper({
    ...{ store, ports, namespace, owner, lockMs, holder, meter },
    settle: (grants) => tellGranted(store, engine, grants),
  });
}

/** Tells runs and processes that were given a lock. */
export function tellGranted(store: Store, engine: Engine | undefined, grants: readonly LockGrant[]): void {
  if (engine === undefined) hintGrants(store, grants);
  else settleGrants(engine, grants);
}

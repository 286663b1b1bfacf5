import { persist } from '../engine/commit/persist.ts';
import type { Ports } from '../engine/ports.ts';
import { ask } from './store-failure.ts';

/** A caller waits this long for a store that does not answer; engines wait for ever. */
const GIVE_UP_MS = 30_000;

/** Repeats a call that may be made twice until its answer is definite, or the caller has waited long enough. */
export type Patience = <R>(call: () => Promise<R>) => Promise<R>;

/** @param isClosed - true when nobody waits for answers any more. */
export function callersPatience(ports: Ports, isClosed: () => boolean): Patience {
  return (call) => {
    const until = ports.clock.mono() + GIVE_UP_MS;
    return ask(() => persist(ports, call, () => isClosed() || ports.clock.mono() > until));
  };
}

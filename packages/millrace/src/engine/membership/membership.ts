import type { EngineRow } from '../../store/port/store.ts';
import type { Engine } from '../engine.ts';
import { startLoop, type Loop } from '../loop.ts';
import { createObserver } from './observer.ts';

const RETIRE_CHUNK = 500;

export interface Membership extends Loop {
  /** Announces this incarnation; resolves when its row is there and the store's clock is known. */
  join(): Promise<void>;
  /** Whether the last renewal is recent enough to take on more work. */
  isConfirmed(): boolean;
  /** Says goodbye: what is still owned is requeued at once and nobody is suspected. */
  leave(): Promise<void>;
}

/**
 * Renews this incarnation's beat and watches the others'.
 *
 * M1  Another incarnation is retired only after its beat stood still for a whole lease on this process's
 * monotonic clock, seen by beats of this process that never paused: an outage of the store or a pause here
 * starts anew. M2  A dead pid on this very host and boot is a suspicion: it shortens the wait, it never
 * replaces it. M3  Safety does not depend on any of this: a wrongly retired engine finds its plans refused
 * (store, I9). M4  An incarnation that is retired and still owns runs was left half done: whoever sees it
 * goes on.
 */
export function startMembership(engine: Engine): Membership {
  const { ports, options } = engine;
  const observer = createObserver(ports, options);
  let confirmedAt = Number.NEGATIVE_INFINITY;

  const join = async (): Promise<void> => {
    const { host, bootId, pid } = ports.host;
    await engine.store.register({ engineId: engine.engineId, name: options.name, host, bootId, pid });
    await beat();
  };

  const beat = async (): Promise<EngineRow[] | undefined> => {
    const sent = ports.clock.mono();
    const { alive, storeTime, engines } = await engine.store.beat(engine.engineId, engine.loadReport());
    ports.crashPoint('beat.after-send');
    engine.clock.sample(sent, ports.clock.mono(), storeTime);
    if (!alive) return undefined;
    confirmedAt = sent;
    return engines;
  };

  const retire = async (row: EngineRow): Promise<void> => {
    ports.crashPoint('retire.after-detect');
    const { deathLimit } = options;
    for (let more = true; more;) {
      const how = { limit: RETIRE_CHUNK, deathLimit, harmless: false };
      const result = await engine.store.retire(row.engineId, row.beatSeq, how);
      if (!result.retired && result.requeued === 0) return;
      ports.crashPoint('retire.after-requeue');
      more = result.remaining;
      engine.tookOver(row, result);
    }
  };

  const tick = async (): Promise<number> => {
    const engines = await beat();
    if (engines === undefined) {
      await engine.rejoin();
      return 0;
    }
    for (const row of observer.judge(engines, engine.engineId)) await retire(row);
    return Math.min(options.beatMs, observer.soonestJudgement());
  };
  const loop = startLoop(ports, 'beat', tick, options.beatMs);
  return {
    ...loop,
    join,
    isConfirmed: () => ports.clock.mono() - confirmedAt < options.leaseMs / 2,
    async leave() {
      const how = { limit: RETIRE_CHUNK, deathLimit: options.deathLimit, harmless: true };
      while ((await engine.store.retire(engine.engineId, undefined, how)).remaining);
    },
  };
}

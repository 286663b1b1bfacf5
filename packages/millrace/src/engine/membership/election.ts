import type { EngineRow, Leadership } from '../../store/port/store.ts';
import type { Engine } from '../engine.ts';

/** Who leads, as far as this process knows. */
export interface Election {
  /** Looks at what a beat told, and stands for election where nobody who is there leads. */
  see(leader: Leadership | undefined, live: readonly EngineRow[]): Promise<void>;
  leader(): Leadership | undefined;
}

/**
 * E1  It asks for the lease only when its holder is not among those who are there; the store decides.
 * E2  An engine that is leaving asks only when it is alone: it would give the lease up again at once.
 */
export function createElection(engine: Engine): Election {
  let known: Leadership | undefined;
  const mayStand = (live: readonly EngineRow[]): boolean =>
    !engine.isDraining() || !live.some(({ engineId, drain }) => engineId !== engine.engineId && !drain);
  return {
    async see(leader, live) {
      known = leader;
      if (leader !== undefined && live.some(({ engineId }) => engineId === leader.engineId)) return;
      if (!mayStand(live)) return;
      known = await engine.store.lead(engine.engineId);
      if (known?.engineId !== engine.engineId) return;
      const message = `engine ${engine.options.name} leads now, in term ${known.term}`;
      engine.ports.log({ source: 'engine', level: 'debug', message, fields: { term: known.term } });
    },
    leader: () => known,
  };
}

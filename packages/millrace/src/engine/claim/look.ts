import type { Work } from '../../store/port/store.ts';
import type { Engine } from '../engine.ts';
import { startLoop, type Loop } from '../loop.ts';

/** What the last beat told of work to do. */
export interface Word {
  hear(work: Work | undefined): void;
  /** Undefined where nothing was told lately. */
  current(): Work | undefined;
}

/** A word is good for so many of the pauses between two polls, and no longer: with slower beats polls go on. */
const GOOD_POLLS = 2;
const LONGEST_GOOD_MS = 5_000;
/** Between two looks at the word itself, which costs nothing. */
const GLANCE_MS = 1_000;

export function createWord({ ports, options }: Pick<Engine, 'ports' | 'options'>): Word {
  const goodMs = Math.min(options.idlePollMs * GOOD_POLLS, LONGEST_GOOD_MS);
  let told: { work: Work; at: number } | undefined;
  return {
    hear(work) {
      told = work && { work, at: ports.clock.mono() };
    },
    current: () => (told !== undefined && ports.clock.mono() - told.at < goodMs ? told.work : undefined),
  };
}

export interface Look {
  readonly name: string;
  /** Asks the store; returns the milliseconds until it wants to ask again. */
  ask(): Promise<number>;
  /** Whether asking is idle, given what the last beat told. */
  isIdle(work: Work): boolean;
}

/**
 * Looks for work again and again, by a call of the store only where there may be some.
 *   L1  Whoever nudges it has a reason: then it asks, whatever a beat has told before.
 *   L2  Otherwise it goes by the last beat while that is new. A hint that was lost costs a beat, no more.
 */
export function startLook(engine: Engine, { name, ask, isIdle }: Look): Loop {
  const glanceMs = Math.min(engine.options.idlePollMs, GLANCE_MS);
  let wanted = true;
  const tick = async (): Promise<number> => {
    const work = engine.word.current();
    if (!wanted && work !== undefined && isIdle(work)) return glanceMs;
    wanted = false;
    try {
      return await ask();
    } catch (error) {
      wanted = true;
      throw error;
    }
  };
  const loop = startLoop(engine.ports, name, tick);
  return {
    ...loop,
    nudge() {
      wanted = true;
      loop.nudge();
    },
    within(ms) {
      wanted = true;
      loop.within(ms);
    },
  };
}

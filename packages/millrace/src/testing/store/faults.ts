import type { Tally } from '../check/tally.ts';
import type { CallFault, HintFault, Scenario } from '../scenario/scenario.ts';
import type { Random } from '../virtual/random.ts';

/** What happens to one store call. */
export interface Fate {
  fault: CallFault | undefined;
  /** From the caller to the store, and back, ms. */
  thereMs: number;
  backMs: number;
  /** For `late`: how long after the caller got its answer the store does it. */
  lateMs: number;
}

export interface Faults {
  ofCall(name: string): Fate;
  ofHint(): { copies: number; delayMs: number };
  /** Whether a call that was under way when its process died still reaches the store. */
  survivesCrash(): boolean;
  /** From now on nothing goes wrong. */
  heal(): void;
}

/** Calls that may not have a fate of their own: an author's function runs in the process that calls. */
const NEVER_LATE: ReadonlySet<string> = new Set(['transact']);

export function createFaults(scenario: Scenario, random: Random, tally: Tally): Faults {
  let healed = false;
  const { latencyMs } = scenario;
  const calls = Object.entries(scenario.callFaults) as [CallFault, number][];
  const hints = Object.entries(scenario.hintFaults) as [HintFault, number][];
  const latency = (): number => latencyMs * (0.2 + random.next() * 1.6);
  return {
    ofCall(name) {
      const fate: Fate = { fault: undefined, thereMs: latency(), backMs: latency(), lateMs: 0 };
      if (healed) return fate;
      for (const [fault, probability] of calls) {
        if (!random.chance(probability) || (fault === 'late' && NEVER_LATE.has(name))) continue;
        fate.fault = fault;
        tally.add(`fault ${fault}`);
        break;
      }
      if (fate.fault === 'slow') fate.thereMs += random.pick([50, 400, 3_000]);
      if (fate.fault === 'late') fate.lateMs = random.pick([0.1, 2, 30, 500, 8_000]);
      return fate;
    },
    ofHint() {
      const hint = { copies: 1, delayMs: latency() };
      if (healed) return hint;
      for (const [fault, probability] of hints) {
        if (!random.chance(probability)) continue;
        tally.add(`fault ${fault}`);
        if (fault === 'hint-lost') hint.copies = 0;
        if (fault === 'hint-doubled') hint.copies = 2;
        if (fault === 'hint-late') hint.delayMs += random.pick([100, 5_000]);
      }
      return hint;
    },
    survivesCrash: () => random.chance(0.5),
    heal: () => {
      healed = true;
    },
  };
}

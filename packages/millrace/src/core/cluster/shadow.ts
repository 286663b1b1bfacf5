import { numberOr, recordOf, textOr } from './fields.ts';

/** What an engine placed while another strategy chose in the shadow, and how the two compare. */
export interface ShadowTally {
  /** The one in the shadow. */
  readonly strategy: string;
  readonly placed: number;
  /** How often both chose the same engine. */
  readonly agreed: number;
  /** Predicted waits, summed, ms: at the engines that were chosen, and at those that the shadow would have chosen. */
  readonly waitMs: number;
  readonly shadowWaitMs: number;
}

export function emptyTally(strategy: string): ShadowTally {
  return { strategy, placed: 0, agreed: 0, waitMs: 0, shadowWaitMs: 0 };
}

/** What several engines counted for the same shadow; what they counted for an earlier one is left out. */
export function sumTallies(strategy: string, tallies: readonly (ShadowTally | undefined)[]): ShadowTally {
  return tallies.reduce<ShadowTally>((sum, tally) => {
    if (tally?.strategy !== strategy) return sum;
    return {
      strategy,
      placed: sum.placed + tally.placed,
      agreed: sum.agreed + tally.agreed,
      waitMs: sum.waitMs + tally.waitMs,
      shadowWaitMs: sum.shadowWaitMs + tally.shadowWaitMs,
    };
  }, emptyTally(strategy));
}

export function decodeTally(value: unknown): ShadowTally | undefined {
  const fields = recordOf(value);
  const strategy = textOr(fields['strategy'], undefined);
  if (strategy === undefined) return undefined;
  const number = (name: keyof ShadowTally): number => numberOr(fields[name], 0);
  return {
    strategy,
    placed: number('placed'),
    agreed: number('agreed'),
    waitMs: number('waitMs'),
    shadowWaitMs: number('shadowWaitMs'),
  };
}

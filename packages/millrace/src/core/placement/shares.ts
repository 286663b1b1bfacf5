import { candidatesOf, type Candidates, type EngineView } from '../policy/eligibility.ts';

/** Between whom work is divided, and in which proportion. */
export interface Shares {
  readonly sharers: Candidates;
  weightOf(engine: EngineView): number;
}

/** An engine of weight 0 gets something only where all have 0: they then count alike. */
export function sharesOf(candidates: Candidates): Shares {
  const sharers = candidatesOf(candidates.filter(({ weight }) => weight > 0));
  if (sharers === undefined) return { sharers: candidates, weightOf: () => 1 };
  return { sharers, weightOf: ({ weight }) => weight };
}

import { addStep } from './pattern.ts';
import type { Step } from './pattern.ts';

/** Adds the steps of a part of a pattern; a part that repeats is added as often as it must be there. */
export type Emit = (steps: Step[]) => void;

/** How often a part is there. */
export interface Counts {
  readonly least: number;
  readonly most: number;
}

/** A fork to all branches; each ends with a jump behind them. */
export function choice(branches: readonly Emit[]): Emit {
  return (steps) => {
    const starts: number[] = [];
    const ends: number[] = [];
    addStep(steps, { kind: 'fork', to: starts });
    for (const branch of branches) {
      starts.push(steps.length);
      branch(steps);
      addStep(steps, { kind: 'fork', to: ends });
    }
    ends.push(steps.length);
  };
}

export function repeated(part: Emit, { least, most }: Counts): Emit {
  return (steps) => {
    for (let count = 0; count < least; count++) {
      const start = steps.length;
      part(steps);
      if (steps.length === start) return; // nothing, however often
    }
    if (!Number.isFinite(most)) loop(part, steps);
    else for (let count = least; count < most; count++) optional(part, steps);
  };
}

function loop(part: Emit, steps: Step[]): void {
  const start = steps.length;
  const to = [start + 1];
  addStep(steps, { kind: 'fork', to });
  part(steps);
  addStep(steps, { kind: 'fork', to: [start] });
  to.push(steps.length);
}

function optional(part: Emit, steps: Step[]): void {
  const to = [steps.length + 1];
  addStep(steps, { kind: 'fork', to });
  part(steps);
  to.push(steps.length);
}

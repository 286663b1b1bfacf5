import type { EngineView } from '../../cluster/engine-view.ts';

/** At least one engine. */
export type Candidates = readonly [EngineView, ...EngineView[]];

export function candidatesOf([first, ...others]: readonly EngineView[]): Candidates | undefined {
  return first === undefined ? undefined : [first, ...others];
}

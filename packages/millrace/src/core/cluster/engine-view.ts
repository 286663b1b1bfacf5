import { decodeLoad, type EngineLoad } from './load.ts';
import { decodeProfile, type EngineProfile } from './profile.ts';

/** An incarnation as the store has it. */
export interface SeenEngine {
  readonly engineId: string;
  readonly name: string;
  readonly startedAt: number;
  readonly beatAt: number;
  readonly retired: boolean;
  readonly drain: boolean;
  readonly session: 'held' | 'gone' | 'unknown';
  readonly profile: Uint8Array;
  readonly load: Uint8Array;
}

/** An engine as decisions see it: what it can do, and how it stands. */
export interface EngineView extends EngineProfile {
  readonly engineId: string;
  readonly name: string;
  readonly load: EngineLoad;
}

export function engineView({ engineId, name, profile, load }: SeenEngine): EngineView {
  return { engineId, name, ...decodeProfile(profile), load: decodeLoad(load) };
}

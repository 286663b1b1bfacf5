import { decodeLoad, type EngineLoad } from './load.ts';
import { decodeProfile, type EngineProfile, type NamedVersion } from './profile.ts';

/** An incarnation as the store has it. */
export interface SeenEngine {
  readonly engineId: string;
  readonly name: string;
  readonly startedAt: number;
  readonly beatAt: number;
  readonly beatSeq: number;
  readonly retired: boolean;
  readonly drain: boolean;
  readonly session: 'held' | 'gone' | 'unknown';
  readonly profile: Uint8Array;
  readonly load: Uint8Array;
}

/** An engine as its latest beat describes it: all that a decision about it may rest on. */
export interface EngineView extends EngineProfile {
  /** Of this process start. */
  readonly engineId: string;
  /** Stays the same over restarts of the same engine. */
  readonly name: string;
  /** `suspect`: silent for longer than is usual, and not declared dead. */
  readonly state: 'alive' | 'suspect' | 'draining';
  /** The number of the beat that `load` comes from; grows with each. */
  readonly beat: number;
  readonly load: EngineLoad;
}

/** So many beats may be late before an engine is suspected: nobody is declared dead by it. */
const LATE_BEATS = 2.5;

/** @param now - by the store's clock. */
export function engineView(seen: SeenEngine, now: number): EngineView {
  const { engineId, name, beatSeq, beatAt, session, drain } = seen;
  const profile = decodeProfile(seen.profile);
  const load = decodeLoad(seen.load);
  const silent = session === 'gone' || now - beatAt > profile.beatMs * LATE_BEATS;
  const leaving = drain || load.state === 'draining';
  const state = silent ? 'suspect' : leaving ? 'draining' : 'alive';
  return { engineId, name, ...profile, state, beat: beatSeq, load };
}

/** The definitions of a namespace that are stored. */
export interface StoredVersions {
  readonly namespace: string;
  readonly versions: readonly NamedVersion[];
}

/** An engine with what it can run besides what it has announced. */
export function withDefinitions<V extends EngineProfile>(view: V, stored: StoredVersions): V {
  if (!view.definitions || view.namespace !== stored.namespace || stored.versions.length === 0) return view;
  return { ...view, workflows: [...view.workflows, ...stored.versions] };
}

import type { Engine } from '../engine.ts';

/** This process's copy of what is set for all engines. */
export interface Settings {
  /** The greatest revision of the copy. */
  revision(): number;
  /** Undefined where it is not set. */
  value(name: string): Uint8Array | undefined;
  /** Reads again if the store has something newer, as a beat tells. */
  follow(revision: number): Promise<void>;
}

export function createSettings(engine: Pick<Engine, 'store'>): Settings {
  let known = 0;
  let values = new Map<string, Uint8Array>();
  return {
    revision: () => known,
    value: (name) => values.get(name),
    async follow(revision) {
      if (revision === known) return;
      const read = await engine.store.readSettings();
      values = new Map(
        read.settings.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
      );
      known = read.revision;
    },
  };
}

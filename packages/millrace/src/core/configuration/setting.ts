/** One variable: how it is read, and what the reference page says of it. */
export interface Setting<T> {
  /** Its name, then other names for the same. */
  readonly names: readonly [string, ...string[]];
  readonly meaning: string;
  /** What holds when it is not set. */
  readonly fallback: T;
  /** The default as people read it. */
  readonly shown: string;
  /** The default of the documents that the variable comes from, where they have it. */
  readonly origin?: string;
  /** Why ours differs, or what else there is to know. */
  readonly reason?: string;
  /** Throws an error whose message says what is allowed. */
  readonly read: (text: string) => T;
  /** The value without what must not be seen. */
  readonly mask?: (text: string) => string;
}

export function setting<T>(entry: Setting<T>): Setting<T> {
  return entry;
}

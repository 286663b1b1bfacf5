/** One line of a ledger. `at`: ms of the machine's monotonic clock, the same for all processes. */
export type Entry = { at: number; engine: string; pid: number } & Fact;

export type Fact =
  /** An attempt of a step begins. `fence` is its fencing token as one number, `nonce` what it will return. */
  | {
      kind: 'begin';
      runId: string;
      workflow: string;
      step: string;
      key: string;
      attempt: number;
      epoch: number;
      fence: number;
      nonce: string;
      /** The lock that its run holds meanwhile. */
      lock?: { name: string; token: number } | undefined;
    }
  /** It ends here, before anybody is told. */
  | { kind: 'end'; nonce: string; ok: boolean }
  /** An attempt has found this checkpoint, or none and has recorded its own. */
  | { kind: 'checkpoint'; runId: string; attempt: number; found: unknown }
  /** A client is about to start a run, and: it was told that the run is started. */
  | { kind: 'starting'; key: string; workflow: string }
  | { kind: 'started'; key: string; runId: string }
  /** A client is about to send a signal, and: what it was told. */
  | { kind: 'signalling'; key: string; value: number }
  | { kind: 'signalled'; key: string; value: number; outcome: 'ok' | 'closed' }
  /** A process says how far it is. */
  | { kind: 'mark'; mark: Mark; text?: string | undefined }
  /** What the engine logs. */
  | { kind: 'log'; level: string; message: string; fields?: Readonly<Record<string, unknown>> | undefined };

export type Mark = 'ready' | 'all-started' | 'all-ended' | 'closing' | 'closed' | 'refused';

export type EntryOf<K extends Fact['kind']> = Extract<Entry, { kind: K }>;

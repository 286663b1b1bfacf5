/** What a limit stands for. `global` is all of a namespace. */
export const LIMIT_KINDS = ['global', 'queue', 'workflow', 'key'] as const;
export type LimitKind = (typeof LIMIT_KINDS)[number];

/** The small integers that stores keep instead of words. Stored data: they never change. */
export const LIMIT_CODE: Readonly<Record<LimitKind, number>> = { global: 0, queue: 1, workflow: 2, key: 3 };

/** The word for a stored kind. */
export function limitKindOf(code: number): LimitKind {
  const kind = LIMIT_KINDS[code];
  if (kind === undefined) throw new RangeError(`unknown kind of limit ${code}`);
  return kind;
}

/** A limit that a run brings along: of all runs with this key at most `max` at once. */
export interface KeyLimit {
  readonly key: string;
  readonly max: number;
}

/** A limit at one moment. */
export interface LimitState {
  readonly kind: LimitKind;
  /** Of the queue, workflow or key; empty for `global`. */
  readonly name: string;
  /** How many runs may hold a grant at once; undefined: any number. */
  readonly max: number | undefined;
  /** How many open runs hold one; where there is a `max` it may be counted no further. */
  readonly inUse: number;
  /** How many grants the rate allows now; undefined: any number. */
  readonly tokens: number | undefined;
  readonly paused: boolean;
}

/** What keeps a limit from granting. */
export type Obstacle = 'paused' | 'full' | 'rate';

/** Why this limit grants nothing now; undefined: it has room. */
export function obstacleOf({ max, inUse, tokens, paused }: LimitState): Obstacle | undefined {
  if (paused) return 'paused';
  if (max !== undefined && inUse >= max) return 'full';
  if (tokens !== undefined && tokens < 1) return 'rate';
  return undefined;
}

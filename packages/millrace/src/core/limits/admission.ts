import { type LimitKind, type LimitState, type Obstacle, obstacleOf } from './limit.ts';

/** A ready run as far as limits are concerned. */
export interface Candidate {
  readonly queue: string;
  readonly workflow: string;
  readonly keys: readonly string[];
  /** It has its grant already: no limit holds it back again. */
  readonly granted: boolean;
}

/** A limit that grants nothing now, and why. */
export interface Hindrance<L extends LimitState = LimitState> {
  readonly limit: L;
  readonly obstacle: Obstacle;
}

/** The limits of a namespace, each once, by kind and name. */
export type Limits<L extends LimitState = LimitState> = ReadonlyMap<string, L>;

export function limitName(kind: LimitKind, name: string): string {
  return `${kind} ${name}`;
}

export function limitsByName<L extends LimitState>(limits: readonly L[]): Map<string, L> {
  return new Map(limits.map((limit) => [limitName(limit.kind, limit.name), limit]));
}

/** All limits that a run must have room in where they exist, widest first, keys last. */
export function scopesFor({ queue, workflow, keys }: Candidate): { kind: LimitKind; name: string }[] {
  return [
    { kind: 'global', name: '' },
    { kind: 'queue', name: queue },
    { kind: 'workflow', name: workflow },
    ...keys.map((name) => ({ kind: 'key' as const, name })),
  ];
}

/**
 * What holds a ready run back, in the order in which it is looked at: the one rule by which runs are claimed and by
 * which `why` explains that they are not. None: it may be claimed.
 */
export function hindrances<L extends LimitState>(run: Candidate, limits: Limits<L>): Hindrance<L>[] {
  if (run.granted) return [];
  return scopesFor(run).flatMap(({ kind, name }) => {
    const limit = limits.get(limitName(kind, name));
    const obstacle = limit && obstacleOf(limit);
    return limit === undefined || obstacle === undefined ? [] : [{ limit, obstacle }];
  });
}

/**
 * Grants a run its parts of all its limits, where all have room: they are less by it from then on. Otherwise nothing
 * changes, and the answer is the first that has none.
 */
export function admit<L extends LimitState>(
  run: Candidate,
  limits: Map<string, L>,
): Hindrance<L> | undefined {
  const [first] = hindrances(run, limits);
  if (first !== undefined || run.granted) return first;
  for (const { kind, name } of scopesFor(run)) {
    const limit = limits.get(limitName(kind, name));
    if (limit === undefined) continue;
    const tokens = limit.tokens === undefined ? undefined : limit.tokens - 1;
    limits.set(limitName(kind, name), { ...limit, inUse: limit.inUse + 1, tokens });
  }
  return undefined;
}

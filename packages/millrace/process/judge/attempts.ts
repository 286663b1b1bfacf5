import type { Entry, EntryOf } from '../worker/entry.ts';

/** An attempt of a step, as the ledgers outside have it. */
export interface Attempt {
  readonly begin: EntryOf<'begin'>;
  /** Undefined: its process was killed meanwhile. */
  readonly endedAt: number | undefined;
  /** When another owner of its run began to act, with a higher epoch: from then on its token is retired. */
  readonly supersededAt: number | undefined;
}

/** Attempts that carry a fencing token, in the order of their beginning. */
export function attemptsOf(entries: readonly Entry[]): Attempt[] {
  const ends = new Map(
    entries.flatMap((entry) => (entry.kind === 'end' ? [[entry.nonce, entry.at] as const] : [])),
  );
  const begins = entries.filter((entry) => entry.kind === 'begin').filter(({ fence }) => fence > 0);
  const byRun = Map.groupBy(begins, ({ runId }) => runId);
  return begins
    .map((begin) => {
      const next = byRun.get(begin.runId)?.filter(({ epoch }) => epoch > begin.epoch) ?? [];
      const supersededAt = next.length === 0 ? undefined : Math.min(...next.map(({ at }) => at));
      return { begin, endedAt: ends.get(begin.nonce), supersededAt };
    })
    .toSorted((a, b) => a.begin.at - b.begin.at);
}

/** It went on after another owner of its run had begun. */
function isLate({ endedAt, supersededAt }: Attempt): boolean {
  return supersededAt !== undefined && endedAt !== undefined && endedAt > supersededAt;
}

/** Two owners act for one run at the same time only where the first was declared dead. */
export function judgeOwners(entries: readonly Entry[]): string[] {
  const dead = declaredDead(entries);
  return attemptsOf(entries)
    .filter((attempt) => isLate(attempt) && !dead.has(attempt.begin.engine))
    .map(
      ({ begin: { engine, step, workflow, runId } }) =>
        `${engine} was in step ${step} of ${workflow} ${runId} when another owner began, and nobody had declared it dead`,
    );
}

/** Names of engines. */
function declaredDead(entries: readonly Entry[]): ReadonlySet<string> {
  return new Set(
    entries.flatMap((entry) => {
      const name = entry.kind === 'log' ? /^engine (\S+) is gone: /.exec(entry.message)?.[1] : undefined;
      return name === undefined ? [] : [name];
    }),
  );
}

/** How long somebody had a place, at least. `to` is Infinity for one who never let go of it. */
export interface Span {
  readonly of: string;
  readonly from: number;
  readonly to: number;
}

/**
 * What belongs together, from its first attempt to the end of its last. An attempt counts until its token is retired:
 * from then on it is the place of another one.
 */
export function spansOf(attempts: readonly Attempt[], of: (attempt: Attempt) => string): Span[] {
  return [...Map.groupBy(attempts, of)].map(([name, own]) => ({
    of: name,
    from: Math.min(...own.map(({ begin }) => begin.at)),
    to: Math.max(
      ...own.map(({ endedAt = Infinity, supersededAt = Infinity }) => Math.min(endedAt, supersededAt)),
    ),
  }));
}

/** The largest set of spans that cover one moment, and the moment at which it was first complete. */
export function crowdOf(spans: readonly Span[]): { at: number; members: readonly string[] } {
  let crowd: { at: number; members: readonly string[] } = { at: 0, members: [] };
  let present: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    present = [...present.filter(({ to }) => to > span.from), span];
    if (present.length > crowd.members.length)
      crowd = { at: span.from, members: present.map(({ of }) => of) };
  }
  return crowd;
}

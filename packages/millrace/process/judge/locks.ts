import { attemptsOf, crowdOf, spansOf, type Attempt } from './attempts.ts';
import type { Evidence } from './evidence.ts';

/** What a resource does that protects itself: it takes no token that is smaller than the greatest it has seen. */
export interface Resource {
  /** `epoch` tells owners of one run apart: they share the lock's token. */
  takes(token: number, epoch?: number): boolean;
}

export function newResource(): Resource {
  let seen = { token: 0, epoch: 0 };
  return {
    takes(token, epoch = 0) {
      if (token < seen.token || (token === seen.token && epoch < seen.epoch)) return false;
      seen = { token, epoch };
      return true;
    },
  };
}

export interface LockVerdict {
  readonly violations: string[];
  /** How often a lock was granted, and had its holder change from one engine to another. */
  readonly grants: number;
  readonly inherited: number;
  /** Writes that a resource would have refused. */
  readonly refused: number;
}

/**
 * No lock had two holders at any moment, its tokens grew, a resource that checks them keeps out whoever acts too late
 * and nobody else, and in the end no lock is held or waited for.
 */
export function judgeLocks({ entries, locks }: Evidence): LockVerdict {
  const violations: string[] = [];
  let [grants, inherited, refused] = [0, 0, 0];
  const byName = Map.groupBy(
    attemptsOf(entries).filter(({ begin }) => begin.lock !== undefined),
    ({ begin }) => begin.lock?.name ?? '',
  );
  for (const [name, attempts] of byName) {
    const byToken = Map.groupBy(attempts, tokenOf);
    grants += byToken.size;
    inherited += [...byToken.values()].filter((own) => enginesOf(own) > 1).length;
    violations.push(...judgeHolders(name, attempts), ...judgeTokens(name, byToken));
    const writes = writesOf(attempts);
    refused += writes.filter(({ taken }) => !taken).length;
    violations.push(...writes.flatMap((write) => judgeWrite(name, write)));
  }
  return { violations: [...violations, ...locks.flatMap(judgeLeft)], grants, inherited, refused };
}

function tokenOf({ begin }: Attempt): number {
  return begin.lock?.token ?? 0;
}

function enginesOf(attempts: readonly Attempt[]): number {
  return new Set(attempts.map(({ begin }) => begin.engine)).size;
}

function judgeHolders(name: string, attempts: readonly Attempt[]): string[] {
  const spans = spansOf(attempts, ({ begin }) => begin.runId);
  const { at, members } = crowdOf(spans);
  const wrong =
    members.length > 1 ? [`lock ${name} had ${members.length} holders, at ${at}: ${members.join(', ')}`] : [];
  for (const { of, to } of spans)
    if (to === Infinity) wrong.push(`run ${of} with lock ${name} was cut short and never went on`);
  return wrong;
}

/** One token, one run; and who came later has the greater one. */
function judgeTokens(name: string, byToken: ReadonlyMap<number, readonly Attempt[]>): string[] {
  const wrong: string[] = [];
  let before = 0;
  // In the order of their first attempts.
  for (const [token, attempts] of byToken) {
    if (token <= before) wrong.push(`lock ${name}: token ${token} came after ${before}`);
    before = Math.max(before, token);
    const runs = new Set(attempts.map(({ begin }) => begin.runId));
    if (runs.size > 1) wrong.push(`lock ${name}: token ${token} was given to ${[...runs].join(', ')}`);
  }
  return wrong;
}

interface Write {
  readonly attempt: Attempt;
  readonly at: number;
  readonly taken: boolean;
}

/** As if each attempt wrote to a resource when it begins, and when it ends. */
function writesOf(attempts: readonly Attempt[]): Write[] {
  const resource = newResource();
  return attempts
    .flatMap((attempt) =>
      [attempt.begin.at, attempt.endedAt].flatMap((at) => (at === undefined ? [] : [{ attempt, at }])),
    )
    .toSorted((a, b) => a.at - b.at)
    .map((write) => ({
      ...write,
      taken: resource.takes(tokenOf(write.attempt), write.attempt.begin.epoch),
    }));
}

function judgeWrite(name: string, { attempt, at, taken }: Write): string[] {
  const late = at > (attempt.supersededAt ?? Infinity);
  if (taken !== late) return [];
  const { engine, step, runId } = attempt.begin;
  const which = `lock ${name}: a write of ${engine} in step ${step} of ${runId}`;
  return [taken ? `${which} came too late and was taken` : `${which} came in time and was refused`];
}

function judgeLeft({ name, held, waiters }: Evidence['locks'][number]): string[] {
  if (held === undefined && waiters.length === 0) return [];
  return [`lock ${name} is still held by ${held?.holder.id ?? 'nobody'}, ${waiters.length} wait for it`];
}

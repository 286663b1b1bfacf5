import { judgeOwners } from '../judge/attempts.ts';
import type { Evidence } from '../judge/evidence.ts';
import { judgeLimits } from '../judge/limits.ts';
import { judgeLocks } from '../judge/locks.ts';
import { CAPS } from './clients.ts';
import type { Times } from './measure.ts';
import type { Stage } from './stage.ts';

/**
 * The victim was taken for dead: what it was doing went on elsewhere, and nothing of a zombie is recorded. One death is
 * nobody's fault among many.
 */
export function judgeDeath(stage: Stage, evidence: Evidence, times: Times, zombie: boolean): string[] {
  return [
    ...judgeResumed(times),
    ...(zombie ? judgeZombie(stage, evidence, times.struckAt) : []),
    ...judgeDeaths(evidence),
  ];
}

/** Workflows whose steps do not fail by themselves, and have no other reason to be tried twice. */
const TIMED: ReadonlySet<string> = new Set(['journey', 'limited', 'locked']);

/** Everybody lives: nobody is taken for dead, nothing is held against a run, and each step is tried once. */
export function judgeUnharmed(evidence: Evidence, times: Times): string[] {
  const wrong = [...judgeReturn(times), ...judgeDeaths(evidence)];
  const tried = new Set<string>();
  for (const entry of evidence.entries) {
    if (entry.kind === 'log' && entry.message.includes(' is gone: '))
      wrong.push(`a living engine was declared dead: ${entry.message}`);
    if (entry.kind !== 'begin' || !TIMED.has(entry.workflow)) continue;
    if (tried.has(entry.key) || entry.attempt !== 1) wrong.push(`step ${entry.key} was tried again`);
    tried.add(entry.key);
  }
  return wrong;
}

/** What was seen of limits and locks. */
export interface HoldingFigures {
  /** How many runs were worked on at once under each limit, at most. */
  atOnce: Readonly<Record<string, number>>;
  /** Runs under limits. */
  limited: number;
  /** Grants of locks, and of these which went on in another process with the same token. */
  lockGrants: number;
  lockInherited: number;
  /** Writes that a resource would have refused. */
  lateWrites: number;
}

/** No limit was exceeded and no lock had two holders; nothing is left of them; and the disaster came upon both. */
export function judgeHolding(
  { victim }: Stage,
  evidence: Evidence,
  { death, zombie }: { death: boolean; zombie: boolean },
): { violations: string[]; figures: HoldingFigures } {
  const limits = judgeLimits(evidence, CAPS);
  const locks = judgeLocks(evidence);
  const { grants, inherited, refused } = locks;
  const nothing = CAPS.filter(({ name, max }) => (limits.atOnce[name] ?? 0) < max).map(
    ({ name }) => `${name} was never full: this shows nothing`,
  );
  if (death && inherited === 0) nothing.push(`${victim.name} had no lock when it died: this shows nothing`);
  if (death && zombie && refused === 0) nothing.push('no zombie wrote with a lock: this shows nothing');
  const limited = [...evidence.rows.values()].filter(({ workflow }) => workflow === 'limited').length;
  return {
    violations: [...judgeOwners(evidence.entries), ...limits.violations, ...locks.violations, ...nothing],
    figures: {
      ...{ atOnce: limits.atOnce, limited, lockGrants: grants },
      ...{ lockInherited: inherited, lateWrites: refused },
    },
  };
}

/** A disaster may kill its victim, and nobody dies of it besides. */
export function judgeEngines({ engines }: Stage): string[] {
  return engines.flatMap((engine) => {
    const exit = engine.exit();
    if (exit === undefined || exit.signal === 'SIGKILL') return [];
    return [`${engine.name} ended by itself (${exit.code ?? exit.signal}): ${engine.said()}`];
  });
}

function judgeReturn({ seenMs, recoveredMs }: Times): string[] {
  if (seenMs === undefined || recoveredMs !== undefined) return [];
  return ['an engine never went on after the outage'];
}

function judgeResumed({ seenMs, lost }: Times): string[] {
  const wrong = lost.map((step) => `the interrupted step ${step} never went on`);
  return seenMs === undefined ? ['nobody saw that the victim was gone', ...wrong] : wrong;
}

/** What was on its way when it was stopped or cut off may have arrived. */
const ON_ITS_WAY_MS = 100;

/** Nothing that the victim brought to an end afterwards, under its old name, is recorded: it is dead by then. */
function judgeZombie({ victim }: Stage, { outcomes }: Evidence, struckAt: number): string[] {
  const backAt = victim.logs('it comes back as new')[0]?.at ?? Number.POSITIVE_INFINITY;
  const begun = new Set(victim.begins().flatMap(({ nonce, at }) => (at < backAt ? [nonce] : [])));
  const late = new Set(
    victim
      .entries()
      .filter((entry) => entry.kind === 'end' && entry.at > struckAt + ON_ITS_WAY_MS)
      .flatMap((entry) => (entry.kind === 'end' && begun.has(entry.nonce) ? [entry.nonce] : [])),
  );
  if (late.size === 0) return ['the victim brought nothing to an end as a zombie: this shows nothing'];
  return outcomes
    .filter(({ ok, value }) => ok && late.has(String(value)))
    .map(({ name, runId }) => `step ${name} of ${runId} is recorded from an engine that was dead`);
}

function judgeDeaths({ rows }: Evidence): string[] {
  return [...rows.values()].flatMap(({ runId, workflow, deaths }) =>
    deaths > 0 ? [`${workflow} ${runId} was charged with a death`] : [],
  );
}

import { MillraceError, show } from '../errors.ts';
import type { Guard, Verdict } from './guard.ts';
import {
  MOST_CHANGES,
  MOST_PREVIOUS,
  percentOf,
  routeText,
  type Rollout,
  type Route,
  type RouteChange,
} from './route.ts';
import { allot, UNITS } from './slices.ts';

/** When a route is changed, and by whom; null: nobody says. */
export interface Author {
  /** Store time, ms. */
  readonly at: number;
  readonly by: string | null;
  /** That the one who changes it gave the change. */
  readonly id?: string | undefined;
}

const MOST_SHARES = 20;

/** The route of a name whose first version is deployed. */
export function firstRoute(version: string, { at, by }: Author): Route {
  const route = { active: version, previous: [], rollout: undefined, changes: [] };
  return noted(route, { at, by, act: 'deploy' });
}

/** All new runs get this version. @param before - undefined: there is no route yet. */
export function activated(before: Route | undefined, version: string, author: Author): Route {
  const { active, previous = [], changes = [] } = before ?? {};
  const left = active === undefined || active === version ? previous : [...previous, active];
  return noted(
    { active: version, previous: left, rollout: undefined, changes },
    { ...author, act: 'activate' },
  );
}

/** What `rolledOut` is to change. */
export interface RolloutWish {
  /** Percent of all keys by version; 0 takes a version out. The rest gets the active one. */
  readonly weights: Readonly<Record<string, number>>;
  /** `keep`: as it is now; undefined: none. */
  readonly guard: Guard | 'keep' | undefined;
}

/** These versions, and no others besides the active one, get their parts of the new runs. @throws INVALID_ARGUMENT. */
export function rolledOut(before: Route, { weights, guard }: RolloutWish, author: Author): Route {
  const wanted = wantedUnits(before, weights);
  const old = before.rollout;
  const shares = allot(old?.shares ?? [], wanted);
  const joins = shares.some(({ version }) => percentOf(before, version) === 0);
  const rollout: Rollout = {
    since: old === undefined || joins ? author.at : old.since,
    shares,
    guard: guard === 'keep' ? old?.guard : guard,
  };
  const after = { ...before, rollout: shares.length === 0 ? undefined : rollout };
  return noted(after, { ...author, act: 'rollout' });
}

/**
 * Ends the roll-out; where there is none, goes back to the version that was active before. @throws INVALID_ARGUMENT
 * where there is nothing to go back to.
 */
export function rolledBack(before: Route, author: Author): Route {
  const act = { ...author, act: 'rollback' } as const;
  if (before.rollout !== undefined) return noted({ ...before, rollout: undefined }, act);
  const active = before.previous.at(-1);
  if (active !== undefined) return noted({ ...before, active, previous: before.previous.slice(0, -1) }, act);
  const what = `rollback: version ${before.active} is active, no other was before it, and none is rolled out`;
  throw new MillraceError('INVALID_ARGUMENT', what, {
    remedy: 'Say which version: `millrace activate NAME@VERSION`.',
  });
}

/** Without the versions that a guard has judged. */
export function takenBack(before: Route, verdicts: readonly Verdict[], at: number): Route {
  const judged = verdicts.map(({ version }) => version);
  const shares = (before.rollout?.shares ?? []).filter(({ version }) => !judged.includes(version));
  const rollout = before.rollout && shares.length > 0 ? { ...before.rollout, shares } : undefined;
  const reason = verdicts.map((verdict) => verdict.reason).join('; ');
  return noted({ ...before, rollout }, { at, by: null, act: 'guard', reason });
}

function wantedUnits(
  { active }: Route,
  weights: Readonly<Record<string, number>>,
): readonly { version: string; units: number }[] {
  const entries = Object.entries(weights);
  if (entries.length === 0) throw unclear('no version is named', 'Name one: rollout NAME 2=10%.');
  if (entries.length > MOST_SHARES)
    throw unclear(`${entries.length} versions are too many`, `Use at most ${MOST_SHARES}.`);
  const wanted = entries.map(([version, percent]) => ({ version, units: unitsOf(version, percent) }));
  const own = wanted.find(({ version }) => version === active);
  if (own !== undefined) {
    const remedy = 'Give the parts of the other versions: it gets what they leave.';
    throw unclear(`version ${active} is the active one`, remedy);
  }
  const sum = wanted.reduce((total, { units }) => total + units, 0);
  if (sum > UNITS)
    throw unclear(`the parts are ${(sum * 100) / UNITS} % together`, 'Let them be at most 100 %.');
  return wanted.filter(({ units }) => units > 0);
}

function unitsOf(version: string, percent: unknown): number {
  const units = typeof percent === 'number' ? Math.round((percent * UNITS) / 100) : Number.NaN;
  const exact = Math.abs(units - (Number(percent) * UNITS) / 100) < 1e-6;
  if (exact && units >= 0 && units <= UNITS) return units;
  throw unclear(
    `the part of version ${version} is ${show(percent)}`,
    'Give a percentage from 0 to 100, with at most one decimal.',
  );
}

function unclear(what: string, remedy: string): MillraceError {
  return new MillraceError('INVALID_ARGUMENT', `rollout: ${what}`, { remedy });
}

function noted(route: Route, change: Omit<RouteChange, 'to'>): Route {
  const changes = [...route.changes, { ...change, to: routeText(route) }].slice(-MOST_CHANGES);
  return { ...route, previous: route.previous.slice(-MOST_PREVIOUS), changes };
}

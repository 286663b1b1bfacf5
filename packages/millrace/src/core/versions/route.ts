import {
  bytesOf,
  fieldsOf,
  listOf,
  numberOr,
  recordOf,
  textOr,
  textsOf,
  type Fields,
} from '../cluster/fields.ts';
import { decodeGuard, type Guard } from './guard.ts';
import { holderOf, sizeOf, UNITS, type Share, type Slice } from './slices.ts';
import { hash01 } from '../placement/hash.ts';

/** Which version of a workflow new runs get. Runs that are there stay on theirs. */
export interface Route {
  /** All get it that no share of a roll-out has. */
  readonly active: string;
  /** What was active before, the latest last: where a roll-back goes. At most `MOST_PREVIOUS`. */
  readonly previous: readonly string[];
  readonly rollout: Rollout | undefined;
  /** What was changed, the latest last. At most `MOST_CHANGES`. */
  readonly changes: readonly RouteChange[];
}

/** Versions that are tried on a part of all keys. */
export interface Rollout {
  /** When the youngest of its versions joined it: outcomes are compared from then on. Store time, ms. */
  readonly since: number;
  readonly shares: readonly Share[];
  readonly guard: Guard | undefined;
}

export interface RouteChange {
  /** Store time, ms. */
  readonly at: number;
  /** Null: nobody said. */
  readonly by: string | null;
  readonly act: RouteAct;
  /** What holds since: `2`, `1, 2=10%`. */
  readonly to: string;
  /** The same one sent again is no other. */
  readonly id?: string | undefined;
  /** Of a guard: what it saw. */
  readonly reason?: string | undefined;
}

export const ROUTE_ACTS = ['deploy', 'activate', 'rollout', 'rollback', 'guard'] as const;
export type RouteAct = (typeof ROUTE_ACTS)[number];

export const MOST_PREVIOUS = 20;
export const MOST_CHANGES = 50;

/**
 * The version of a new run: the same for the same name and key, in every process and for ever.
 * @param key - of the run; where it has none, anything that is its own.
 */
export function chooseVersion({ active, rollout }: Route, name: string, key: string): string {
  if (rollout === undefined) return active;
  // No name has a space, so that no two pairs make one text.
  const unit = Math.floor(hash01(`${name} ${key}`) * UNITS);
  return holderOf(rollout.shares, unit) ?? active;
}

/** How much of all keys a version gets, in percent. */
export function percentOf({ active, rollout }: Route, version: string): number {
  const shares = rollout?.shares ?? [];
  const others = shares.reduce((sum, { slices }) => sum + sizeOf(slices), 0);
  const own = shares.find((share) => share.version === version);
  const units = version === active ? UNITS - others : sizeOf(own?.slices ?? []);
  return (units * 100) / UNITS;
}

/** When the present proportions began to hold: what is counted of versions is counted from then on. */
export function sinceOf({ rollout, changes }: Route): number {
  return rollout?.since ?? changes.at(-1)?.at ?? 0;
}

/** The versions that new runs may get. */
export function routedVersions({ active, rollout }: Route): readonly string[] {
  return rollout === undefined ? [active] : [active, ...rollout.shares.map(({ version }) => version)];
}

/** In words: `2`, or `1, 2=10%`. */
export function routeText(route: Route): string {
  const shares = route.rollout?.shares ?? [];
  return [route.active, ...shares.map(({ version }) => `${version}=${percentOf(route, version)}%`)].join(
    ', ',
  );
}

export function encodeRoute(route: Route): Uint8Array {
  return bytesOf(route);
}

/** The route as it was set; undefined where this version of the program cannot tell which is active. */
export function decodeRoute(bytes: Uint8Array): Route | undefined {
  const fields = fieldsOf(bytes);
  const active = textOr(fields['active'], undefined);
  if (active === undefined) return undefined;
  return {
    active,
    previous: textsOf(fields['previous']),
    rollout: decodeRollout(recordOf(fields['rollout'])),
    changes: listOf(fields['changes'], decodeChange),
  };
}

function decodeRollout(fields: Fields): Rollout | undefined {
  const shares = listOf(fields['shares'], decodeShare);
  if (shares.length === 0) return undefined;
  return { since: numberOr(fields['since'], 0), shares, guard: decodeGuard(recordOf(fields['guard'])) };
}

function decodeShare(item: unknown): Share | undefined {
  const { version, slices } = recordOf(item);
  if (typeof version !== 'string') return undefined;
  return { version, slices: Array.isArray(slices) ? slices.flatMap(decodeSlice) : [] };
}

function decodeSlice(item: unknown): Slice[] {
  if (!Array.isArray(item)) return [];
  const [from, to] = item.map((end) => numberOr(end, undefined));
  return from === undefined || to === undefined ? [] : [[from, to]];
}

function decodeChange(item: unknown): RouteChange | undefined {
  const { at, by, act, to, reason, id } = recordOf(item);
  const known = ROUTE_ACTS.find((one) => one === act);
  if (known === undefined) return undefined;
  const change = { at: numberOr(at, 0), by: textOr(by, null), act: known, to: textOr(to, '') };
  return {
    ...change,
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(typeof id === 'string' ? { id } : {}),
  };
}

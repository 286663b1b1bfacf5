import type { EngineView, StoredVersions } from '../../core/cluster/engine-view.ts';
import { MillraceError } from '../../core/errors.ts';
import { resolveVersion } from '../../core/names.ts';
import { didYouMean } from '../../core/suggest.ts';
import {
  activated,
  rolledBack,
  rolledOut,
  type Author,
  type RolloutWish,
} from '../../core/versions/change.ts';
import { byVersion } from '../../core/versions/order.ts';
import { encodeRoute, type Route, type RouteAct } from '../../core/versions/route.ts';
import type { VersionDesk } from '../desk.ts';

/** Who changes what new runs get. */
export interface Changer {
  /** Default: this engine. */
  readonly by?: string | undefined;
  /** The same change sent again under it is not made again. */
  readonly id?: string | undefined;
}

/** @throws UNKNOWN_WORKFLOW, UNKNOWN_VERSION, ROUTE_CHANGED. */
export async function activate(
  desk: VersionDesk,
  name: string,
  given: number | string,
  who: Changer,
): Promise<Route> {
  const version = resolveVersion(given, `activate "${name}"`);
  await requireVersions(desk, name, [version]);
  return change(desk, name, { ...who, act: 'activate' }, (before, author) =>
    activated(before, version, author),
  );
}

/** @throws INVALID_ARGUMENT, UNKNOWN_WORKFLOW, UNKNOWN_VERSION, ROUTE_CHANGED. */
export async function rollOut(
  desk: VersionDesk,
  name: string,
  wish: RolloutWish,
  who: Changer,
): Promise<Route> {
  await requireVersions(desk, name, Object.keys(wish.weights));
  return change(desk, name, { ...who, act: 'rollout' }, (before, author) =>
    rolledOut(required(before, name), wish, author),
  );
}

/** @throws INVALID_ARGUMENT, UNKNOWN_WORKFLOW, ROUTE_CHANGED. */
export async function rollBack(desk: VersionDesk, name: string, who: Changer): Promise<Route> {
  await requireVersions(desk, name, []);
  return change(desk, name, { ...who, act: 'rollback' }, (before, author) =>
    rolledBack(required(before, name), author),
  );
}

/** The versions of a name that there are: stored, registered here, or announced by an engine. */
export async function versionsOf(desk: VersionDesk, name: string): Promise<readonly string[]> {
  return (await allVersions(desk)).get(name) ?? [];
}

export type Versions = ReadonlyMap<string, readonly string[]>;

/** Of each desk what was found last: starts by name ask for it each time, and it seldom changes. */
const found = new WeakMap<VersionDesk, { stored: object; engines: object; versions: Versions }>();

/** By name, in the order of versions; the same object while nothing has changed. */
export async function allVersions(desk: VersionDesk): Promise<Versions> {
  return versionsAmong(desk, await desk.engines.read());
}

/** The same at once; undefined: who is there has to be asked for. */
export function knownVersions(desk: VersionDesk): Versions | undefined {
  const engines = desk.engines.known();
  return engines && versionsAmong(desk, engines);
}

function versionsAmong(desk: VersionDesk, engines: readonly EngineView[]): Versions {
  const stored = desk.catalogue.stored();
  const last = found.get(desk);
  if (last?.stored === stored && last.engines === engines) return last.versions;
  const versions = gatherVersions(desk, stored.versions, engines);
  found.set(desk, { stored, engines, versions });
  return versions;
}

function gatherVersions(
  desk: VersionDesk,
  stored: StoredVersions['versions'],
  engines: readonly EngineView[],
): Versions {
  const all = [
    ...stored,
    ...desk.workflows.map(({ name, version }) => ({ workflow: name, version })),
    ...engines.flatMap(({ workflows }) => workflows),
  ];
  const byName = new Map<string, Set<string>>();
  for (const { workflow, version } of all) {
    const versions = byName.get(workflow) ?? new Set();
    byName.set(workflow, versions.add(version));
  }
  return new Map([...byName].map(([name, versions]) => [name, [...versions].toSorted(byVersion)]));
}

/** What `name` is refused for that nobody has. */
export async function unknownWorkflow(desk: VersionDesk, name: string): Promise<MillraceError> {
  const guess = didYouMean(name, (await allVersions(desk)).keys());
  return new MillraceError('UNKNOWN_WORKFLOW', `no workflow "${name}" is registered or deployed`, {
    ...(guess === undefined ? {} : { remedy: `Did you mean "${guess}"?` }),
    details: { workflow: name, ...(guess === undefined ? {} : { suggestion: guess }) },
  });
}

export function unknownVersion(name: string, version: string, known: readonly string[]): MillraceError {
  const what = `workflow "${name}" has no version ${version}; there are ${known.join(', ')}`;
  return new MillraceError('UNKNOWN_VERSION', what, {
    details: { workflow: name, version, versions: known },
  });
}

async function requireVersions(desk: VersionDesk, name: string, versions: readonly string[]): Promise<void> {
  await desk.answered(() => desk.catalogue.look());
  const known = await versionsOf(desk, name);
  if (known.length === 0 && desk.catalogue.route(name) === undefined) throw await unknownWorkflow(desk, name);
  const missing = versions.find((version) => !known.includes(version));
  if (missing !== undefined) throw unknownVersion(name, missing, known);
}

function required(route: Route | undefined, name: string): Route {
  if (route !== undefined) return route;
  throw new MillraceError('INVALID_ARGUMENT', `no version of workflow "${name}" is active`, {
    remedy: 'Activate one first: `millrace activate NAME@VERSION`.',
  });
}

/** Changes the route as it was just read. @throws ROUTE_CHANGED when somebody else did meanwhile. */
async function change(
  { store, answered, namespace, catalogue, storeTime, ...desk }: VersionDesk,
  name: string,
  { act, id, by = desk.by }: Changer & { readonly act: RouteAct },
  make: (before: Route | undefined, author: Author) => Route,
): Promise<Route> {
  const known = catalogue.routes().get(name);
  const done = known?.route.changes.some((made) => made.act === act && made.id === id);
  if (known !== undefined && id !== undefined && done === true) return known.route;
  const author = { at: Math.floor(storeTime()), by };
  const after = make(known?.route, id === undefined ? author : { ...author, id });
  const request = { namespace, name, value: encodeRoute(after), expectRevision: known?.revision ?? 0 };
  const outcome = await answered(() => store.putRoute(request));
  await answered(() => catalogue.look());
  if (outcome === 'ok') return after;
  const what = `the route of workflow "${name}" was changed by somebody else`;
  throw new MillraceError('ROUTE_CHANGED', what, { details: { workflow: name } });
}

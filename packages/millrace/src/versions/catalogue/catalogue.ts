import type { StoredVersions } from '../../core/cluster/engine-view.ts';
import { highestVersion } from '../../core/versions/order.ts';
import { decodeRoute, routedVersions, type Route } from '../../core/versions/route.ts';
import type { Library } from '../../engine/claim/repertoire.ts';
import type { Ports } from '../../engine/ports.ts';
import type { DefinitionRow, DefinitionStore } from '../../store/port/definitions.ts';
import { createBodies, type Bodies, type BodyParts } from './bodies.ts';

/** What this process knows of the definitions and routes of its namespace. */
export interface Catalogue extends Library {
  rows(): readonly DefinitionRow[];
  row(name: string, version: string): DefinitionRow | undefined;
  /** Whether somebody has told of the settings lately: then `refresh` does nothing. */
  isFresh(): boolean;
  /** Names that have a route, with it and the revision that a change of it must name. */
  routes(): ReadonlyMap<string, KnownRoute>;
}

export interface KnownRoute {
  readonly route: Route;
  readonly revision: number;
}

export interface CatalogueParts extends BodyParts {
  readonly store: DefinitionStore;
  readonly namespace: string;
  readonly ports: Pick<Ports, 'clock'>;
  /** For so long nobody needs to ask again; an engine hears of changes with its beat. */
  readonly freshMs: number;
  /** Whether what new runs get is read before any of them wants it. */
  readonly warm: boolean;
}

/** Of routed definitions that are read before they are wanted, together. */
const MOST_WARM_BYTES = 8 * 1024 * 1024;

/**
 * Owns this process's copy of the list of definitions and routes; bodies are `bodies.ts`.
 *   C1  A copy is never replaced by an older one, however answers overtake each other.
 *   C2  What this process cannot read it does not offer: its runs are left to others, and to a newer version of the
 *       program.
 */
export function createCatalogue(parts: CatalogueParts): Catalogue {
  const { store, namespace, ports, freshMs } = parts;
  const bodies = createBodies(parts);
  const unreadable = new Set<string>();
  let known = emptyList(namespace);
  let heardAt = Number.NEGATIVE_INFINITY;

  const look = async (): Promise<void> => {
    const asked = ports.clock.mono();
    const { revision, definitions, routes } = await store.listDefinitions(namespace);
    if (revision < known.revision) return;
    heardAt = asked;
    known = listOf({ namespace, revision, definitions, routes: readRoutes(routes) }, known, unreadable);
    if (parts.warm) void warmUp(known, bodies);
  };
  const catalogue: Catalogue = {
    stored: () => known.stored,
    rows: () => known.definitions,
    row: (name, version) => known.byId.get(`${name} ${version}`),
    has(name, version) {
      const row = catalogue.row(name, version);
      return row !== undefined && !unreadable.has(row.hash);
    },
    loaded(name, version) {
      const row = catalogue.row(name, version);
      return row && bodies.loaded(row)?.workflow;
    },
    async load(name, version) {
      const row = catalogue.row(name, version);
      if (row === undefined) return undefined;
      const made = await bodies.load(row);
      if (made === undefined) {
        // A draft may be replaced at any time: what follows it is another content.
        unreadable.add(row.hash);
        known = listOf(known, known, unreadable);
        return undefined;
      }
      await loadChildren(made.children, known, bodies);
      return made.workflow;
    },
    look,
    async follow(revision) {
      heardAt = ports.clock.mono();
      if (revision <= known.revision) return false;
      const before = known.stored;
      await look();
      return known.stored !== before;
    },
    isFresh: () => ports.clock.mono() - heardAt < freshMs,
    async refresh() {
      if (!catalogue.isFresh()) await look();
    },
    routes: () => known.routes,
    route: (name) => known.routes.get(name)?.route,
    highest: (name) => {
      const versions = known.definitions.filter((row) => row.name === name && !row.draft);
      return highestVersion(versions.map(({ version }) => version));
    },
  };
  return catalogue;
}

interface List {
  readonly namespace: string;
  readonly revision: number;
  readonly definitions: readonly DefinitionRow[];
  readonly routes: ReadonlyMap<string, KnownRoute>;
}
interface KnownList extends List {
  readonly byId: ReadonlyMap<string, DefinitionRow>;
  readonly stored: StoredVersions;
}

function emptyList(namespace: string): KnownList {
  const nothing = { namespace, definitions: [], routes: new Map<string, KnownRoute>() };
  return { ...nothing, revision: 0, byId: new Map(), stored: { namespace, versions: [] } };
}

/** What engines are told stays the same thing while it says the same. */
function listOf(list: List, before: KnownList, unreadable: ReadonlySet<string>): KnownList {
  const { namespace, definitions } = list;
  const byId = new Map(definitions.map((row) => [`${row.name} ${row.version}`, row]));
  const versions = definitions
    .filter(({ hash }) => !unreadable.has(hash))
    .map(({ name, version }) => ({ workflow: name, version }));
  const isSame =
    versions.length === before.stored.versions.length &&
    versions.every(({ workflow, version }, at) => {
      const other = before.stored.versions[at];
      return other?.workflow === workflow && other.version === version;
    });
  return { ...list, byId, stored: isSame ? before.stored : { namespace, versions } };
}

function readRoutes(
  rows: Awaited<ReturnType<DefinitionStore['listDefinitions']>>['routes'],
): ReadonlyMap<string, KnownRoute> {
  return new Map(
    rows.flatMap(({ name, value, revision }): [string, KnownRoute][] => {
      const route = decodeRoute(value);
      return route === undefined ? [] : [[name, { route, revision }]];
    }),
  );
}

/** What new runs of these get. */
function routedRows(names: Iterable<string>, { routes, byId }: KnownList): readonly DefinitionRow[] {
  return [...names].flatMap((name) => {
    const route = routes.get(name)?.route;
    const versions = route === undefined ? [] : routedVersions(route);
    return versions.flatMap((version) => byId.get(`${name} ${version}`) ?? []);
  });
}

/**
 * Reads what new runs get, one after the other: a child by name is started within a turn, in which nothing may take
 * time, and its input and terms are those of what is in memory.
 */
async function warmUp(known: KnownList, bodies: Bodies): Promise<void> {
  let bytes = 0;
  for (const row of routedRows(known.routes.keys(), known)) {
    if (row.draft || bodies.loaded(row) !== undefined) continue;
    bytes += row.bytes;
    if (bytes > MOST_WARM_BYTES) return;
    // oxlint-disable-next-line no-await-in-loop -- each takes the time of others
    await bodies.load(row).catch(() => undefined);
  }
}

/** The same for those that a run will start, and that theirs will. */
async function loadChildren(names: readonly string[], known: KnownList, bodies: Bodies): Promise<void> {
  const seen = new Set(names);
  // A set is walked to its end, whatever is added on the way.
  for (const name of seen) {
    for (const row of routedRows([name], known)) {
      // oxlint-disable-next-line no-await-in-loop -- what is in memory takes no time
      const made = bodies.loaded(row) ?? (await bodies.load(row));
      for (const child of made?.children ?? []) seen.add(child);
    }
  }
}

import type {
  DefinitionList,
  DefinitionRef,
  DefinitionRequest,
  DefinitionResult,
  DefinitionStore,
  RouteRequest,
  StoredDefinition,
} from '../../port/definitions.ts';
import {
  checkDefinition,
  checkDefinitionRef,
  checkRoute,
  checkText,
  checkVersionFilter,
} from '../../port/text.ts';
import { textArray } from '../database/binary-array.ts';
import type { Connections, Statement } from '../database/connect.ts';
import { functionCall } from '../runs/function-call.ts';
import { countVersions } from './versions.ts';

const PUT = functionCall('put_definition_v1', 9);
const READ = functionCall('read_definitions_v1', 3);
const PUT_ROUTE = functionCall('put_route_v1', 5);

// One snapshot, of rows of two kinds: definitions, then routes. The first row always comes, for the revision.
const LIST = `
SELECT s.revision, d.* FROM (SELECT coalesce(max(s.revision), 0) AS revision FROM millrace.settings s) s
LEFT JOIN (
  SELECT 1 AS part, d.name, d.version, d.hash, d.bytes, d.draft, d.stored_at AS at, d.stored_by,
    NULL::bigint AS of, NULL::bytea AS value
  FROM millrace.definitions d WHERE d.namespace = $1
  UNION ALL SELECT 2, t.name, NULL, NULL, NULL, NULL, t.changed_at, NULL, t.revision, t.value
  FROM millrace.routes t WHERE t.namespace = $1
) d ON true
ORDER BY d.part, d.name, d.at, d.version`;
const DEFINITION = 1;
const ROUTE = 2;

type PutRow = [
  outcome: DefinitionResult['outcome'],
  routed: boolean,
  hash: string,
  body: Uint8Array,
  draft: boolean,
  openRuns: number,
];
type Stored = [hash: string, bytes: number, draft: boolean, storedAt: number, storedBy: string | null];
type ReadRow = [n: number, ...stored: Stored, body: Uint8Array];
type ListRow = [
  settings: number,
  part: number | null,
  name: string,
  version: string,
  hash: string,
  bytes: number,
  draft: boolean,
  at: number,
  storedBy: string | null,
  revision: number,
  value: Uint8Array,
];

/** The tables `definitions` and `routes`. `now`: undefined for the database's clock. */
export function definitionCalls(calls: Connections, now: () => number | undefined): DefinitionStore {
  return {
    putDefinition: async (request) => {
      checkDefinition(request);
      return putResult(await calls.write<PutRow>(putStatement(request, now())));
    },
    readDefinitions: async (refs) => {
      for (const ref of refs) checkDefinitionRef(ref);
      return refs.length === 0 ? [] : readDefinitions(calls, refs);
    },
    listDefinitions: async (namespace) => {
      checkText(namespace, 'namespace');
      return listOf(namespace, await calls.read<ListRow>({ text: LIST, values: [namespace] }));
    },
    putRoute: async (request) => {
      checkRoute(request);
      const [row] = await calls.write<['ok' | 'conflict']>(routeStatement(request, now()));
      return row?.[0] ?? 'conflict';
    },
    countVersions: async (filter) => {
      checkVersionFilter(filter);
      return countVersions(calls, filter);
    },
  };
}

export function putStatement(request: DefinitionRequest, now: number | undefined): Statement {
  const { namespace, name, version, hash, body, draft, by, firstRoute } = request;
  const route = firstRoute === undefined ? undefined : Buffer.from(firstRoute);
  return { text: PUT, values: [now, namespace, name, version, hash, Buffer.from(body), draft, by, route] };
}

function putResult([row]: readonly PutRow[]): DefinitionResult {
  if (row === undefined) throw new Error('a definition without a result');
  const [outcome, routed, hash, body, draft, openRuns] = row;
  return outcome === 'exists' ? { outcome, hash, body, draft, openRuns } : { outcome, routed };
}

function routeStatement(request: RouteRequest, now: number | undefined): Statement {
  const { namespace, name, value, expectRevision } = request;
  return { text: PUT_ROUTE, values: [now, namespace, name, Buffer.from(value), expectRevision] };
}

export function readStatement(refs: readonly DefinitionRef[]): Statement {
  const columns = (['namespace', 'name', 'version'] as const).map((of) =>
    textArray(refs.map((ref) => ref[of])),
  );
  return { text: READ, values: columns };
}

async function readDefinitions(
  { read }: Connections,
  refs: readonly DefinitionRef[],
): Promise<(StoredDefinition | undefined)[]> {
  const found = refs.map((): StoredDefinition | undefined => undefined);
  for (const [n, ...columns] of await read<ReadRow>(readStatement(refs))) {
    const ref = refs[n - 1];
    const [hash, bytes, draft, storedAt, storedBy, body] = columns;
    if (ref === undefined) throw new Error(`definition ${n} of ${refs.length}`);
    const { namespace, name, version } = ref;
    found[n - 1] = {
      ...{ namespace, name, version, hash, bytes, draft, storedAt, body },
      storedBy: storedBy ?? undefined,
    };
  }
  return found;
}

function listOf(namespace: string, rows: readonly ListRow[]): DefinitionList {
  const list: DefinitionList = { revision: rows[0]?.[0] ?? 0, definitions: [], routes: [] };
  for (const [, part, name, version, hash, bytes, draft, at, storedBy, revision, value] of rows) {
    if (part === ROUTE) list.routes.push({ namespace, name, value, revision, changedAt: at });
    if (part !== DEFINITION) continue;
    const row = { namespace, name, version, hash, bytes, draft, storedAt: at };
    list.definitions.push({ ...row, storedBy: storedBy ?? undefined });
  }
  return list;
}

import { splitVersion } from '../../core/cluster/demands.ts';
import { statusOf, type RunStatus } from '../../core/status.ts';

/**
 * What the port says of workflows that are data, and of which version a new run gets.
 *   D1  A version that was deployed never changes. A draft may be replaced while no open run is on it, and is
 *       deployed by storing the same content without `draft`. What is read of it after a run was started is what it
 *       is until that run closes: a replacement at the same moment is seen by the reader, or sees the run and is
 *       refused. A start takes no lock for that, and what was read before it may be out of date.
 *   D2  A definition and the first route of its name are stored together: who sees the one sees the other.
 *   D3  A route is changed only by who has seen its present revision. The same change sent twice is made once and
 *       answered `ok` twice, as long as nobody has made another one since.
 *   D4  Every change of a definition or a route gives the cluster's settings a new revision (K2), in the same
 *       transaction: engines hear of it with their next beat. It is that of the setting `DEFINITIONS_SETTING`, which is
 *       empty and for nobody to read.
 */
export interface DefinitionStore {
  /** At most `MAX_DEFINITION_BYTES`. Sent twice, it is answered `same` the second time. */
  putDefinition(request: DefinitionRequest): Promise<DefinitionResult>;
  /** Results in request order. */
  readDefinitions(refs: readonly DefinitionRef[]): Promise<(StoredDefinition | undefined)[]>;
  /** All of a namespace, bodies left out, by name and instant of their storing; and the routes, by name. */
  listDefinitions(namespace: string): Promise<DefinitionList>;
  /** Sets a route; at most `MAX_ROUTE_BYTES`. `expectRevision` 0: there is none yet. */
  putRoute(request: RouteRequest): Promise<'ok' | 'conflict'>;
  /**
   * Open runs by workflow, version and status, tasks left out; and of the runs that began at or after `since` and have
   * closed, how many ended how and how long they took. `since` undefined: no closed ones. The version is the author's,
   * demands left out. Ordered by workflow, version, and status as in core/status.ts.
   */
  countVersions(filter: VersionFilter): Promise<VersionCount[]>;
}

export const DEFINITIONS_SETTING = 'definitions';
export const MAX_DEFINITION_BYTES = 8 * 1024 * 1024;
export const MAX_ROUTE_BYTES = 65_536;

export interface DefinitionRef {
  namespace: string;
  name: string;
  version: string;
}

export interface DefinitionRequest extends DefinitionRef {
  /** SHA-256 of the body, in hexadecimal. */
  hash: string;
  /** Canonical JSON; opaque here. */
  body: Uint8Array;
  /** It is stored by running a file: see D1. */
  draft: boolean;
  /** Who stores it, for people. */
  by: string | undefined;
  /** The route of the name, where it has none. Undefined: it gets none. */
  firstRoute: Uint8Array | undefined;
}

export type DefinitionResult =
  /**
   * `stored`: it was not there, or replaced a draft, or a draft was deployed. `routed`: its name has the route that
   * `firstRoute` says, by this call or since an earlier one.
   */
  | { outcome: 'stored' | 'same'; routed: boolean }
  /** Another content has this version, with what is stored of it; `openRuns` of a draft that runs are on, counted to 1. */
  | { outcome: 'exists'; hash: string; body: Uint8Array; draft: boolean; openRuns: number };

export interface DefinitionRow extends DefinitionRef {
  hash: string;
  bytes: number;
  draft: boolean;
  /** When it got its present content, or was deployed; and who did that. */
  storedAt: number;
  storedBy: string | undefined;
}

export interface StoredDefinition extends DefinitionRow {
  body: Uint8Array;
}

export interface DefinitionList {
  /** The revision of the settings that this is at least as new as. */
  revision: number;
  definitions: DefinitionRow[];
  routes: RouteRow[];
}

export interface RouteRow {
  namespace: string;
  name: string;
  /** Which version new runs get; opaque here. */
  value: Uint8Array;
  /** That of the settings which it was given with (D4). */
  revision: number;
  changedAt: number;
}

export interface RouteRequest {
  namespace: string;
  name: string;
  value: Uint8Array;
  expectRevision: number;
}

export interface VersionFilter {
  namespace: string;
  /** Undefined: all. */
  workflow?: string | undefined;
  /** Store time. A run begins when it is owned for the first time. */
  since?: number | undefined;
}

export interface VersionCount {
  workflow: string;
  version: string;
  status: RunStatus;
  runs: number;
  /** Of closed ones, from their beginning to their end, mean; undefined for open ones. */
  meanMs: number | undefined;
}

/** What a backend counted: of versions as runs have them, with demands. `ms`: all together; null for open ones. */
export interface RawCount {
  workflow: string;
  workflow_version: string;
  status: number;
  runs: number;
  ms: number | null;
}

/** Of the author's versions, in order. */
export function sumCounts(raw: readonly RawCount[]): VersionCount[] {
  const sums = new Map<string, RawCount>();
  for (const count of raw) {
    const { version } = splitVersion(count.workflow_version);
    const key = JSON.stringify([count.workflow, version, count.status]);
    const { runs, ms } = sums.get(key) ?? { runs: 0, ms: 0 };
    const all = { runs: runs + count.runs, ms: count.ms === null ? null : count.ms + (ms ?? 0) };
    sums.set(key, { ...count, workflow_version: version, ...all });
  }
  return [...sums.values()].toSorted(inOrder).map(({ status, runs, ms, ...row }) => ({
    ...{ workflow: row.workflow, version: row.workflow_version, status: statusOf(status), runs },
    meanMs: ms === null ? undefined : ms / runs,
  }));
}

function inOrder(a: RawCount, b: RawCount): number {
  const byVersion = order(a.workflow, b.workflow) || order(a.workflow_version, b.workflow_version);
  return byVersion || a.status - b.status;
}

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

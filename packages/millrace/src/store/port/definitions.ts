import type { RunStatus } from '../../core/status.ts';

/**
 * What the port says of workflows that are data, and of which version a new run gets.
 *   D1  A version that was deployed never changes. A draft may be replaced while no open run is on it, and is
 *       deployed by storing the same content without `draft`.
 *   D2  A definition and the first route of its name are stored together: who sees the one sees the other.
 *   D3  A route is changed only by who has seen its present revision.
 *   D4  Every change of a definition or a route gives the cluster's settings a new revision (K2), in the same
 *       transaction: engines hear of it with their next beat.
 */
export interface DefinitionStore {
  /** At most `MAX_DEFINITION_BYTES`. */
  putDefinition(request: DefinitionRequest): Promise<DefinitionResult>;
  /** Results in request order. */
  readDefinitions(refs: readonly DefinitionRef[]): Promise<(StoredDefinition | undefined)[]>;
  /** All of a namespace, bodies left out, by name and instant of their storing; and the routes. */
  listDefinitions(namespace: string): Promise<DefinitionList>;
  /** Sets a route; at most `MAX_ROUTE_BYTES`. `expectRevision` 0: there is none yet. */
  putRoute(request: RouteRequest): Promise<'ok' | 'conflict'>;
  /**
   * Open runs by workflow, version and status, tasks left out; and of the runs that began at or after `since` and have
   * closed, how many ended how and how long they took. `since` undefined: no closed ones. The version is the author's,
   * demands left out.
   */
  countVersions(filter: VersionFilter): Promise<VersionCount[]>;
}

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
  /** It was stored by running a file: see D1. */
  draft: boolean;
  /** Who stores it, for people. */
  by: string | undefined;
  /** The route of the name, where it has none. Undefined: it gets none. */
  firstRoute: Uint8Array | undefined;
}

export type DefinitionResult =
  | { outcome: 'stored' | 'same'; routed: boolean }
  /** Another content has this version, with what is stored of it; `openRuns` of a draft that runs are on, counted to 1. */
  | { outcome: 'exists'; hash: string; body: Uint8Array; draft: boolean; openRuns: number };

export interface DefinitionRow extends DefinitionRef {
  hash: string;
  bytes: number;
  draft: boolean;
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
  /** Store time. */
  since?: number | undefined;
}

export interface VersionCount {
  workflow: string;
  version: string;
  status: RunStatus;
  runs: number;
  /** Of closed ones, from their start to their end, mean; undefined for open ones. */
  meanMs: number | undefined;
}

import type { EngineView } from '../cluster/engine-view.ts';
import { instant } from '../reading/instant.ts';
import { isClosed, type RunStatus } from '../status.ts';
import type { Guard } from './guard.ts';
import { byVersion, highestVersion } from './order.ts';
import { percentOf, sinceOf, type Route, type RouteChange } from './route.ts';
import { tallyOf, type Outcome } from './tally.ts';

/** A workflow by name, with all its versions, as every surface shows it. */
export interface DefinitionDescription {
  readonly name: string;
  /** The version that new runs get which no roll-out takes; null: nobody set one, and the highest is taken. */
  readonly active: string | null;
  /** From when on closed runs are counted; null: they are not. */
  readonly since: string | null;
  readonly guard: Guard | null;
  /** The latest first. */
  readonly changes: readonly (Omit<RouteChange, 'at' | 'reason' | 'id'> & {
    readonly at: string;
    readonly reason: string | null;
  })[];
  /** Open runs whose version no engine has. */
  readonly stranded: number;
  /** The highest first. */
  readonly versions: readonly VersionDescription[];
}

export interface VersionDescription {
  readonly version: string;
  /** `code`: engines announce it, or did when its runs began. */
  readonly kind: 'definition' | 'code';
  /** SHA-256 of a definition. */
  readonly hash: string | null;
  readonly bytes: number | null;
  /** Stored by running a file: it may still change. */
  readonly draft: boolean;
  readonly deployedAt: string | null;
  readonly deployedBy: string | null;
  readonly active: boolean;
  /** Of new runs. */
  readonly percent: number;
  readonly open: number;
  readonly openRuns: Readonly<Partial<Record<RunStatus, number>>>;
  readonly closed: number;
  readonly failed: number;
  /** Of closed runs but for cancelled ones, 0 to 1; null: none closed. */
  readonly successRate: number | null;
  /** Of runs that did not fail. */
  readonly meanMs: number | null;
  /** Names of the engines that can run it. */
  readonly engines: readonly string[];
  readonly stranded: number;
}

/** A definition as the store lists it. */
export interface StoredVersion {
  readonly version: string;
  readonly hash: string;
  readonly bytes: number;
  readonly draft: boolean;
  readonly storedAt: number;
  readonly storedBy: string | undefined;
}

/** What is known of one name. */
export interface NameFacts {
  readonly name: string;
  readonly stored: readonly StoredVersion[];
  readonly route: Route | undefined;
  /** Of its open runs; of closed ones those that began when the present proportions held already. */
  readonly outcomes: readonly Outcome[];
  /** Whether closed ones were counted. */
  readonly counted: boolean;
  /** Those of the namespace that are there, with the definitions that they interpret. */
  readonly engines: readonly EngineView[];
}

export function describeDefinition(facts: NameFacts): DefinitionDescription {
  const { name, route, counted } = facts;
  const versions = versionsOf(facts).map((version) => describeVersion(facts, version));
  const changes = (route?.changes ?? []).map(({ at, reason = null, id: _, ...change }) => {
    return { ...change, at: instant(at), reason };
  });
  return {
    name,
    active: route?.active ?? null,
    since: route !== undefined && counted ? instant(sinceOf(route)) : null,
    guard: route?.rollout?.guard ?? null,
    changes: changes.toReversed(),
    stranded: versions.reduce((sum, { stranded }) => sum + stranded, 0),
    versions,
  };
}

/** Who has one announced, who stored one, and which runs are left. */
function versionsOf({ name, stored, outcomes, engines }: NameFacts): readonly string[] {
  const announced = engines.flatMap(({ workflows }) => workflows.filter(({ workflow }) => workflow === name));
  const all = [...stored, ...announced, ...outcomes].map(({ version }) => version);
  return [...new Set(all)].toSorted(byVersion).toReversed();
}

function describeVersion(facts: NameFacts, version: string): VersionDescription {
  const { route, outcomes } = facts;
  const row = facts.stored.find((stored) => stored.version === version);
  const open = outcomes.filter((outcome) => outcome.version === version && !isClosed(outcome.status));
  const openRuns = Object.fromEntries(open.map(({ status, runs }) => [status, runs]));
  const sum = open.reduce((total, { runs }) => total + runs, 0);
  const { closed, failed, meanMs = null } = tallyOf(outcomes, version);
  const engines = enginesOf(facts, version);
  const isActive = version === (route?.active ?? highestVersion(startable(facts)));
  return {
    version,
    kind: row === undefined ? 'code' : 'definition',
    hash: row?.hash ?? null,
    bytes: row?.bytes ?? null,
    draft: row?.draft ?? false,
    deployedAt: row === undefined ? null : instant(row.storedAt),
    deployedBy: row?.storedBy ?? null,
    active: isActive,
    percent: route === undefined ? (isActive ? 100 : 0) : percentOf(route, version),
    ...{ open: sum, openRuns, closed, failed },
    successRate: closed === 0 ? null : (closed - failed) / closed,
    ...{ meanMs, engines, stranded: engines.length === 0 ? sum : 0 },
  };
}

function enginesOf({ name, engines }: NameFacts, version: string): readonly string[] {
  const able = engines.filter(
    ({ state, workflows }) =>
      state !== 'suspect' && workflows.some((one) => one.workflow === name && one.version === version),
  );
  return [...new Set(able.map((engine) => engine.name))].toSorted();
}

/** What a start by name may get where nobody has set a route: no draft, and nothing that nobody has. */
function startable(facts: NameFacts): readonly string[] {
  const drafts = facts.stored.filter(({ draft }) => draft).map(({ version }) => version);
  return versionsOf(facts).filter(
    (version) => !drafts.includes(version) && enginesOf(facts, version).length > 0,
  );
}

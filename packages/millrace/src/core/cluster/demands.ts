import { MillraceError, show } from '../errors.ts';
import { checkName } from '../names.ts';

/*
 * What an engine must carry to execute a run: labels, a region. It stands behind the run's version, `1+gpu+region=eu`.
 * So runs with different demands wait in groups of their own, like those of different versions: nobody reads over what
 * he cannot take. No version of an author has the mark.
 */

const MARK = '+';
const MAX_DEMANDS = 16;
/** Of all together: they are part of what runs are indexed by. */
const MAX_DEMAND_CHARS = 512;

/** What an author may demand of the engine that executes something. */
export interface DemandOptions {
  /** Labels that the engine must carry, all of them: at most 16, of 512 characters together, without `+`. */
  requires?: readonly string[] | undefined;
  /** Where the engine must stand. Without `+`. */
  region?: string | undefined;
}

/** What is demanded of an engine, or carried by it. */
export interface Standpoint {
  readonly labels: readonly string[];
  readonly region: string | undefined;
}

/** What these options demand, after checks. @throws `INVALID_ARGUMENT`. */
export function demandsOf({ requires, region }: DemandOptions, where: string): Standpoint {
  if (requires === undefined && region === undefined) return NOTHING;
  const labels: unknown = requires ?? [];
  if (!Array.isArray(labels)) {
    throw invalid(
      `${where}: requires is ${show(labels)}, not a list`,
      "Pass a list of labels such as ['gpu'].",
    );
  }
  if (labels.length > MAX_DEMANDS) {
    throw invalid(`${where} requires ${labels.length} labels`, `Require at most ${MAX_DEMANDS}.`);
  }
  for (const label of labels) checkDemand('label', label);
  if (region !== undefined) checkDemand('region', region);
  const demands = { labels: [...labels], region };
  const chars = traitsOf(demands).join(MARK).length;
  if (chars <= MAX_DEMAND_CHARS) return demands;
  const remedy = `Use shorter labels: at most ${MAX_DEMAND_CHARS} characters together.`;
  throw invalid(`${where} requires labels of ${chars} characters together`, remedy);
}

/** That nothing is demanded. */
export const NOTHING: Standpoint = { labels: [], region: undefined };

function checkDemand(kind: string, name: unknown): asserts name is string {
  checkName(kind, name);
  if (!name.includes(MARK)) return;
  throw invalid(
    `${kind} ${show(name)} contains "${MARK}"`,
    `Name it without "${MARK}", here and in the engines' options.`,
  );
}

function invalid(what: string, remedy: string): MillraceError {
  return new MillraceError('INVALID_ARGUMENT', what, { remedy });
}

/** Each as one text. */
export function traitsOf({ labels, region }: Standpoint): string[] {
  const all = region === undefined ? labels : [...labels, `region=${region}`];
  return [...new Set(all)].toSorted();
}

/** The version of a run that only an engine with these traits may execute. */
export function demandingVersion(version: string, demands: Standpoint): string {
  if (demands.labels.length === 0 && demands.region === undefined) return version;
  return [version, ...traitsOf(demands)].join(MARK);
}

export function splitVersion(text: string): { version: string; demands: readonly string[] } {
  if (!text.includes(MARK)) return { version: text, demands: NOTHING.labels };
  const [version = '', ...demands] = text.split(MARK);
  return { version, demands };
}

export function carriesAll(traits: readonly string[], demands: readonly string[]): boolean {
  return demands.every((demand) => traits.includes(demand));
}

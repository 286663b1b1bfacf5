import { MillraceError, show } from '../errors.ts';
import { checkName } from '../names.ts';

/*
 * What an engine must carry to execute a run: labels, a region. It stands behind the run's version, `1+gpu+region=eu`.
 * So runs with different demands wait in groups of their own, like those of different versions: nobody reads over what
 * he cannot take. No version of an author has the mark.
 */

const MARK = '+';

/** What is demanded of an engine, or carried by it. */
export interface Standpoint {
  readonly labels: readonly string[];
  readonly region: string | undefined;
}

/** A label or a region that can be demanded. @throws `INVALID_ARGUMENT`. */
export function checkDemand(kind: string, name: unknown): asserts name is string {
  checkName(kind, name);
  if (!name.includes(MARK)) return;
  throw new MillraceError('INVALID_ARGUMENT', `${kind} ${show(name)} contains "${MARK}"`, {
    remedy: `Name it without "${MARK}", here and in the engines' options.`,
  });
}

/** Each as one text. */
export function traitsOf({ labels, region }: Standpoint): string[] {
  const all = region === undefined ? labels : [...labels, `region=${region}`];
  return [...new Set(all)].toSorted();
}

/** The version of a run that only an engine with these traits may execute. */
export function demandingVersion(version: string, demands: Standpoint): string {
  return [version, ...traitsOf(demands)].join(MARK);
}

export function splitVersion(text: string): { version: string; demands: readonly string[] } {
  const [version = '', ...demands] = text.split(MARK);
  return { version, demands };
}

export function carriesAll(traits: readonly string[], demands: readonly string[]): boolean {
  return demands.every((demand) => traits.includes(demand));
}

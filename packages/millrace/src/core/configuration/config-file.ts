import { didYouMean } from '../suggest.ts';
import { SECRET_PREFIX } from './secrets.ts';

/** A configuration file that was read: whatever it holds. */
export interface ConfigFile {
  /** As messages name it. */
  readonly path: string;
  /** The document; undefined where it could not be read. */
  readonly document: unknown;
  /** What its text is wrong in. */
  readonly faults: readonly string[];
}

/** Variables as one part of the file sets them. */
export interface FileLayer {
  /** `millrace.config.yaml`, with the profile where it is that of one. */
  readonly source: string;
  readonly variables: Readonly<Record<string, string>>;
}

export interface FileProblem {
  readonly name: string;
  readonly value: string;
  readonly message: string;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * The layers of a file, what goes first before what it goes before: the profile, then what holds for all.
 * @param known - variables that may stand in it.
 */
export function readLayers(
  { path, document, faults }: ConfigFile,
  profile: string,
  known: readonly string[],
): { layers: readonly FileLayer[]; problems: readonly FileProblem[] } {
  const problems: FileProblem[] = faults.map((message) => ({ name: path, value: '', message }));
  if (document === undefined || document === null) return { layers: [], problems };
  const refuse = (message: string): void => void problems.push({ name: path, value: '', message });
  if (!isFields(document)) {
    refuse('must be variables by name');
    return { layers: [], problems };
  }
  const { profiles = {}, ...common } = document;
  if (!isFields(profiles)) refuse('profiles must be variables by profile');
  const own = isFields(profiles) && Object.hasOwn(profiles, profile) ? profiles[profile] : {};
  // Of the other profiles one learns here what is wrong with them, not in production.
  for (const [name, fields] of isFields(profiles) ? Object.entries(profiles) : []) {
    if (!isFields(fields)) refuse(`profile ${name} must be variables by name`);
    else if (fields !== own) problems.push(...variablesOf(fields, `${path} (${name})`, known).problems);
  }
  const parts = [
    variablesOf(isFields(own) ? own : {}, `${path} (${profile})`, known),
    variablesOf(common, path, known),
  ];
  return {
    layers: parts.map(({ source, variables }) => ({ source, variables })),
    problems: [...problems, ...parts.flatMap((part) => part.problems)],
  };
}

function variablesOf(
  fields: Fields,
  source: string,
  known: readonly string[],
): FileLayer & { problems: readonly FileProblem[] } {
  const variables: Record<string, string> = {};
  const problems: FileProblem[] = [];
  for (const [name, given] of Object.entries(fields)) {
    const text = textOf(given);
    const refusal = refusalOf(name, known);
    if (refusal === undefined && text !== undefined) variables[name] = text;
    else {
      const message = refusal ?? 'must be text, a number, or a list';
      problems.push({ name: `${name} in ${source}`, value: '', message });
    }
  }
  return { source, variables, problems };
}

function refusalOf(name: string, known: readonly string[]): string | undefined {
  if (name === 'NODE_ENV') return 'chooses the profile, so it is set in the environment alone';
  if (name.startsWith(SECRET_PREFIX)) return 'is a secret: set it, or its _FILE, in the environment';
  if (known.includes(name.replace(/_FILE$/, ''))) return undefined;
  const guess = didYouMean(name, known);
  return `is not a variable of Millrace${guess === undefined ? '' : `; did you mean ${guess}?`}`;
}

/** As an environment would say it; a list is its items by commas, and nothing is as if it were not there. */
function textOf(given: unknown): string | undefined {
  if (given === null) return '';
  if (typeof given === 'string') return given;
  if (typeof given === 'number' || typeof given === 'boolean') return String(given);
  if (!Array.isArray(given)) return undefined;
  const items = given.map((item: unknown) => (Array.isArray(item) ? undefined : textOf(item)));
  return items.some((item) => item === undefined || item.includes(',')) ? undefined : items.join(',');
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

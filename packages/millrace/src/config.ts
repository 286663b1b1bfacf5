import { readLayers, type ConfigFile, type FileLayer } from './core/configuration/config-file.ts';
import { secretVariable, SECRET_PREFIX } from './core/configuration/secrets.ts';
import type { Setting } from './core/configuration/setting.ts';
import { SETTINGS, type Configuration } from './core/configuration/settings.ts';
import { didYouMean } from './core/suggest.ts';

/** Variables of a process, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface ConfigurationProblem {
  readonly name: string;
  /** As it was given, without what must not be seen. */
  readonly value: string;
  readonly message: string;
}

/** A setting as it applies, for people. */
export interface EffectiveSetting {
  readonly name: string;
  readonly value: string;
  /** The variable that set it, or `default`. */
  readonly source: string;
}

export interface ConfigurationReport {
  /** Settings with a problem have their default. */
  readonly configuration: Configuration;
  readonly effective: readonly EffectiveSetting[];
  /** All of them at once. */
  readonly problems: readonly ConfigurationProblem[];
  readonly warnings: readonly string[];
}

/** Known to people who configure, and without effect in this version. */
const LATER: ReadonlySet<string> = new Set(
  `REDIS_URL QUEUE_PREFIX METRICS_INTERVAL ALERT_WEBHOOK`.split(/\s+/),
);

/** Ours, and read elsewhere. */
const ELSEWHERE = ['MILLRACE_SERVER', 'MILLRACE_API_KEY', 'MILLRACE_CRASH_POINT'];

/**
 * Reads an environment, and the file that lies under it. Never throws: problems are listed, all at once.
 * @param readFile - text of a file; throws an error that says why not.
 */
export function readConfiguration(
  env: Environment,
  readFile: (path: string) => string,
  file?: ConfigFile,
): ConfigurationReport {
  const values: Record<string, unknown> = {};
  const effective: EffectiveSetting[] = [];
  const under = layersOf(env, file);
  const problems: ConfigurationProblem[] = [...under.problems];
  const layers: readonly FileLayer[] = [{ source: '', variables: givenOf(env) }, ...under.layers];
  for (const [field, entry] of Object.entries(SETTINGS)) {
    // The table holds settings of many types; each is read and kept by its own functions.
    const known = entry as Setting<unknown>;
    const given = givenValue(known, layers, readFile, problems);
    values[field] = known.fallback;
    let shown = { name: known.names[0], value: known.shown, source: 'default' };
    if (given !== undefined) {
      const value = known.mask?.(given.text) ?? given.text;
      try {
        values[field] = known.read(given.text);
        shown = { ...shown, value, source: given.source };
      } catch (error) {
        problems.push({ name: given.source, value, message: (error as Error).message });
      }
    }
    effective.push(shown);
  }
  // Filled by the loop above, field by field.
  const configuration = values as unknown as Configuration;
  problems.push(...contradictions(configuration), ...secretProblems(env, effective));
  const warnings = layers.flatMap(({ variables }) => warningsOf(variables));
  return { configuration, effective, problems, warnings };
}

/** `NODE_ENV` picks the profile, whatever else is wrong. */
function layersOf(env: Environment, file: ConfigFile | undefined): ReturnType<typeof readLayers> {
  if (file === undefined) return { layers: [], problems: [] };
  const { profile } = SETTINGS;
  const known = [...Object.values(SETTINGS).flatMap(({ names }) => names), ...LATER];
  return readLayers(file, direct('NODE_ENV', env)?.text ?? profile.fallback, known);
}

function givenOf(env: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

interface Given {
  readonly text: string;
  readonly source: string;
}

/** The value of a setting in the first layer that gives it. */
function givenValue(
  setting: Setting<unknown>,
  layers: readonly FileLayer[],
  readFile: (path: string) => string,
  problems: ConfigurationProblem[],
): Given | undefined {
  for (const { source, variables } of layers) {
    const given = givenIn(setting, variables, readFile, problems);
    if (given === undefined) continue;
    return source === '' ? given : { ...given, source: `${given.source} in ${source}` };
  }
  return undefined;
}

/**
 * Its value under whichever of its names it was given; several must agree. Empty counts as not set.
 */
function givenIn(
  { names, mask }: Setting<unknown>,
  env: Environment,
  readFile: (path: string) => string,
  problems: ConfigurationProblem[],
): Given | undefined {
  let found: Given | undefined;
  for (const name of names) {
    for (const given of [direct(name, env), fromFile(name, env, readFile, problems)]) {
      if (given === undefined) continue;
      found ??= given;
      if (found.text === given.text) continue;
      const value = mask?.(given.text) ?? given.text;
      problems.push({
        name: given.source,
        value,
        message: `contradicts ${found.source}: set only one of the two`,
      });
    }
  }
  return found;
}

function direct(name: string, env: Environment): Given | undefined {
  const text = env[name];
  return text === undefined || text === '' ? undefined : { text, source: name };
}

function fromFile(
  name: string,
  env: Environment,
  readFile: (path: string) => string,
  problems: ConfigurationProblem[],
): Given | undefined {
  const source = `${name}_FILE`;
  const path = env[source];
  if (path === undefined || path === '') return undefined;
  try {
    const text = readFile(path).trim();
    if (text !== '') return { text, source };
    problems.push({ name: source, value: path, message: 'the file is empty' });
  } catch (error) {
    problems.push({ name: source, value: path, message: `cannot be read: ${(error as Error).message}` });
  }
  return undefined;
}

function contradictions(configuration: Configuration): ConfigurationProblem[] {
  const { beatMs, leaseMs, poolMin, poolMax } = configuration;
  const problems: ConfigurationProblem[] = [];
  if (leaseMs < 2 * beatMs) {
    const message = `must be at least twice HEARTBEAT_INTERVAL (${beatMs}): one late beat is no death`;
    problems.push({ name: 'FAILURE_DETECTION_TIMEOUT', value: String(leaseMs), message });
  }
  if (poolMin > poolMax) {
    const message = `must be at least AUTO_SCALE_MIN (${poolMin})`;
    problems.push({ name: 'AUTO_SCALE_MAX', value: String(poolMax), message });
  }
  return [...problems, ...tokenProblems(configuration)];
}

/** Who checks tokens must know all three of them. */
function tokenProblems({ jwtIssuer, jwtAudience, jwksUrl }: Configuration): ConfigurationProblem[] {
  const all = Object.entries({ JWT_ISSUER: jwtIssuer, JWT_AUDIENCE: jwtAudience, JWKS_URL: jwksUrl });
  const missing = all.filter(([, value]) => value === undefined);
  if (missing.length === all.length) return [];
  const names = all.map(([name]) => name).join(', ');
  return missing.map(([name]) => ({ name, value: '', message: `is missing: ${names} go together` }));
}

/** Secrets are listed by name, and never shown. */
function secretProblems(env: Environment, effective: EffectiveSetting[]): ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = [];
  for (const [source, value = ''] of Object.entries(env)) {
    if (!source.startsWith(SECRET_PREFIX) || value === '') continue;
    const secret = secretVariable(source);
    if (secret === undefined) {
      const message = 'names no secret: letters, digits and _ are allowed, and no digit at the beginning';
      problems.push({ name: source, value: '***', message });
    } else if (secret.isFile && isGiven(env, `${SECRET_PREFIX}${secret.name}`)) {
      const message = `contradicts ${SECRET_PREFIX}${secret.name}: set only one of the two`;
      problems.push({ name: source, value, message });
    } else effective.push({ name: `secret ${secret.name}`, value: '***', source });
  }
  return problems;
}

function isGiven(env: Environment, name: string): boolean {
  return env[name] !== undefined && env[name] !== '';
}

function warningsOf(env: Environment): string[] {
  const known = [...Object.values(SETTINGS).flatMap(({ names }) => names), ...ELSEWHERE];
  const warnings: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue;
    const plain = name.replace(/_FILE$/, '');
    if (LATER.has(plain)) warnings.push(`${name} has no effect in this version`);
    if (!name.startsWith('MILLRACE_') || name.startsWith(SECRET_PREFIX) || known.includes(plain)) continue;
    const guess = didYouMean(name, known);
    warnings.push(
      `${name} is not a variable of Millrace${guess === undefined ? '' : `; did you mean ${guess}?`}`,
    );
  }
  return warnings;
}

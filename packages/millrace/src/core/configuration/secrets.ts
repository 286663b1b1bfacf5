/** Secrets that definitions may use, by name. */
export interface Secrets {
  readonly names: readonly string[];
  /** Undefined: there is none of this name. @throws UNKNOWN_SECRET for one that cannot be read now. */
  get(name: string): string | undefined;
}

export const SECRET_PREFIX = 'MILLRACE_SECRET_';

/** What a variable means that holds a secret, or the path of its file; undefined for any other variable. */
export function secretVariable(variable: string): { name: string; isFile: boolean } | undefined {
  const [, stem, file] = new RegExp(`^${SECRET_PREFIX}([A-Za-z_]\\w*?)(_FILE)?$`).exec(variable) ?? [];
  return stem === undefined ? undefined : { name: stem, isFile: file !== undefined };
}

/** Whether expressions can name it: `secrets.NAME`. */
export function isSecretName(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name);
}

/** Those that a program already has, by name. */
export function secretsOf(given: Secrets | Readonly<Record<string, string>>): Secrets {
  if (isSecrets(given)) return given;
  const known = new Map(Object.entries(given));
  return { names: [...known.keys()].toSorted(), get: (name) => known.get(name) };
}

export function isSecrets(given: Secrets | Readonly<Record<string, string>>): given is Secrets {
  return typeof given.get === 'function';
}

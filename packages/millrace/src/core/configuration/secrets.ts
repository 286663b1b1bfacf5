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

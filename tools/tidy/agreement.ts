/** What one list has and the other has not, as sentences; empty when they agree. */
export function disagreements(
  one: { readonly name: string; readonly entries: readonly string[] },
  other: { readonly name: string; readonly entries: readonly string[] },
): readonly string[] {
  const missing = (from: typeof one, to: typeof one): string[] =>
    from.entries
      .filter((entry) => !to.entries.includes(entry))
      .map((entry) => `${entry} is in ${from.name}, not in ${to.name}`);
  return [...missing(one, other), ...missing(other, one)];
}

/** Codes of the error catalogue in `text`: the keys of its constant `ERRORS`. */
export function catalogueCodes(text: string): readonly string[] {
  const [, body = ''] = /^export const ERRORS\b[^{]*\{\n([\s\S]*?)^\}/m.exec(text) ?? [];
  return [...body.matchAll(/^ {2}([A-Z][A-Z0-9_]*): \{/gm)].map(([, code = '']) => code);
}

/** Codes of reasons that `why` gives, in `text`: where it lists those of its own, or those of engines that refuse. */
export function reasonCodes(text: string): readonly string[] {
  const lists = [/^export type ReasonCode =([^;]*);/m, /^export const CODES = \{([^}]*)\}/m];
  return lists.flatMap((list) =>
    [...(list.exec(text)?.[1] ?? '').matchAll(/'([A-Z_]+)'/g)].map(([, code = '']) => code),
  );
}

/** What a reference page documents: the names in code style that begin a table row or a heading. */
export function documentedNames(page: string): readonly string[] {
  return [...page.matchAll(/^(?:\|\s*|#+\s+)`([^`]+)`/gm)].map(([, name = '']) => name);
}

/** Runtime dependencies of a package.json, other workspaces aside. */
export function runtimeDependencies(manifest: string): readonly string[] {
  const { dependencies = {} } = JSON.parse(manifest) as { dependencies?: Record<string, string> };
  return Object.keys(dependencies).filter(
    (name) => !name.startsWith('millrace') && !name.startsWith('@millrace/'),
  );
}

/**
 * What is wrong with a lockfile: entries that name a host, and native binaries that some platform would miss.
 */
export function lockfileFaults(lockfile: string): readonly string[] {
  type Entry = { resolved?: string; optionalDependencies?: Record<string, string> };
  const { packages } = JSON.parse(lockfile) as { packages: Record<string, Entry> };
  const present = new Set(Object.keys(packages).map((path) => path.split('node_modules/').at(-1)));
  return Object.entries(packages).flatMap(([path, { resolved, optionalDependencies = {} }]) => [
    ...(resolved?.includes('://') ? [`${path} names a host`] : []),
    ...Object.keys(optionalDependencies)
      .filter((name) => !present.has(name))
      .map((name) => `${path} lacks ${name}`),
  ]);
}

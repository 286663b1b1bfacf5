/** The order of versions as people count: `9` before `10`, `1.9` before `1.10`. */
export function byVersion(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

export function highestVersion(versions: readonly string[]): string | undefined {
  return versions.toSorted(byVersion).at(-1);
}

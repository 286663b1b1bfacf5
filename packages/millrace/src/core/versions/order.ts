/**
 * The order of versions as people count: `9` before `10`, `1.9` before `1.10`. Whole numbers come after texts: who begins
 * to number versions goes on with it.
 */
export function byVersion(a: string, b: string): number {
  return Number(isWhole(a)) - Number(isWhole(b)) || a.localeCompare(b, 'en', { numeric: true });
}

function isWhole(version: string): boolean {
  return /^\d+$/.test(version);
}

export function highestVersion(versions: readonly string[]): string | undefined {
  return versions.length > 1 ? versions.toSorted(byVersion).at(-1) : versions[0];
}

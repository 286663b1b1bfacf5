import type { KeyLimit } from '../../core/limits/limit.ts';

/** The limits of a start as they are kept with its run: `[["key", max], …]`. */
export function encodeLimits(limits: readonly KeyLimit[] | undefined): string | undefined {
  if (limits === undefined || limits.length === 0) return undefined;
  return JSON.stringify(limits.map(({ key, max }) => [key, max]));
}

export function decodeLimits(text: string | null): KeyLimit[] {
  // Written by `encodeLimits` only.
  const pairs = text === null ? [] : (JSON.parse(text) as [string, number][]);
  return pairs.map(([key, max]) => ({ key, max }));
}

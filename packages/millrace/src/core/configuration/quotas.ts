/** How much of something a namespace may have. */
export interface Quota {
  /** Of each namespace that is not named. Undefined: as much as it likes. */
  readonly each: number | undefined;
  readonly of: ReadonlyMap<string, number>;
}

export const NO_QUOTA: Quota = { each: undefined, of: new Map() };

export function quotaOf(quota: Quota, namespace: string): number | undefined {
  return quota.of.get(namespace) ?? quota.each;
}

/** `100`, `acme=50, globex=20`, or both: `100, acme=50`. */
export function readQuota(given: string): Quota {
  let each: number | undefined;
  const of = new Map<string, number>();
  for (const entry of given.split(',').map((text) => text.trim())) {
    const [, namespace, digits] = /^(?:([^=]+?)\s*=\s*)?([1-9]\d{0,14})$/.exec(entry) ?? [];
    const isTwice = namespace === undefined ? each !== undefined : of.has(namespace);
    if (digits === undefined || isTwice)
      throw new Error('must be a whole number above 0, namespace=number, or a list of those, each once');
    if (namespace === undefined) each = Number(digits);
    else of.set(namespace, Number(digits));
  }
  return { each, of };
}

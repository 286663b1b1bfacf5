/** An invariant that does not hold. `rule` is short and stable: the shrinker keeps cutting while it stays the same. */
export class Violation extends Error {
  readonly rule: string;

  constructor(rule: string, message: string) {
    super(`${rule}: ${message}`);
    this.name = 'Violation';
    this.rule = rule;
  }
}

export function violated(rule: string, message: string): never {
  throw new Violation(rule, message);
}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only when the value's type is the one named: `exactly<number>()(value)`. */
export function exactly<Expected>() {
  return <Actual>(
    _value: Actual,
    ..._rest: Same<Actual, Expected> extends true ? [] : ['another type']
  ): void => {};
}

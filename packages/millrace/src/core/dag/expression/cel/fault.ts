/** Why an expression has no value, as a clause. What is outside this folder sees a `MillraceError` instead. */
export class Fault extends Error {
  /** What would help; asked only of the fault that ends an evaluation, since `exists` and `||` pass over many. */
  readonly hint: () => string | undefined;

  constructor(reason: string, hint: () => string | undefined = () => undefined) {
    super(reason);
    this.hint = hint;
  }
}

/** The work is used up: nothing may go on as if it were an ordinary fault. */
export class CostFault extends Error {}

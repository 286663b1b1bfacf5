/**
 * How secrets stay out of histories. What an executor is given is sealed as a whole: expressions over secrets stand
 * unevaluated in a list beside the value, with the place of each, and are evaluated around the executor's call.
 *   I1  A value of which the root has the key `$sealed` was sealed here: any other value with such a root is wrapped
 *       in a seal of its own, without places, by whoever hands it to an executor (`escapeSeal`). So no input can make a
 *       seal, whether a definition passes it on or a program, and deeper keys mean nothing.
 *   I2  No message about a sealed expression shows what it was computed from.
 */
export const SEAL = '$sealed';

export interface Sealed {
  readonly [SEAL]: readonly Place[];
  /** As readers see it: at the places the texts with their expressions. */
  readonly value: unknown;
}

export interface Place {
  readonly at: readonly (string | number)[];
  /** Texts stand for themselves. One expression alone keeps its type. */
  readonly parts: readonly (string | { readonly expression: string })[];
}

/** Any value that is to pass through `openSealed` as it is; a seal that was made here stays one. */
export function escapeSeal(value: unknown): unknown {
  return isSealed(value) && !MADE_HERE.has(value) ? sealedWith([], value) : value;
}

/** By identity: a copy, or what was read back from a store, is somebody's input. */
const MADE_HERE = new WeakSet<Sealed>();

export function sealedWith(places: readonly Place[], value: unknown): Sealed {
  const sealed: Sealed = { [SEAL]: places, value };
  MADE_HERE.add(sealed);
  return sealed;
}

/** Whole roots alone: see I1. */
export function isSealed(value: unknown): value is Sealed {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, SEAL);
}

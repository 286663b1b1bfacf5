import type { Scope } from '../template.ts';
import { newMeter } from './meter.ts';
import type { Meter } from './meter.ts';
import type { Value } from './value.ts';

/** What the expressions of one template are computed with. */
export interface Frame {
  readonly scope: Scope;
  /** Of a sealed expression, which looks at nothing else. */
  readonly secretOf: ((name: string) => string) | undefined;
  readonly meter: Meter;
  /** Of the macros around, from the outermost in. */
  readonly variables: Value[];
}

/** A compiled part of an expression. */
export type Run = (frame: Frame) => Value;

export function frameOf(scope: Scope): Frame {
  return { scope, secretOf: undefined, meter: newMeter(), variables: [] };
}

export function frameOfSecrets(secretOf: (name: string) => string): Frame {
  return { scope: NO_SCOPE, secretOf, meter: newMeter(), variables: [] };
}

/** Expressions over secrets and anything else are refused, so that nothing looks at it. */
const NO_SCOPE = {} as Scope;

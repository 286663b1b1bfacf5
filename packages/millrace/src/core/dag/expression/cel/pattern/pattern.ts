import { Fault } from '../fault.ts';
import type { Meter } from '../meter.ts';
import { spend } from '../meter.ts';

/**
 * A regular expression as a small machine. All its states walk along the text together (Thompson), so that no pattern
 * takes more than its length times that of the text; a backtracking matcher can take for ever.
 */
export type Pattern = readonly Step[];

export type Step =
  /** Takes one character, then goes on with the next step. */
  | { readonly kind: 'char'; readonly test: (char: string) => boolean }
  /** Takes none; looks at the characters before and after, which are empty at the ends of the text. */
  | { readonly kind: 'edge'; readonly test: (before: string, after: string) => boolean }
  | { readonly kind: 'fork'; readonly to: readonly number[] }
  | { readonly kind: 'found' };

const MAX_STEPS = 2000;

export function addStep(pattern: Step[], step: Step): void {
  if (pattern.length >= MAX_STEPS) throw new Fault(`the pattern has more than ${MAX_STEPS} steps`);
  pattern.push(step);
}

/** Whether the pattern is anywhere in the text. */
export function matches(pattern: Pattern, text: string, meter: Meter): boolean {
  const chars = Array.from(text);
  let states: number[] = [];
  for (let at = 0; at <= chars.length; at++) {
    const [before, after] = [chars[at - 1] ?? '', chars[at] ?? ''];
    // A match may begin anywhere, so that each place adds the first step.
    const here = reachable(pattern, [...states, 0], (edge) => edge(before, after));
    spend(meter, 1 + here.length);
    if (here.some((index) => pattern[index]?.kind === 'found')) return true;
    states = here.flatMap((index) => {
      const step = pattern[index];
      return step?.kind === 'char' && step.test(after) ? [index + 1] : [];
    });
  }
  return false;
}

/** The steps that look at a character, and the last one, that can be reached without taking one. */
function reachable(
  pattern: Pattern,
  from: readonly number[],
  holds: (edge: (before: string, after: string) => boolean) => boolean,
): readonly number[] {
  const seen = new Set<number>();
  const found: number[] = [];
  const left = [...from];
  for (let index = left.pop(); index !== undefined; index = left.pop()) {
    const step = pattern[index];
    if (step === undefined || seen.has(index)) continue;
    seen.add(index);
    if (step.kind === 'fork') left.push(...step.to);
    else if (step.kind !== 'edge') found.push(index);
    else if (holds(step.test)) left.push(index + 1);
  }
  return found;
}

import { expect, it } from 'vitest';
import { createStepGate, type StepGate } from './step-gate.ts';

/** Notes when each attempt begins; it ends at once, or when it is told to. */
function stage(limit: number) {
  const gate: StepGate = createStepGate(limit);
  const begun: string[] = [];
  const long = (name: string): void => gate.run({ run: () => void begun.push(name) });
  const short = (name: string, then: () => void = () => {}): void =>
    gate.run({
      run() {
        begun.push(name);
        then();
        gate.freed();
      },
    });
  return { gate, begun, long, short };
}

it('runs so many at once, and the others in order as places become free', () => {
  const { gate, begun, long, short } = stage(2);
  long('a');
  long('b');
  long('c');
  short('d');
  long('e');
  expect(begun).toEqual(['a', 'b']);
  gate.freed();
  expect(begun).toEqual(['a', 'b', 'c']);
  gate.freed();
  expect(begun).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(gate.running()).toBe(2);
});

it('what an attempt asks for while it begins comes after it, not within it', () => {
  const { gate, begun, short } = stage(1);
  const chain = (left: number): void =>
    short(`begin ${left}`, () => {
      if (left > 0) chain(left - 1);
      begun.push(`end ${left}`);
    });
  chain(2);
  expect(begun).toEqual(['begin 2', 'end 2', 'begin 1', 'end 1', 'begin 0', 'end 0']);
  expect(gate.running()).toBe(0);
});

it('a chain of a hundred thousand is no recursion', () => {
  const { begun, short } = stage(5);
  const chain = (left: number): void =>
    short('', () => {
      if (left > 0) chain(left - 1);
    });
  chain(100_000);
  expect(begun).toHaveLength(100_001);
});

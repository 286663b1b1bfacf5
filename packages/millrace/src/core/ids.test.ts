import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_PARTITION, childRunId, createdAtOf, firstIdAt, isRunId, partitionOf, runIdOf } from './ids.ts';

const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const partition = fc.integer({ min: 0, max: MAX_PARTITION });
const random = fc
  .infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }))
  .map((stream) => () => stream.next().value as number);

describe('runIdOf', () => {
  it('makes UUIDs of version 7 that give time and partition back', () => {
    fc.assert(
      fc.property(time, partition, random, (timeMs, number, source) => {
        const runId = runIdOf(timeMs, number, source);
        expect(isRunId(runId)).toBe(true);
        expect(createdAtOf(runId)).toBe(timeMs);
        expect(partitionOf(runId)).toBe(number);
      }),
    );
  });

  it('has this layout for ever', () => {
    expect(runIdOf(0x0123_4567_89ab, 0xabc, () => 0)).toBe('01234567-89ab-7abc-8000-000000000000');
    expect(runIdOf(2 ** 48 - 1, 4095, () => 1 - 2 ** -32)).toBe('ffffffff-ffff-7fff-bfff-ffffffffffff');
    expect(runIdOf(0, 0, () => 0x3000_0000 / 2 ** 32)).toBe('00000000-0000-7000-b000-000030000000');
    expect(runIdOf(1.9, 0, () => 0)).toBe('00000000-0001-7000-8000-000000000000');
  });

  it('uses all 62 random bits', () => {
    const seen = Array.from({ length: 62 }, () => new Set<string>());
    for (let i = 0; i < 200; i++) {
      const digits = runIdOf(0, 0, Math.random).replaceAll('-', '').slice(16);
      const bits = BigInt(`0x${digits}`).toString(2).slice(2);
      for (const [at, bit] of bits.split('').entries()) seen[at]?.add(bit);
    }
    expect(seen.map(({ size }) => size)).toEqual(seen.map(() => 2));
  });

  it('sorts by time as text', () => {
    const ids = [1, 255, 65_535, 65_536, 2 ** 40].map((timeMs) => runIdOf(timeMs, 4095, Math.random));
    expect(ids.toSorted()).toEqual(ids);
  });

  it.each([
    [-1, 0, 'time -1'],
    [2 ** 48, 0, 'time 281474976710656'],
    [Number.NaN, 0, 'time NaN'],
    [0, -1, 'partition -1'],
    [0, 4096, 'partition 4096'],
    [0, 1.5, 'partition 1.5'],
  ])('refuses time %d in partition %d', (timeMs, number, what) => {
    expect(() => runIdOf(timeMs, number, () => 0)).toThrow(`run id: ${what} is out of range`);
  });
});

describe('childRunId', () => {
  it("lives in its parent's partition", () => {
    const child = childRunId(runIdOf(1, 77, Math.random), 5, Math.random);
    expect(partitionOf(child)).toBe(77);
    expect(createdAtOf(child)).toBe(5);
  });
});

describe('isRunId', () => {
  it.each([
    'order-17',
    '01234567-89ab-4abc-8000-000000000000',
    '01234567-89AB-7ABC-8000-000000000000',
    '01234567-89ab-7abc-c000-000000000000',
    '01234567-89ab-7abc-8000-000000000000\n',
    17,
  ])('refuses %j', (text) => {
    expect(isRunId(text)).toBe(false);
  });

  it('is asked before anything is read from an id', () => {
    const refusal = expect.objectContaining({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/^"order-17" is not a run id\. /),
    });
    expect(() => partitionOf('order-17')).toThrow(refusal);
    expect(() => createdAtOf('order-17')).toThrow(refusal);
    expect(() => childRunId('order-17', 0, Math.random)).toThrow(refusal);
  });
});

describe('the first id of a time', () => {
  it('is not greater than any id of that time, and greater than all earlier ones', () => {
    const at = 1_700_000_000_000;
    expect(runIdOf(at, 0, () => 0) > firstIdAt(at)).toBe(true);
    expect(runIdOf(at - 1, MAX_PARTITION, () => 0.999) < firstIdAt(at)).toBe(true);
  });

  it('is the last or first there is for a time that no id can tell', () => {
    expect(firstIdAt(Number.MAX_SAFE_INTEGER)).toBe('ffffffff-ffff-0000-0000-000000000000');
    expect(firstIdAt(-5)).toBe('00000000-0000-0000-0000-000000000000');
  });
});

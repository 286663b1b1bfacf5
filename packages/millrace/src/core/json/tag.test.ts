import { describe, expect, it } from 'vitest';
import { MillraceError } from '../errors.ts';
import { encodeValue } from '../json.ts';

describe('what cannot be stored', () => {
  const cycle: { self?: unknown[] } = {};
  cycle.self = [cycle];

  it.each<[unknown, string]>([
    [{ items: [1, 2, 3, { callback: () => 1 }] }, 'result.items[3].callback: it is a function'],
    [URL, 'result: it is a function'],
    [[Symbol('s')], 'result[0]: it is a symbol'],
    [{ 'a b': { c: /x/ } }, 'result["a b"].c: it is the regular expression /x/'],
    [cycle, 'result.self[0]: it contains itself. Store an id'],
    [{ a: Promise.resolve() }, 'result.a: it is a promise. Put `await` in front'],
    [{ a: lazyQuery() }, 'result.a: it is a promise. Put `await` in front'],
    [new WeakMap(), 'result: it is a WeakMap, whose content is hidden'],
    [new Headers(), 'result: it is a Headers, whose content is hidden'],
    [new Float32Array(2), 'result: it is a Float32Array. Convert it to a Uint8Array'],
    [new DataView(new ArrayBuffer(1)), 'result: it is a DataView.'],
    [new Map([['eur', () => 1]]), 'result.eur: it is a function'],
    [new Map([[{}, Symbol('s')]]), 'result[0]: it is a symbol'],
    [new Set([1, () => 1]), 'result[1]: it is a function'],
  ])('%o is refused with its path', (value, message) => {
    expect(() => encodeValue(value, 'step "charge"')).toThrow(
      expect.objectContaining({
        code: 'NOT_SERIALIZABLE',
        message: expect.stringContaining(`step "charge": cannot store ${message}`),
      }),
    );
  });

  it('names place and path in the details, with the root that the caller chose', () => {
    expect(() => encodeValue({ a: [() => 1] }, 'start of "order"', 'input')).toThrow(
      expect.objectContaining({
        details: { where: 'start of "order"', path: 'input.a[0]', reason: 'it is a function' },
      }),
    );
  });

  it('names the getter that threw', () => {
    const value = {
      get secret(): string {
        throw new Error('no');
      },
    };
    expect(() => encodeValue([value], 'x')).toThrow(
      'cannot store result[0].secret: reading it threw "Error: no"',
    );
  });

  it('passes on an error of ours that a getter throws', () => {
    const value = {
      get a(): never {
        throw new MillraceError('FOREIGN_AWAIT', 'x');
      },
    };
    expect(() => encodeValue(value, 'x')).toThrow(expect.objectContaining({ code: 'FOREIGN_AWAIT' }));
  });
});

/** What many libraries return for a query that has not been sent: an object with a `then`. */
function lazyQuery(): object {
  // oxlint-disable-next-line unicorn/no-thenable -- that is the point
  return Object.create({ then: () => {} }) as object;
}

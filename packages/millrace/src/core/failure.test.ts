import { describe, expect, it } from 'vitest';
import { MillraceError, TerminalError } from './errors.ts';
import { errorOf, failureOf } from './failure.ts';

describe('failureOf', () => {
  it('keeps name, message, code, details, cause and whether a retry can help', () => {
    class Declined extends TerminalError {
      override name = 'Declined';
    }
    const thrown = new Declined('no funds', {
      code: 'DECLINED',
      details: { at: new Date(0) },
      cause: new RangeError('balance'),
    });
    expect(failureOf(thrown)).toMatchObject({
      name: 'Declined',
      message: 'no funds',
      code: 'DECLINED',
      details: { at: '1970-01-01T00:00:00.000Z' },
      terminal: true,
      cause: { name: 'RangeError', message: 'balance' },
    });
  });

  it('keeps how long the thrower asks to wait', () => {
    const asking = (retryAfterMs: unknown) => failureOf(Object.assign(new Error('busy'), { retryAfterMs }));
    expect(asking(2000)).toMatchObject({ retryAfterMs: 2000 });
    expect(failureOf(errorOf(asking(2000)))).toMatchObject({ retryAfterMs: 2000 });
    for (const nonsense of ['2000', -1, Number.POSITIVE_INFINITY]) {
      expect(asking(nonsense)).not.toHaveProperty('retryAfterMs');
    }
  });

  it('leaves out what is not there', () => {
    const error = new Error('x');
    error.stack = '';
    expect(failureOf(error)).toEqual({ name: 'Error', message: 'x' });
  });

  it.each([
    ['text', 'text'],
    [null, 'null'],
    [undefined, 'undefined'],
    [5n, '5'],
    [Symbol('s'), 'Symbol(s)'],
    [{ status: 500 }, '{"status":500}'],
    [Object.create(null), '{}'],
    [{ toJSON: () => undefined }, '[object Object]'],
  ])('takes %o, which is not an error', (thrown, message) => {
    expect(failureOf(thrown)).toEqual({ name: 'NonError', message });
  });

  it('takes an object that cannot be shown in any way', () => {
    const hostile: { self?: object } = Object.create(null) as object;
    hostile.self = hostile;
    expect(failureOf(hostile)).toEqual({
      name: 'NonError',
      message: 'an object that cannot be shown as text',
    });
  });

  it('takes an error of another realm or library by its shape', () => {
    expect(failureOf({ name: 'DOMException', message: 'aborted', code: 20 })).toEqual({
      name: 'DOMException',
      message: 'aborted',
      code: '20',
    });
    expect(failureOf({ message: 'no name' })).toEqual({ name: 'NonError', message: '{"message":"no name"}' });
  });

  it('survives getters that throw and fields of other kinds', () => {
    const error = new Error('x');
    for (const key of ['name', 'message', 'code', 'stack', 'details', 'cause']) {
      Object.defineProperty(error, key, {
        get: () => {
          throw new Error('hostile');
        },
      });
    }
    expect(failureOf(error)).toEqual({ name: 'Error', message: '' });
    const odd = Object.assign(new Error('x'), { name: '', code: '', stack: '', details: () => 1 });
    expect(failureOf(odd)).toEqual({ name: 'Error', message: 'x' });
  });

  it('cuts a huge message and says so', () => {
    const { message } = failureOf(new Error('x'.repeat(1_000_000)));
    expect(message).toBe(`${'x'.repeat(16_384)}… (cut: 1000000 characters)`);
    expect(failureOf('y'.repeat(20_000)).message).toMatch(/y… \(cut: 20000 characters\)$/);
  });

  it('does not cut a message between the halves of a character', () => {
    const { message } = failureOf(new Error(`${'x'.repeat(16_383)}😀😀`));
    expect(message.isWellFormed()).toBe(true);
  });

  it('keeps 20 lines of the stack', () => {
    const error = new Error('x');
    error.stack = Array.from({ length: 50 }, (_, line) => `line ${line}`).join('\n');
    expect(failureOf(error).stack?.split('\n')).toHaveLength(20);
    error.stack = 'x'.repeat(1_000_000);
    expect(failureOf(error).stack).toHaveLength(8192);
  });

  it('ends at a cyclic cause and after 8 causes', () => {
    const cyclic = new Error('a');
    cyclic.cause = new Error('b', { cause: cyclic });
    expect(failureOf(cyclic)).toMatchObject({ message: 'a', cause: { message: 'b' } });
    expect(failureOf(cyclic).cause).not.toHaveProperty('cause');
    let chain = new Error('0');
    for (let depth = 1; depth < 100; depth++) chain = new Error(String(depth), { cause: chain });
    let failure = failureOf(chain);
    let causes = 0;
    for (; failure.cause !== undefined; failure = failure.cause) causes += 1;
    expect(causes).toBe(7);
  });

  it('takes causes that are not errors', () => {
    expect(failureOf(new Error('x', { cause: 'disk' })).cause).toEqual({ name: 'NonError', message: 'disk' });
    expect(failureOf(new Error('x', { cause: null })).cause).toEqual({ name: 'NonError', message: 'null' });
  });

  it('drops details that JSON cannot say and notes those that are too long', () => {
    const cyclic: { self?: object } = {};
    cyclic.self = cyclic;
    expect(failureOf(new TerminalError('x', { details: cyclic }))).not.toHaveProperty('details');
    const long = new TerminalError('x', { details: 'y'.repeat(100_000) });
    expect(failureOf(long).details).toEqual({ cut: '100002 characters of JSON' });
  });

  it('names the members of an AggregateError', () => {
    const thrown = new AggregateError([new Error('a'), 'b'], 'all failed');
    expect(failureOf(thrown)).toMatchObject({
      name: 'AggregateError',
      details: { errors: ['Error: a', 'b'] },
    });
  });
});

describe('errorOf', () => {
  it('rebuilds an error whose failure is the same again', () => {
    const failure = failureOf(
      new TerminalError('x', {
        code: 'C',
        details: { a: 1 },
        cause: new Error('y', { cause: new Error('z') }),
      }),
    );
    const error = errorOf(failure);
    expect(error).toBeInstanceOf(Error);
    expect(failureOf(error)).toEqual(failure);
  });

  it('gives an error of ours its remedy back', () => {
    const error = errorOf(failureOf(new MillraceError('KEY_IN_USE', 'key "k" is in use')));
    expect(error).toMatchObject({ code: 'KEY_IN_USE', remedy: expect.stringMatching(/^Use another key/) });
    expect(errorOf({ name: 'Mine', message: 'x', code: 'KEY_IN_USE' })).not.toHaveProperty('remedy');
  });

  it('has a stack that names the error even when none was stored', () => {
    const error = errorOf({ name: 'RangeError', message: 'too far' });
    expect(error.stack).toBe('RangeError: too far');
    expect('cause' in error).toBe(false);
    expect(Object.keys(error)).toEqual([]);
  });
});

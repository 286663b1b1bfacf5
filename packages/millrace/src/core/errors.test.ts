import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERRORS, isErrorCode } from './codes.ts';
import {
  CancelledError,
  ChildFailedError,
  MillraceError,
  StepError,
  TerminalError,
  TimeoutError,
  checkOptions,
  isMillraceError,
  show,
} from './errors.ts';
import { errorOf, failureOf } from './failure.ts';

describe('the catalogue', () => {
  it('is listed in the reference, code for code, with status, meaning and remedy', () => {
    const page = readFileSync(new URL('../../../../docs/reference/errors.md', import.meta.url), 'utf8');
    const rows = page.split('\n').filter((line) => line.startsWith('| `'));
    const expected = Object.entries(ERRORS).map(([code, { status, summary, remedy }]) => {
      return `| \`${code}\` | ${status} | ${summary} | ${remedy} |`;
    });
    expect(rows.toSorted()).toEqual(expected.toSorted());
  });

  it('has an HTTP error status and whole sentences for each code', () => {
    for (const [code, { status, summary, remedy }] of Object.entries(ERRORS)) {
      expect(status, code).toBeGreaterThanOrEqual(400);
      expect(status, code).toBeLessThan(600);
      expect(summary, code).toMatch(/^[A-Z].*\.$/);
      expect(remedy, code).toMatch(/^[A-Z].*\.$/);
    }
  });

  it('knows its codes and nothing of the object prototype', () => {
    expect(isErrorCode('TIMEOUT')).toBe(true);
    expect(isErrorCode('toString')).toBe(false);
    expect(isErrorCode(5)).toBe(false);
  });
});

describe('MillraceError', () => {
  it('says what was wrong and what to do', () => {
    const error = new MillraceError('INVALID_ARGUMENT', 'queue name is empty', { details: { queue: '' } });
    expect(error.message).toBe('queue name is empty. Pass a value of the shape named in the message.');
    expect(error).toMatchObject({ name: 'MillraceError', code: 'INVALID_ARGUMENT', details: { queue: '' } });
    expect(error.remedy).toBe(ERRORS.INVALID_ARGUMENT.remedy);
    expect('cause' in error).toBe(false);
  });

  it('prefers the remedy of the place that throws, and keeps the cause', () => {
    const cause = new Error('refused');
    const error = new MillraceError('STORE_UNREACHABLE', 'no answer', { remedy: 'Start it.', cause });
    expect(error.message).toBe('no answer. Start it.');
    expect(error.cause).toBe(cause);
    expect(error.details).toEqual({});
  });

  it('does not list its name as a field', () => {
    expect(Object.keys(new TimeoutError('x'))).not.toContain('name');
    expect(Object.keys(new TerminalError('x'))).toEqual(['code', 'details']);
  });
});

describe('how work ends', () => {
  it('has an error with a code for each way', () => {
    expect(new TimeoutError('signal "a" did not arrive within 7d')).toMatchObject({
      name: 'TimeoutError',
      code: 'TIMEOUT',
      message: 'signal "a" did not arrive within 7d',
      details: {},
    });
    expect(new CancelledError()).toMatchObject({
      name: 'CancelledError',
      code: 'CANCELLED',
      message: 'cancelled',
    });
    expect(new CancelledError('by Ada')).toMatchObject({
      message: 'cancelled: by Ada',
      details: { reason: 'by Ada' },
    });
  });

  it('tells workflow code which step failed, how often, and why', () => {
    const failure = failureOf(new TerminalError('no funds', { code: 'DECLINED' }));
    const error = new StepError('charge', 4, failure);
    expect(error.message).toBe('step "charge" failed after 4 attempts: DECLINED: no funds');
    expect(error).toMatchObject({ name: 'StepError', code: 'STEP_FAILED', step: 'charge', attempts: 4 });
    expect(error.details).toEqual({ step: 'charge', attempts: 4, code: 'DECLINED', message: 'no funds' });
    expect(error.cause).toMatchObject({ name: 'TerminalError', message: 'no funds', code: 'DECLINED' });
    expect(new StepError('charge', 1, { name: 'TypeError', message: '' }).message).toBe(
      'step "charge" failed after 1 attempt: TypeError',
    );
  });

  it('tells workflow code which child did not complete, and why', () => {
    const error = new ChildFailedError('invoice', 'r-1', { name: 'Error', message: 'no paper' });
    expect(error.message).toBe('child "invoice" (run r-1) did not complete: Error: no paper');
    expect(error).toMatchObject({ code: 'CHILD_FAILED', workflow: 'invoice', runId: 'r-1' });
    expect(error.details).toEqual({ workflow: 'invoice', runId: 'r-1', message: 'no paper' });
  });

  it('lets authors say that no retry can help, in subclasses too', () => {
    class Declined extends TerminalError {
      override name = 'Declined';
    }
    const cause = new Error('bank');
    const error = new Declined('no', { code: 'DECLINED', details: { bank: 1 }, cause });
    expect(error).toMatchObject({
      name: 'Declined',
      code: 'DECLINED',
      details: { bank: 1 },
      terminal: true,
      cause,
    });
    expect(new TerminalError('no').code).toBeUndefined();
  });
});

describe('isMillraceError', () => {
  it('recognises errors by name and code, also those read back from a history', () => {
    const error: unknown = new TimeoutError('x');
    expect(isMillraceError(error)).toBe(true);
    expect(isMillraceError(error, 'TIMEOUT')).toBe(true);
    expect(isMillraceError(error, 'CANCELLED')).toBe(false);
    expect(isMillraceError(errorOf(failureOf(error)), 'TIMEOUT')).toBe(true);
    expect(isMillraceError({ name: 'MillraceError', code: 'KEY_IN_USE' }, 'KEY_IN_USE')).toBe(true);
  });

  it("does not take an author's code for one of ours", () => {
    expect(isMillraceError(new TerminalError('x', { code: 'TIMEOUT' }))).toBe(false);
    expect(isMillraceError(Object.assign(new Error('x'), { code: 'TIMEOUT' }))).toBe(false);
    expect(isMillraceError({ name: 'MillraceError', code: 'NO_SUCH_CODE' })).toBe(false);
    expect(isMillraceError({ name: 1, code: 'TIMEOUT' })).toBe(false);
    expect(isMillraceError(null)).toBe(false);
    expect(isMillraceError('TIMEOUT')).toBe(false);
  });
});

describe('checkOptions', () => {
  it('accepts what is allowed, and nothing at all', () => {
    expect(() => checkOptions('step', undefined, ['retry'])).not.toThrow();
    expect(() => checkOptions('step', { retry: 3 }, ['retry'])).not.toThrow();
  });

  it('refuses an unknown key with the likely spelling', () => {
    expect(() => checkOptions('step "a"', { retires: 3 }, ['retry', 'timeout', 'retries'])).toThrow(
      expect.objectContaining({
        code: 'UNKNOWN_OPTION',
        message: 'step "a": unknown option "retires". Did you mean "retries"?',
        details: { option: 'retires', allowed: ['retry', 'timeout', 'retries'], suggestion: 'retries' },
      }),
    );
    expect(() => checkOptions('step "a"', { colour: 3 }, ['retry', 'timeout'])).toThrow(
      'step "a": unknown option "colour". Allowed: retry, timeout.',
    );
  });

  it.each([null, 'retry', ['retry']])('refuses %j in place of an object', (options) => {
    expect(() => checkOptions('step', options, [])).toThrow(/^step: options must be an object, got /);
  });
});

describe('show', () => {
  const hidden = { toJSON: () => undefined };
  const cyclic: { self?: object } = {};
  cyclic.self = cyclic;

  it.each([
    ['a "b"', '"a \\"b\\""'],
    ['x'.repeat(100), `"${'x'.repeat(80)}…" (100 characters)`],
    [5n, '5n'],
    [() => 1, 'a function'],
    [[1, 2], 'an array of 2'],
    [{ a: 1 }, '{"a":1}'],
    [{ a: 'x'.repeat(100) }, `{"a":"${'x'.repeat(74)}… (108 characters)`],
    [hidden, 'an object'],
    [cyclic, 'an object'],
    [null, 'null'],
    [undefined, 'undefined'],
    [Symbol('s'), 'Symbol(s)'],
    [-1, '-1'],
  ])('shows %o', (value, text) => {
    expect(show(value)).toBe(text);
  });
});

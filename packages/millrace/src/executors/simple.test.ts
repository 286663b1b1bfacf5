import { describe, expect, it } from 'vitest';
import { fakeStep } from '../../testbed/pool/fake-processes.ts';
import { CancelledError } from '../core/errors.ts';
import { DEFAULT_RETRY, isRetryable } from '../core/policy/retry.ts';
import { failureOf } from '../core/failure.ts';
import { delay, fail, log, noop } from './simple.ts';

/** A clock that only the test moves. */
function timers() {
  const due = new Map<() => void, number>();
  let now = 0;
  return {
    after(ms: number, callback: () => void) {
      due.set(callback, now + ms);
      return () => void due.delete(callback);
    },
    pass(ms: number) {
      for (const end = now + ms; now < end; now += 1) {
        for (const [callback, at] of [...due]) {
          if (at > now + 1) continue;
          due.delete(callback);
          callback();
        }
      }
    },
    get open() {
      return due.size;
    },
  };
}

it('noop gives back what it is given', () => {
  expect(noop({ a: 1 }, fakeStep())).toEqual({ a: 1 });
  expect(noop(undefined, fakeStep())).toBeNull();
});

describe('delay', () => {
  it('waits as long as it is told, and says every second that it lives', async () => {
    const clock = timers();
    const step = fakeStep();
    const waited = delay(clock.after)({ ms: 2500 }, step) as Promise<unknown>;
    clock.pass(2500);
    expect(await waited).toBeNull();
    expect(step.said).toEqual(['heartbeat', 'heartbeat']);
    expect(clock.open).toBe(0);
  });

  it('ends with the attempt', async () => {
    const clock = timers();
    const step = fakeStep();
    const waited = delay(clock.after)({ ms: 60_000 }, step);
    step.abort(new CancelledError('enough'));
    await expect(waited).rejects.toThrow('enough');
    expect(clock.open).toBe(0);
    await expect(delay(clock.after)({ ms: 1 }, step)).rejects.toThrow('enough');
  });
});

it('log writes a line of its level', () => {
  const step = fakeStep();
  log({ message: 'paid', fields: { amount: 17 } }, step);
  log({ message: 'late', level: 'warn' }, step);
  expect(step.said).toEqual(['info paid {"amount":17}', 'warn late undefined']);
});

describe('fail', () => {
  it('fails as often as it is told, with its code, and retries apply', () => {
    const input = { code: 'DECLINED', message: 'no funds', attempts: 2 };
    for (const attempt of [1, 2]) {
      const thrown = failureThrownBy(() => fail(input, fakeStep({ attempt })));
      expect(thrown).toMatchObject({ code: 'DECLINED', message: 'no funds' });
      expect(isRetryable(DEFAULT_RETRY, thrown)).toBe(true);
    }
    expect(fail(input, fakeStep({ attempt: 3 }))).toEqual({ attempt: 3 });
  });

  it('fails for ever when it is not told how often', () => {
    expect(failureThrownBy(() => fail({}, fakeStep({ attempt: 99 })))).toMatchObject({ code: 'FAILED' });
  });
});

describe('inputs', () => {
  const refusals = [
    [fail, { attemps: 2 }, 'input of fail is refused: attemps is not known; did you mean attempts?.'],
    [fail, { zzz: 2 }, 'zzz is not known; there are code, message, attempts'],
    [
      fail,
      { attempts: -1, code: 'a\nb' },
      'code is "a\\nb": must be text on one line; attempts is -1: must be a whole number',
    ],
    [log, {}, 'message is missing: must be text'],
    [
      log,
      { message: 'a', level: 'wran' },
      'level is "wran": must be one of debug, info, warn, error; did you mean warn?',
    ],
    [log, { message: 'a', level: 7 }, 'level is 7: must be one of debug, info, warn, error'],
    [log, { message: 'a', fields: [1] }, 'fields is an array of 1: must be an object'],
    [log, 'hello', 'input of log is refused: it is "hello": must be an object'],
  ] as const;

  it.each(refusals)('%o refuses %o', (executor, input, message) => {
    const failure = failureThrownBy(() => executor(input, fakeStep()));
    expect(failure).toMatchObject({ name: 'MillraceError', code: 'INVALID_INPUT' });
    expect(failure.message).toContain(message);
    expect(isRetryable(DEFAULT_RETRY, failure)).toBe(false);
  });

  it('may have null for what is left out', () => {
    expect(fail({ attempts: 0, code: null }, fakeStep())).toEqual({ attempt: 1 });
  });
});

function failureThrownBy(act: () => unknown) {
  try {
    act();
  } catch (error) {
    return failureOf(error);
  }
  throw new Error('nothing was thrown');
}

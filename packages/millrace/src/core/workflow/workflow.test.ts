import { describe, expect, it } from 'vitest';
import { DEFAULT_RETRY } from '../policy/retry.ts';
import { PROGRAM_PORTS, RUN_ID } from '../../../testbed/play/play.ts';
import { stepPolicy } from './step-policy.ts';
import { externalToken, readToken } from './token.ts';
import { workflow } from './workflow.ts';

const run = (): number => 1;
// What a program without types can do.
const untyped = (value: unknown): never => value as never;

describe('a workflow', () => {
  it('has defaults for everything but its name and function', () => {
    expect(workflow('order', run)).toEqual({
      ...{
        name: 'order',
        version: '1',
        inputSchema: undefined,
        timeoutMs: undefined,
        maxEvents: 50_000,
        run,
      },
    });
  });

  it('has a version as text, a timeout in ms, and cannot be changed', () => {
    const input = Object.assign(() => 1, {
      '~standard': { version: 1, vendor: 'v', validate: untyped(run) },
    });
    const made = workflow('order', { version: 2, timeout: '1h', maxEvents: 10, input: untyped(input) }, run);
    expect(made).toMatchObject({ version: '2', timeoutMs: 3_600_000, maxEvents: 10, inputSchema: input });
    expect(Object.isFrozen(made)).toBe(true);
  });

  it.each([
    ['no function', () => workflow('order', {}, untyped(undefined)), /got undefined instead of a function/],
    ['a bad name', () => workflow('an order', run), /workflow name "an order"/],
    ['a bad version', () => workflow('order', { version: 0 }, run), /version 0/],
    ['a misspelt option', () => workflow('order', untyped({ verison: 1 }), run), /Did you mean "version"/],
    [
      'a schema that is none',
      () => workflow('order', { input: untyped({ parse: run }) }, run),
      /not a Standard Schema/,
    ],
    ['a schema that is text', () => workflow('order', { input: untyped('x') }, run), /not a Standard Schema/],
    [
      'a schema that is null',
      () => workflow('order', { input: untyped(null) }, run),
      /not a Standard Schema/,
    ],
    ['too few events', () => workflow('order', { maxEvents: 9 }, run), /maxEvents is 9.*at least 10/],
    ['half an event', () => workflow('order', { maxEvents: 10.5 }, run), /maxEvents is 10\.5/],
    [
      'a timeout that is none',
      () => workflow('order', { timeout: untyped('soon') }, run),
      /workflow "order", timeout/,
    ],
  ])('with %s is refused', (_, make, message) => {
    expect(make).toThrow(message);
  });
});

describe('the policy of a step', () => {
  const { defaultStep } = PROGRAM_PORTS;

  it('is the default where it says nothing', () => {
    expect(stepPolicy('a', undefined, defaultStep)).toBe(defaultStep);
    expect(stepPolicy('a', {}, defaultStep)).toEqual(defaultStep);
  });

  it('overrides what it names, in ms', () => {
    const options = { retry: 1, timeout: '1s', totalTimeout: '1m', heartbeatTimeout: 5 } as const;
    expect(stepPolicy('a', options, defaultStep)).toEqual({
      ...{ timeoutMs: 1000, totalTimeoutMs: 60_000, heartbeatTimeoutMs: 5 },
      retry: { ...DEFAULT_RETRY, maxAttempts: 1 },
    });
  });

  it('names the step and the option that is wrong', () => {
    expect(() => stepPolicy('a', { heartbeatTimeout: untyped('x') }, defaultStep)).toThrow(
      /step "a", heartbeatTimeout/,
    );
    expect(() => stepPolicy('a', { retry: 0 }, defaultStep)).toThrow(/step "a".*maxAttempts is 0/);
  });
});

describe('a completion token', () => {
  it.each(['scan', 'a.b', 'ä ö/?.%', 'scan#2'])('names run and command: %s', (name) => {
    expect(readToken(externalToken(RUN_ID, 3, name))).toEqual({ runId: RUN_ID, ordinal: 3, name });
  });

  it.each([
    ['', 'nothing'],
    [`${RUN_ID}.3`, 'no name'],
    [`${RUN_ID}.3.`, 'an empty name'],
    [`${RUN_ID}.x.scan`, 'no number'],
    [`${RUN_ID}.3.%zz`, 'half a character'],
    ['order-17.3.scan', 'no run'],
    [untyped(undefined), 'no text'],
  ])('that is damaged is refused: %s (%s)', (token) => {
    expect(() => readToken(token)).toThrow(expect.objectContaining({ code: 'INVALID_TOKEN' }) as Error);
  });
});

import { describe, expect, it } from 'vitest';
import { bytesOf } from '../cluster/fields.ts';
import { MillraceError } from '../errors.ts';
import { decodeRule, encodeRule, ruleOf, strategyFor, usesAdaptive, type RuleOptions } from './rule.ts';

describe('the rule of placement', () => {
  it('is read as it was set', () => {
    const rule = ruleOf('least-load', { shadow: 'adaptive', queues: { mail: 'affinity' } }, 'test');
    expect(rule).toEqual({ strategy: 'least-load', shadow: 'adaptive', queues: { mail: 'affinity' } });
    expect(decodeRule(encodeRule(rule), 'locality')).toEqual(rule);
    const bare = ruleOf('round-robin', {}, 'test');
    expect(decodeRule(encodeRule(bare), 'locality')).toEqual({ ...bare, shadow: undefined, queues: {} });
  });

  it('is the engine’s own where none is set, or where its strategy is unknown here', () => {
    const own = { strategy: 'locality', shadow: undefined, queues: {} };
    expect(decodeRule(undefined, 'locality')).toEqual(own);
    const later = { strategy: 'clairvoyant', shadow: 7, queues: { mail: 'clairvoyant', print: 'affinity' } };
    expect(decodeRule(bytesOf(later), 'locality')).toEqual({ ...own, queues: { print: 'affinity' } });
  });

  it('has a strategy of its own for some queues', () => {
    const rule = ruleOf('least-load', { queues: { mail: 'affinity' } }, 'test');
    expect(['mail', 'print', 'constructor'].map((queue) => strategyFor(rule, queue))).toEqual([
      ...['affinity', 'least-load', 'least-load'],
    ]);
  });

  it('says whether anything is adaptive', () => {
    const uses = (strategy: string, options: RuleOptions = {}): boolean =>
      usesAdaptive(ruleOf(strategy, options, 'test'));
    expect(uses('least-load', { shadow: 'locality' })).toBe(false);
    expect(uses('adaptive')).toBe(true);
    expect(uses('locality', { shadow: 'adaptive' })).toBe(true);
    expect(uses('locality', { queues: { mail: 'adaptive' } })).toBe(true);
  });

  it.each<[unknown, object, RegExp]>([
    ['round-robbin', {}, /^test: unknown strategy "round-robbin".*Did you mean "round-robin"/],
    ['locality', { shadow: 'x' }, /test, shadow: unknown strategy "x"/],
    ['locality', { queues: { mail: 'x' } }, /test, queue "mail": unknown strategy "x"/],
    ['locality', { queues: { '': 'locality' } }, /queue name is empty/],
    ['locality', { queues: ['mail'] }, /test, queue "0": unknown strategy "mail"/],
    ['locality', { shadows: 'affinity' }, /unknown option "shadows"/],
  ])('refuses %j with %j', (strategy, options, message) => {
    const act = (): unknown => ruleOf(strategy, options, 'test');
    expect(act).toThrow(MillraceError);
    expect(act).toThrow(message);
  });
});
